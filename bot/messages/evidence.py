"""What a postmortem argues from: the incident, its timeline, the durations and outcomes (B8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.follow_ups import FollowUp
from bot.domain.incidents import Role
from bot.domain.runbooks import RunbookStep
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.status import Status
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.timers import Promise
from bot.domain.writing import Objective, Section

_MITIGATED = tuple(status.value for status in Status if status.mitigated)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a draft is made of; ``entries`` are the incident's, in the order they were written down.

    ``by`` is the role whose task the write-up is. ``taken`` is what it took of each objective. ``generated_at`` is printed when given;
    without it the same evidence always gives the same draft.
    """

    situation: Situation
    entries: tuple[TimelineEntry, ...]
    sections: tuple[Section, ...]
    by: Role = Role.OWNER
    steps: tuple[RunbookStep, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    taken: tuple[tuple[Objective, timedelta], ...] = ()
    generated_at: datetime | None = None

    def first(self, kind: EntryKind) -> TimelineEntry | None:
        """The first entry of that kind."""
        return next((entry for entry in self.entries if entry.kind is kind), None)

    def count(self, kind: EntryKind) -> int:
        """How many entries of that kind there are."""
        return sum(entry.kind is kind for entry in self.entries)


def acknowledged_at(evidence: Evidence) -> datetime | None:
    """When it was first acknowledged; a reopening does not change that."""
    entry = evidence.first(EntryKind.ACKNOWLEDGED)
    return evidence.situation.incident.acknowledged_at if entry is None else entry.at


def mitigated_at(evidence: Evidence) -> datetime | None:
    """When a first mitigation began; a reopening does not change that."""
    changes = (entry for entry in evidence.entries if entry.kind is EntryKind.STATUS_CHANGED)
    begun = [entry.at for entry in changes if entry.facts.get("new") in _MITIGATED]
    known = (*begun[:1], *_only(evidence.situation.incident.mitigated_at), *_only(_first_resolved(evidence)))
    return min(known, default=None)


def _only(at: datetime | None) -> tuple[datetime, ...]:
    return () if at is None else (at,)


def _first_resolved(evidence: Evidence) -> datetime | None:
    entry = evidence.first(EntryKind.RESOLVED)
    return None if entry is None else entry.at


def durations(evidence: Evidence) -> tuple[tuple[str, timedelta | None], ...]:
    """How long it took from the opening to acknowledge, mitigate and resolve (J6); None for what is missing.

    Resolving counts to the last resolution, reopenings included.
    """
    incident = evidence.situation.incident
    ends = (
        ("acknowledge", acknowledged_at(evidence)),
        ("mitigate", mitigated_at(evidence)),
        ("resolve", incident.resolved_at),
    )
    return tuple((name, None if at is None else max(at - incident.opened_at, timedelta())) for name, at in ends)


def phases(entries: Iterable[TimelineEntry]) -> list[tuple[str, datetime, datetime | None]]:
    """The phases that it went through, each with its beginning and its end; None for what has not ended (S5, G3)."""
    changes = [entry for entry in entries if entry.kind is EntryKind.PHASE_CHANGED]
    ends = [*(entry.at for entry in changes[1:]), None]
    return [(str(entry.facts["new"]), entry.at, end) for entry, end in zip(changes, ends, strict=False) if entry.facts.get("new")]


def waived(entries: Iterable[TimelineEntry]) -> TimelineEntry | None:
    """The entry by which the write-up was waived, unless the incident came back after it."""
    turns = [entry for entry in entries if entry.kind in (EntryKind.POSTMORTEM_WAIVED, EntryKind.REOPENED)]
    return turns[-1] if turns and turns[-1].kind is EntryKind.POSTMORTEM_WAIVED else None


def write_up(promises: Iterable[Promise]) -> Promise | None:
    """The latest promise of the write-up."""
    return next((promise for promise in reversed(list(promises)) if promise.clock is ClockName.POSTMORTEM), None)


def writer(s: Situation, by: Role) -> tuple[str | None, Role]:
    """The id of the person who writes the postmortem, and as what: who has that role, else the owner."""
    holder = s.holder(by)
    return (s.incident.owner_id, Role.OWNER) if holder is None else (holder, by)


def outcome(promise: Promise) -> tuple[str, timedelta]:
    """What became of a promise, and how late it was: ``kept``, ``missed``, ``withdrawn`` or ``open``.

    A promise that was kept after its due time is missed; so is one that was taken back after it.
    """
    ended_at = promise.kept_at or promise.withdrawn_at
    if ended_at is None:
        return ("missed" if promise.missed_at is not None else "open"), timedelta()
    late = ended_at - promise.due_at
    if late > timedelta() or promise.missed_at is not None:
        return "missed", max(late, timedelta())
    return ("kept" if promise.kept_at is not None else "withdrawn"), timedelta()


def last_words(entries: Iterable[TimelineEntry]) -> dict[str, EntryKind]:
    """What became last of each message that was edited or deleted, by the id of its entry."""
    amended = (EntryKind.MESSAGE_EDITED, EntryKind.MESSAGE_DELETED)
    return {entry.refers_to: entry.kind for entry in entries if entry.kind in amended and entry.refers_to}
