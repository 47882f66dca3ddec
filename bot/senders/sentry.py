"""Sentry: asks its API which issues are unresolved, with a token that only needs to read (``event:read``) (J14)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from bot.clock import Clock
from bot.domain.gate import SentryRules
from bot.domain.readiness import Issue, Issues
from bot.errors import SendError
from bot.senders import bounded

WITHIN = 5.0
"""Seconds for all pages together."""
KEPT_FOR = timedelta(minutes=1)
PAGES = 10
"""How many pages of a hundred issues are fetched; whether there are more is all that is known then."""
_LARGEST = 8 * 1024 * 1024
_NEXT = re.compile(r'<[^<>]*>((?:\s*;\s*[a-z]+="[^"]*")*)')
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')
_HINTS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "it does not accept SENTRY_TOKEN",
    HTTPStatus.FORBIDDEN: "SENTRY_TOKEN may not read there; it needs the scope event:read",
    HTTPStatus.NOT_FOUND: "it knows no such organization; gate.sentry.organisation has to be its slug",
    HTTPStatus.BAD_REQUEST: "it does not understand gate.sentry.query or gate.sentry.projects",
    HTTPStatus.TOO_MANY_REQUESTS: "it is asked too often just now",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was answered to these rules, and when."""

    rules: SentryRules
    issues: Issues
    at: datetime


class Sentry:
    """What we ask of Sentry, once at a time: whoever asks meanwhile waits for the same answer, which comes whoever stops waiting."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, token: str | None, within: float = WITHIN) -> None:
        self._session = session
        self._clock = clock
        self._token = token
        self._within = within
        self._kept: _Kept | None = None
        self._asking: dict[SentryRules, asyncio.Task[Issues]] = {}

    async def look(self, rules: SentryRules | None) -> Issues | None:
        """See IssueTracker; a trouble is not kept."""
        if rules is None:
            return None
        if self._token is None:
            return Issues(trouble="SENTRY_TOKEN is not set")
        kept = self._kept
        if kept is not None and kept.rules == rules and timedelta() <= self._clock.now() - kept.at < KEPT_FOR:
            return kept.issues
        if rules not in self._asking:
            self._asking[rules] = asyncio.create_task(self._ask(rules, self._token))
            self._asking[rules].add_done_callback(lambda _: self._asking.pop(rules, None))
        return await asyncio.shield(self._asking[rules])

    async def close(self) -> None:
        """Stops asking."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, rules: SentryRules, token: str) -> Issues:
        try:
            async with asyncio.timeout(self._within):
                issues = await self._pages(rules, token)
            self._kept = _Kept(rules, issues, self._clock.now())
            return issues
        except SendError as error:
            return Issues(trouble=str(error))
        except TimeoutError:
            return Issues(trouble=f"it did not answer within {self._within:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Issues(trouble=f"it cannot be reached ({type(error).__name__})")

    async def _pages(self, rules: SentryRules, token: str) -> Issues:
        found: list[Issue] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page, cursor = await self._page(rules, token, cursor)
            found += page
            if cursor is None:
                return Issues(tuple(found))
        return Issues(tuple(found), more=True)

    async def _page(self, rules: SentryRules, token: str, cursor: str | None) -> tuple[list[Issue], str | None]:
        """One page and the cursor of the next; the address stays ours, whatever the answer names, for the token goes there."""
        url = f"{rules.url}/api/0/organizations/{rules.organisation}/issues/"
        parameters = [*_parameters(rules), *([("cursor", cursor)] if cursor else [])]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with self._session.get(url, params=parameters, headers=headers, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                raise SendError(_refusal(response.status), code=str(response.status))
            body = await bounded.read(response, _LARGEST, "it answered with more than 8 MiB")
            return _issues(body), next_cursor(response.headers.getall("Link", []))


def _refusal(status: int) -> str:
    hint = "gate.sentry.url has to be where it is itself" if 300 <= status < 400 else _HINTS.get(status)
    return f"it answered {status}{f': {hint}' if hint else ''}"


def _parameters(rules: SentryRules) -> list[tuple[str, str]]:
    """The query: projects by number in a field of their own, by slug within the search; -1 stands for every project."""
    numbers = [name for name in rules.projects if name.isdecimal()]
    slugs = [name for name in rules.projects if not name.isdecimal()]
    search = f"{rules.query} project:[{','.join(slugs)}]" if slugs else rules.query
    projects = [("project", number) for number in numbers or ["-1"]]
    return [("query", search), ("limit", "100"), *projects]


def _issues(body: bytes) -> list[Issue]:
    try:
        listed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SendError("what it answered is no JSON", code="malformed") from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise SendError("what it answered is no list of issues", code="malformed")
    return [_issue(one) for one in listed]


def _issue(one: Mapping[str, Any]) -> Issue:
    return Issue(str(one.get("shortId") or one.get("id") or "An issue")[:100], str(one.get("title") or "untitled")[:1000])


def next_cursor(links: list[str]) -> str | None:
    """The cursor of the next page that the Link headers name; None when they name none, or say that nothing is on it."""
    for match in _NEXT.finditer(", ".join(links)):
        named = dict(_PARAMETER.findall(match[1]))
        if named.get("rel") == "next" and named.get("results") == "true":
            return named.get("cursor") or None
    return None
