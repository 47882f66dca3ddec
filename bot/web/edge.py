"""What every handler needs, and how it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bot.clock import Clock
from bot.services.work import Services
from bot.settings import Settings, resolve_secret
from bot.store.intake import Intake

BODY_LIMIT = 1024 * 1024
BODY_WITHIN = 10.0


class Loop(Protocol):
    """A loop whose turns can be counted."""

    @property
    def cycles(self) -> int:
        """Whole turns so far."""
        ...

    @property
    def last_cycle(self) -> float:
        """When the last one ended, on the monotonic clock."""
        ...


@dataclass(slots=True)
class Edge:
    """The bot as its HTTP handlers see it; secrets of the policy are resolved once, here."""

    services: Services
    settings: Settings
    clock: Clock
    intake: Intake
    loops: Sequence[Loop]
    control_token: str | None = None
    source_secrets: Mapping[str, bytes] = field(init=False)
    token_secrets: Mapping[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        policy = self.services.policy
        named = {name: rule.secret for name, rule in policy.sources.items() if rule.secret is not None}
        self.source_secrets = {name: resolve_secret(secret).encode() for name, secret in named.items()}
        self.token_secrets = {token.name: resolve_secret(token.secret).encode() for token in policy.tokens}


EDGE = web.AppKey("edge", Edge)


def edge_of(request: web.Request) -> Edge:
    """The bot that answers this request."""
    return request.app[EDGE]


def answer(status: int, body: Mapping[str, Any], **headers: str) -> web.Response:
    """A JSON answer."""
    return web.json_response(dict(body), status=status, headers=headers)


def refusal(status: int, code: str, message: str, **headers: str) -> web.Response:
    """A JSON error: a stable code and a sentence."""
    return answer(status, {"code": code, "message": message}, **headers)
