"""Availability: which part of a window incidents took away, and what is left of the budget (S10, G11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from bot.domain.incidents import Incident
from bot.domain.policy import Policy
from bot.domain.timeline import EntryKind
from bot.domain.writing import Objective

TURNS = (EntryKind.RESOLVED, EntryKind.REOPENED, EntryKind.TIME_CORRECTED)
"""The entries of a timeline that move the end of a downtime."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from ``began_at`` up to ``ended_at``."""

    began_at: datetime
    ended_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; nothing when it ends before it begins."""
        return max(self.ended_at - self.began_at, timedelta())


@dataclass(frozen=True, slots=True)
class Turn:
    """An end, a return, or a corrected end (``corrected_to``) of an incident's trouble, as its timeline has it."""

    incident_id: str
    kind: EntryKind
    at: datetime
    corrected_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one incident took of a window, overlaps with others counted in full."""

    incident: Incident
    took: timedelta


@dataclass(frozen=True, slots=True)
class Availability:
    """What became of an objective in the window that ends at ``until``; ``shares`` are by what they took, the most first."""

    objective: Objective
    until: datetime
    down: timedelta
    shares: tuple[Share, ...]

    @property
    def percent(self) -> float:
        """The share of the window that was not down, from 0 to 100."""
        return 100 * (1 - self.down / self.objective.over)

    @property
    def left(self) -> timedelta:
        """What may still be lost; negative when more was lost than the target leaves."""
        return budget(self.objective) - self.down

    @property
    def met(self) -> bool:
        """Whether the target holds."""
        return self.left >= timedelta()


def budget(objective: Objective) -> timedelta:
    """The time that a target leaves for trouble: 40 min 19 s of 28 days for 99.9 %."""
    return objective.over * (100 - objective.target) / 100


def counts(policy: Policy, objective: Objective, incident: Incident, pages: bool) -> bool:
    """Whether an incident takes from an objective; ``pages`` says whether its severity called people out where it was opened."""
    if objective.systems and incident.system not in objective.systems:
        return False
    if not objective.severities:
        return pages
    return _label(policy, incident.severity) in {_label(policy, name) for name in objective.severities}


def _label(policy: Policy, word: str) -> str:
    found = policy.find_severity(word)
    return word if found is None else found.label


def downtimes(incident: Incident, turns: Iterable[Turn], now: datetime) -> list[Span]:
    """When an incident's trouble lasted: from its start to each resolution, from each return on, the ends as people corrected them.

    ``turns`` are the incident's in the order in which they were written down. Trouble that goes on lasts until ``now``.
    """
    troubles = [_Trouble(incident.started_at)]
    for turn in turns:
        if turn.corrected_to is not None:
            begun = [trouble for trouble in troubles if trouble.began_at <= turn.corrected_to]
            (begun or troubles)[-1].said_at = turn.corrected_to
        elif turn.kind is EntryKind.RESOLVED:
            troubles[-1].ended_at = turn.at
        elif turn.kind is EntryKind.REOPENED:
            troubles.append(_Trouble(turn.at))
    latest = incident.resolved_at or now
    spans = [Span(trouble.began_at, trouble.said_at or trouble.ended_at or latest) for trouble in troubles]
    return [span for span in spans if span.length]


@dataclass(slots=True)
class _Trouble:
    """One run of trouble: when it was resolved, and when people said that it had ended."""

    began_at: datetime
    ended_at: datetime | None = None
    said_at: datetime | None = None


def lost(spans: Iterable[Span], since: datetime, until: datetime) -> timedelta:
    """How much of a window the spans cover together; what overlaps counts once."""
    covered, reached = timedelta(), since
    for span in sorted(spans, key=lambda one: one.began_at):
        began_at, ended_at = max(span.began_at, reached), min(span.ended_at, until)
        if ended_at > began_at:
            covered, reached = covered + (ended_at - began_at), ended_at
    return covered


def measure(objective: Objective, troubles: Sequence[tuple[Incident, Sequence[Span]]], until: datetime) -> Availability:
    """What became of an objective, from the incidents that count for it and when the trouble of each lasted."""
    since = until - objective.over
    shares = [Share(incident, took) for incident, spans in troubles if (took := lost(spans, since, until))]
    down = lost(chain.from_iterable(spans for _, spans in troubles), since, until)
    return Availability(objective, until, down, tuple(sorted(shares, key=lambda share: (-share.took, share.incident.number))))
