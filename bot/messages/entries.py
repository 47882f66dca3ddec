"""What an entry of a timeline says by itself: who did it, a fact of it, the words that were said; plain text."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.durations import format_span
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.timeline import TimelineEntry
from bot.messages import times
from bot.messages.owed import OWED

ERASED = "(words erased)"


def by(s: Situation, entry: TimelineEntry, otherwise: str = "Muster") -> str:
    """Who did it; Muster, unless said otherwise, where nobody did."""
    return s.name(entry.actor_id) if entry.actor_id is not None else otherwise


def fact(entry: TimelineEntry, name: str, otherwise: str = "?") -> str:
    """A fact of it as text."""
    value = entry.facts.get(name)
    return otherwise if value is None else str(value)


def said(entry: TimelineEntry) -> str:
    """A colon and what was said, empty where nothing was."""
    if entry.text is not None:
        return f": {entry.text}" if entry.text else ""
    return f": {ERASED}" if entry.digest is not None else ""


def person(s: Situation, entry: TimelineEntry) -> str:
    """Whom it is about; somebody where it does not say."""
    person_id = entry.facts.get("person_id")
    return s.name(person_id) if person_id is not None else "somebody"


def clock(entry: TimelineEntry) -> str:
    """What is owed by the clock that it is about."""
    word = fact(entry, "clock")
    return OWED[ClockName(word)] if word in tuple(ClockName) else word


def due(s: Situation, entry: TimelineEntry) -> str:
    """When that was due, after a comma; empty where it does not say."""
    due_at = entry.facts.get("due_at")
    return f", due {times.near(datetime.fromisoformat(due_at), entry.at, s.zones)}" if due_at else ""


def late(entry: TimelineEntry) -> str:
    """How late it was; empty when it was in time."""
    seconds = int(entry.facts.get("late_seconds") or 0)
    return format_span(timedelta(seconds=seconds)) if seconds > 0 else ""


def moment(s: Situation, written: str | None) -> str:
    """A moment of its facts, as people read it; empty where there is none."""
    return times.moment(datetime.fromisoformat(written), s.zones) if written else ""
