"""What every handler needs, and how it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bot.clock import Clock
from bot.domain.policy import Policy
from bot.domain.readiness import IssueTracker
from bot.domain.routing import Carrier, SourceKind, SourceRule
from bot.services.work import Services
from bot.settings import Settings, resolve_secret
from bot.sources import SOURCES
from bot.sources.source import Source, accepted
from bot.store.intake import Intake
from bot.web.room import Room

BODY_WITHIN = 10.0
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What every answer carries that does not say otherwise."""


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


class Certificates(Protocol):
    """Where the certificates that sign SNS's messages come from."""

    async def certificate(self, url: str) -> bytes:
        """The certificate at an address of SNS, as PEM; raises SendError when it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class Monitor:
    """A source of the policy with everything that can be known before a request comes.

    ``plain``: whether a JSON body whose secret is in the request's head needs no further look. ``in_body``: whether its secret may stand in
    the body, which is then stored without it. ``keeps`` are the headers that are stored, the secret's own left out.
    """

    name: str
    rule: SourceRule
    source: Source
    secret: bytes
    receipt_key: bytes
    carriers: frozenset[Carrier]
    header: str | None
    keeps: tuple[str, ...]
    plain: bool
    in_body: bool

    @classmethod
    def of(cls, name: str, rule: SourceRule, secret: bytes, own_key: bytes) -> Monitor:
        """The source ``name`` as its rule and its kind describe it; ``own_key`` makes receipts where it has no secret."""
        source = SOURCES[rule.kind]
        carriers = frozenset(rule.carried_by or source.carried_by)
        header = rule.header or source.header
        never = {"authorization", (header or "").lower()}
        keeps = tuple(kept for kept in source.keeps if kept not in never)
        in_body = Carrier.BODY in carriers or Carrier.BODY in source.carried_by
        looked_at = keeps or in_body or source.delivery_id is not None or source.answer is not accepted
        plain = not looked_at and rule.kind is not SourceKind.CLOUDWATCH
        return cls(name, rule, source, secret, secret or own_key, carriers, header, keeps, plain, in_body)

    @property
    def signs(self) -> bool:
        """Whether a delivery may prove itself by what is in it: a signature over the body, or a secret in it."""
        return self.is_sns or (self.source.verify is not None and not self.carriers.isdisjoint((Carrier.SIGNATURE, Carrier.BODY)))

    @property
    def is_sns(self) -> bool:
        """Whether Amazon signs what comes, with a certificate that has to be fetched."""
        return self.rule.kind is SourceKind.CLOUDWATCH


@dataclass(frozen=True, slots=True)
class Doors:
    """What a policy lets in, with the secrets that it names, resolved once: its monitors, heartbeats and tokens by name."""

    monitors: Mapping[str, Monitor]
    heartbeat_secrets: Mapping[str, bytes]
    token_secrets: Mapping[str, bytes]

    @classmethod
    def of(cls, policy: Policy, own_key: bytes) -> Doors:
        """The doors of that policy; raises SettingsError for a secret that is not there."""
        secrets = {name: b"" if rule.secret is None else resolve_secret(rule.secret).encode() for name, rule in policy.sources.items()}
        named = {name: rule.secret for name, rule in policy.heartbeats.items() if rule.secret is not None}
        return cls(
            monitors={name: Monitor.of(name, rule, secrets[name], own_key) for name, rule in policy.sources.items()},
            heartbeat_secrets={name: resolve_secret(secret).encode() for name, secret in named.items()},
            token_secrets={token.name: resolve_secret(token.secret).encode() for token in policy.tokens},
        )


@dataclass(slots=True)
class Edge:
    """The bot as its HTTP handlers see it, with the doors of the policy in force."""

    services: Services
    settings: Settings
    clock: Clock
    intake: Intake
    loops: Sequence[Loop]
    control_token: str | None = None
    certificates: Certificates | None = None
    sentry: IssueTracker | None = None
    room: Room = field(default_factory=Room, init=False)
    doors: Doors = field(init=False)

    def __post_init__(self) -> None:
        self.doors = self.doors_of(self.services.policy)

    def doors_of(self, policy: Policy) -> Doors:
        """What that policy would let in; raises SettingsError for a secret that is not there."""
        key = self.settings.secret_key
        return Doors.of(policy, b"" if key is None else key.get_secret_value().encode())

    @property
    def monitors(self) -> Mapping[str, Monitor]:
        """The sources of the policy in force, by name."""
        return self.doors.monitors

    def monitors_of(self, kind: SourceKind) -> list[Monitor]:
        """The sources of a kind, in the order of the policy."""
        return [monitor for monitor in self.monitors.values() if monitor.rule.kind is kind]


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
