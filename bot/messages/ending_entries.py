"""The entries of an incident's phases, its end and its watch as sentences: plain text, neither escaped nor cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages.entries import by, fact, said


def _phase(s: Situation, entry: TimelineEntry) -> str:
    old, new = entry.facts.get("old"), entry.facts.get("new")
    return f"{by(s, entry)} began the phase {new}" + (f", after {old}" if old else "") if new else f"The phase {fact(entry, 'old')} ended"


def _ready(s: Situation, entry: TimelineEntry) -> str:
    return "All that monitors and time can verify was verified"


def _confirmed(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} answered “{fact(entry, 'question')}”{said(entry)}"


def _resolved(s: Situation, entry: TimelineEntry) -> str:
    said_major = entry.facts.get("major")
    major = "" if said_major is None else ", a major one" if said_major else ", not a major one"
    return f"{by(s, entry)} resolved the incident{major}{said(entry)}"


def _overridden(s: Situation, entry: TimelineEntry) -> str:
    missing = entry.facts.get("missing") or ()
    return f"{by(s, entry)} resolved it unverified{said(entry)}" + (f" (missing: {', '.join(map(str, missing))})" if missing else "")


def _verified(s: Situation, entry: TimelineEntry) -> str:
    return "The recovery was verified: nothing related came back while it was watched"


def _not_verified(s: Situation, entry: TimelineEntry) -> str:
    return f"The watch was over and the recovery not verified{said(entry)}"


SENTENCES: Mapping[EntryKind, Callable[[Situation, TimelineEntry], str]] = {
    EntryKind.RESOLVED: _resolved,
    EntryKind.PHASE_CHANGED: _phase,
    EntryKind.READY: _ready,
    EntryKind.CONFIRMED: _confirmed,
    EntryKind.OVERRIDDEN: _overridden,
    EntryKind.VERIFIED: _verified,
    EntryKind.NOT_VERIFIED: _not_verified,
}
