"""What the policy wants to be true before an incident is closed, and how long it is watched afterwards (J11, O12, S5, W9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.incidents import Role
from bot.domain.matching import Matching, Names
from bot.domain.phases import Phase
from bot.domain.severity import Span
from bot.domain.timers import Timer

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class CheckState(StrEnum):
    """What the monitors say of a check; one that was never heard, or not for too long, is unknown, which is not green."""

    GREEN = "green"
    RED = "red"
    UNKNOWN = "unknown"


class CheckRule(Matching):
    """A flow that monitors watch, by the alerts that are about it; ``heard_within`` is how long a word of theirs counts (J8, J14, G6).

    Without ``heard_within`` a check that recovered stays green until it fires again.
    """

    title: str = Field(min_length=1, max_length=80, description="What people read")
    heard_within: Span | None = Field(None, description="How long a word of its monitors counts; without it, until the next one")


class VerificationRules(BaseModel):
    """What has to be so before somebody may resolve. ``severities`` are those that it holds for: all when none is named.

    ``quiet`` is one alert cycle without a new related alert; ``questions`` are answered by a person, by the one in the role ``by`` where
    it is named, who alone resolves then. ``watch`` is how long the incident is looked after once it is resolved.
    """

    model_config = _FROZEN

    severities: Names = Field((), description="The severities that have to be verified; all when none is named")
    alerts: bool = Field(False, description="Whether every linked alert must have recovered")
    checks: Names = Field((), description="The checks that must be green; one that is unknown is not")
    quiet: Span | None = Field(None, description="How long no new related alert may have come: one cycle of alerts")
    questions: tuple[str, ...] = Field((), description="What a person answers")
    by: Role | None = Field(
        None, description="The incident role whose holder answers, and alone resolves; anybody who may act when it is not named"
    )
    watch: Span | None = Field(None, description="How long the incident is watched once it is resolved; what comes back reopens it")

    def holds_for(self, severity: str) -> bool:
        """Whether an incident of that severity has to be verified."""
        return not self.severities or severity in self.severities


@dataclass(frozen=True, slots=True)
class Check:
    """What the monitors said last of a check: ``title`` is the alert's that set it, ``since_at`` when the state began."""

    name: str
    state: CheckState
    title: str
    since_at: datetime
    heard_at: datetime


class Seen(NamedTuple):
    """A check as it counts now: its state, since when (None when it was never heard), and what the policy calls it."""

    state: CheckState
    since: datetime | None
    title: str


def seen(rule: CheckRule, check: Check | None, now: datetime) -> Seen:
    """How the check counts at ``now``: unknown when it was never heard, or too long ago for a word to count."""
    if check is None:
        return Seen(CheckState.UNKNOWN, None, rule.title)
    lapsed_at = None if rule.heard_within is None else check.heard_at + rule.heard_within
    if lapsed_at is not None and lapsed_at <= now:
        return Seen(CheckState.UNKNOWN, lapsed_at, rule.title)
    return Seen(check.state, check.since_at, rule.title)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person answered to a question of the policy."""

    question: str
    answer: str
    person_id: str
    at: datetime


def quiet_until(timer: Timer, last_firing_at: datetime | None, quiet: timedelta) -> datetime | None:
    """When a cycle without a related alert is, or was, over; None when it was stopped: its timer runs while the status is Monitoring."""
    if timer.cancelled_at is not None:
        return None
    return timer.due_at if last_firing_at is None else max(timer.due_at, last_firing_at + quiet)


@dataclass(frozen=True, slots=True)
class Closing:
    """How far an incident is from its end: what its severity wants verified (None: nothing), and how that stands.

    ``watch_until`` is when the watch after the resolution ends, None when none runs.
    """

    rules: VerificationRules | None = None
    phases: tuple[Phase, ...] = ()
    checks: tuple[Seen, ...] = ()
    quiet_until: datetime | None = None
    watch_until: datetime | None = None
    confirmations: tuple[Confirmation, ...] = ()
