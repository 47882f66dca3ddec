"""The entries of promises, of the chain and of pages as sentences: plain text, neither escaped nor cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages.card import road_name
from bot.messages.entries import by, clock, due, fact, late, person
from bot.messages.notices import place


def _acknowledged(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} acknowledged by {road_name(fact(entry, 'road'))}"


def _warned(s: Situation, entry: TimelineEntry) -> str:
    after = late(entry)
    return f"Warning: {clock(entry)} is owed{due(s, entry)}" + (f" (warned {after} late)" if after else "")


def _missed(s: Situation, entry: TimelineEntry) -> str:
    after = late(entry)
    return f"Promise missed: {clock(entry)}{due(s, entry)}" + (f" (noticed {after} after it)" if after else "")


def _kept(s: Situation, entry: TimelineEntry) -> str:
    after = late(entry)
    return f"Promise kept{f' {after} late' if after else ''}: {clock(entry)}{due(s, entry)}"


def _started(s: Situation, entry: TimelineEntry) -> str:
    return f"The ringing for {clock(entry)} began"


def _exhausted(s: Situation, entry: TimelineEntry) -> str:
    return f"Nobody answered in round {fact(entry, 'round')}: the whole chain was rung and begins again"


def _ended(s: Situation, entry: TimelineEntry) -> str:
    stopped = int(entry.facts.get("stopped") or 0)
    pages = f"; {stopped} pending {'page' if stopped == 1 else 'pages'} stopped" if stopped else ""
    return f"The ringing for {clock(entry)} ended: {fact(entry, 'reason', 'no reason given')}{pages}"


def _skipped(s: Situation, entry: TimelineEntry) -> str:
    where = place(int(entry.facts.get("level") or 0))
    why = fact(entry, "why", fact(entry, "reason", "nobody can be reached there"))
    return f"{where[0].upper()}{where[1:]} of the chain was passed over: {why}"


def _page(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        facts: Mapping[str, Any] = entry.facts
        where = f" ({place(int(facts['level']), int(facts.get('ring') or 1))})" if "level" in facts else ""
        code = f" #{facts['code']}" if facts.get("code") is not None else ""
        error = f": {facts['error']}" if facts.get("error") else ""
        return f"{road_name(fact(entry, 'road'))}{code} to {person(s, entry)} {what}{where}{error}"

    return say


def _answered(s: Situation, entry: TimelineEntry) -> str:
    asked = "asked for the next level" if entry.facts.get("asked") == "escalate" else "answered the page"
    code = f" #{entry.facts['code']}" if entry.facts.get("code") is not None else ""
    return f"{person(s, entry)} {asked}{code} by {road_name(fact(entry, 'road'))}"


def _reply_refused(s: Situation, entry: TimelineEntry) -> str:
    who = by(s, entry, "an unknown number")
    return f"A reply by {who} was refused: {fact(entry, 'why', 'no reason given')}"


SENTENCES: Mapping[EntryKind, Callable[[Situation, TimelineEntry], str]] = {
    EntryKind.ACKNOWLEDGED: _acknowledged,
    EntryKind.PROMISE_WARNED: _warned,
    EntryKind.PROMISE_MISSED: _missed,
    EntryKind.PROMISE_KEPT: _kept,
    EntryKind.CHAIN_STARTED: _started,
    EntryKind.CHAIN_EXHAUSTED: _exhausted,
    EntryKind.CHAIN_ENDED: _ended,
    EntryKind.LEVEL_SKIPPED: _skipped,
    EntryKind.PAGE_QUEUED: _page("is to be sent"),
    EntryKind.PAGE_SENT: _page("was sent"),
    EntryKind.PAGE_DELIVERED: _page("was delivered"),
    EntryKind.PAGE_FAILED: _page("did not arrive"),
    EntryKind.PAGE_ANSWERED: _answered,
    EntryKind.PAGE_STOPPED: _page("was stopped"),
    EntryKind.REPLY_REFUSED: _reply_refused,
}
