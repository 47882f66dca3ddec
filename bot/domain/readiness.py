"""Whether the gate is open, and everything that closes it: reasons, freezes, proofs, and what Sentry says (J14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.gate import SentryRules
from bot.domain.own import OWN
from bot.domain.policy import Policy
from bot.domain.routing import Route, RouteAction


class Code(StrEnum):
    """What closes the gate; stable, for machines."""

    FROZEN = "frozen"
    INCIDENT_OPEN = "incident_open"
    SENTRY_UNRESOLVED = "sentry_unresolved"
    SENTRY_UNKNOWN = "sentry_unknown"
    ROUTE_UNPROVEN = "route_unproven"
    CHECK_RED = "check_red"
    CHECK_UNKNOWN = "check_unknown"
    HEARTBEAT_SILENT = "heartbeat_silent"
    HEARTBEAT_UNKNOWN = "heartbeat_unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that closes the gate, and its sentence: plain text, with its full stop."""

    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Everything that closes the gate; nothing does when it is ready."""

    reasons: tuple[Reason, ...]

    @property
    def ready(self) -> bool:
        """Whether one may launch or deploy."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Freeze:
    """A gate that somebody closed by hand, until somebody opens it again."""

    id: str
    reason: str
    author_id: str | None
    author: str
    began_at: datetime
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """When a route last matched what a monitor said, and when a trial of its source last did."""

    route: str
    heard_at: datetime | None
    tested_at: datetime | None

    @property
    def latest_at(self) -> datetime | None:
        """The later of the two."""
        return max((at for at in (self.heard_at, self.tested_at) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of Sentry by its short id, such as ``SHOP-1A``."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Issues:
    """What Sentry says of the issues that were asked for: those it has, or in ``trouble`` why nobody knows.

    ``more``: there are others besides, too many to be fetched.
    """

    found: tuple[Issue, ...] = ()
    more: bool = False
    trouble: str | None = None


class IssueTracker(Protocol):
    """Who asks Sentry."""

    async def look(self, rules: SentryRules | None) -> Issues | None:
        """What Sentry says, never older than a minute; None when the policy asks for nothing. Troubles are told, not raised."""
        ...


def to_prove(policy: Policy) -> list[Route]:
    """The routes that may declare a severity that pages, so that the gate wants to know that they work.

    A route without a severity of its own takes that of its alert, which may be any. Signals of our own depend on no monitor.
    """
    return [
        route for route in policy.routes if route.action is RouteAction.DECLARE and _may_page(route, policy) and not _is_own(route.match)
    ]


def _may_page(route: Route, policy: Policy) -> bool:
    if route.severity is None:
        return any(severity.pages for severity in policy.severities)
    return policy.severity(route.severity).pages


def _is_own(match: Mapping[str, tuple[str, ...]]) -> bool:
    return match.get("source") == (OWN,)
