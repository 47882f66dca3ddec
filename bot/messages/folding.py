"""Timeline entries that only count, one after the other, as one: a storm is a line and not a page of them (J6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.timeline import TimelineEntry


def folded(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """The entries in their order; those that follow each other and say “so many more alerts” of one kind are added up in the first."""
    found: list[TimelineEntry] = []
    for entry in entries:
        before = found[-1] if found else None
        if before is not None and before.kind is entry.kind and before.facts.get("more") and entry.facts.get("more"):
            found[-1] = _added(before, entry)
        else:
            found.append(entry)
    return found


def _added(first: TimelineEntry, then: TimelineEntry) -> TimelineEntry:
    more = int(first.facts["more"]) + int(then.facts["more"])
    sources = dict.fromkeys(name for entry in (first, then) for name in str(entry.facts.get("source") or "").split(", ") if name)
    named = {"source": ", ".join(sources)} if sources else {}
    return replace(first, text=f"{more} more alerts", facts={**first.facts, "more": more, **named})
