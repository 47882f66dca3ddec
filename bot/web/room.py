"""The memory that bodies may take while they arrive; what is there at once needs none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from bot.errors import MusterError

AT_MOST = 32 * 1024 * 1024
BODY_LIMIT = 1024 * 1024


class Full(MusterError):
    """There is no room for the body now; nothing of it was kept, and the sender has to try again."""


class Room:
    """Room for bodies, apart for each route: who fills one costs the others nothing."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def taken(self, route: str) -> int:
        """Bytes that are kept free for the bodies on their way to a route."""
        return self._taken[route]

    @contextmanager
    def held(self, request: web.Request) -> Iterator[None]:
        """Keeps room for the body of the request until it is there; raises Full at once when there is none."""
        resource = request.match_info.route.resource
        route = "" if resource is None else resource.canonical
        size = min(request.content_length or BODY_LIMIT, BODY_LIMIT)
        if self._taken[route] + size > AT_MOST:
            raise Full("Too many bodies are on their way. Send it again in a few seconds.")
        self._taken[route] += size
        try:
            yield
        finally:
            self._taken[route] -= size
