"""The entries of an incident's clocks and stages as sentences: plain text, neither escaped nor cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages import times
from bot.messages.entries import by, clock, fact, said


def _listed(entry: TimelineEntry, name: str) -> str:
    return ", ".join(map(str, entry.facts.get(name) or ())) or "nobody"


def _at(s: Situation, entry: TimelineEntry, name: str) -> str:
    written = entry.facts.get(name)
    return times.near(datetime.fromisoformat(written), entry.at, s.zones) if written else "?"


def _extended(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} put off {clock(entry)} from {_at(s, entry, 'old')} to {_at(s, entry, 'due_at')}{said(entry)}"


def _told(s: Situation, entry: TimelineEntry) -> str:
    return f"Told of {fact(entry, 'of')}: {_listed(entry, 'names')}"


def _escalated(s: Situation, entry: TimelineEntry) -> str:
    missing = entry.facts.get("missing")
    left = f"; not there to be called: {_listed(entry, 'missing')}" if missing else ""
    return f"Escalated, for it was not {fact(entry, 'until')} in time: {fact(entry, 'how')} {_listed(entry, 'names')}{left}"


def _tenants(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} wrote to {_listed(entry, 'tenants')}{said(entry)}"


def _ticket_sent(s: Situation, entry: TimelineEntry) -> str:
    return "It was sent to the tracker as a ticket"


def _ticket(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} filed it as a ticket{said(entry)}"


def _reported(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} wrote the preliminary report{said(entry)}"


def _planned(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} planned the meeting for {_at(s, entry, 'at')}, invited by mail: {_listed(entry, 'names')}"


def _held(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} said that the meeting was held"


def _cancelled(s: Situation, entry: TimelineEntry) -> str:
    return f"The meeting was cancelled: {fact(entry, 'reason')}"


SENTENCES: Mapping[EntryKind, Callable[[Situation, TimelineEntry], str]] = {
    EntryKind.PROMISE_EXTENDED: _extended,
    EntryKind.TOLD: _told,
    EntryKind.ESCALATED: _escalated,
    EntryKind.TENANTS_TOLD: _tenants,
    EntryKind.TICKET_SENT: _ticket_sent,
    EntryKind.TICKET_LINKED: _ticket,
    EntryKind.REPORTED: _reported,
    EntryKind.MEETING_PLANNED: _planned,
    EntryKind.MEETING_HELD: _held,
    EntryKind.MEETING_CANCELLED: _cancelled,
}
