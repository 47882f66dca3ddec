"""Timers and promises: when something is due, and whether it was kept.

A *promise* is one run of one clock (acknowledge, mitigate, update, postmortem) of one incident. A *timer* is a moment at which
something has to be looked at. Both are rows: time is a column, not a job (B2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.severity import ClockName, ClockRule


class TimerKind(StrEnum):
    """What is looked at when the timer fires."""

    WARN = "warn"
    BREACH = "breach"
    CHASE = "chase"
    RING = "ring"
    ROAD = "road"
    STEP = "step"
    QUIET = "quiet"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Timer:
    """A moment of an incident; ``fired_at`` minus ``due_at`` is its lateness, kept for ever (B2).

    ``subject`` is what it is about where that is neither a promise nor a run, ``reason`` why it was stopped or moved.
    """

    id: str
    incident_id: str
    kind: TimerKind
    promise_id: str | None
    escalation_id: str | None
    due_at: datetime
    fired_at: datetime | None
    cancelled_at: datetime | None
    subject: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """One run of one clock. Open until it is kept or withdrawn; a missed promise can still be kept late.

    ``extended_at`` is when a person put its due time off, which is possible once; ``reason`` is why it was put off or withdrawn.
    """

    id: str
    incident_id: str
    clock: ClockName
    cycle: int
    started_at: datetime
    due_at: datetime
    kept_at: datetime | None
    missed_at: datetime | None
    withdrawn_at: datetime | None
    extended_at: datetime | None = None
    reason: str | None = None

    @property
    def open(self) -> bool:
        """Whether it is owed still, be it late."""
        return self.kept_at is None and self.withdrawn_at is None

    @property
    def lateness(self) -> timedelta | None:
        """How long after its due time it was kept; None when it was kept in time or is not kept yet."""
        if self.kept_at is None or self.kept_at <= self.due_at:
            return None
        return self.kept_at - self.due_at


def plan_timers(rule: ClockRule, started_at: datetime) -> tuple[tuple[TimerKind, datetime], ...]:
    """When to warn and when the promise is missed, for a clock that runs from ``started_at`` (J6)."""
    return (TimerKind.WARN, started_at + rule.warn), (TimerKind.BREACH, started_at + rule.breach)


def lateness(due_at: datetime, fired_at: datetime) -> timedelta:
    """How late a timer fired; never negative."""
    return max(timedelta(), fired_at - due_at)
