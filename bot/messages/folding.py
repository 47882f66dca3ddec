"""Timeline entries that would only fill a page as fewer: a storm is a line, and so is a page that went out at once (J6, B8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.domain.timeline import EntryKind, TimelineEntry

_AT_ONCE = timedelta(minutes=1)


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


def sent_at_once(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """The entries in their order; a page that went out within a minute is told once, as sent, with its place in the chain."""
    told = list(entries)
    queued = {entry.facts.get("page_id"): entry for entry in told if entry.kind is EntryKind.PAGE_QUEUED}
    sent = {
        page_id: entry
        for entry in told
        if entry.kind is EntryKind.PAGE_SENT
        and (page_id := entry.facts.get("page_id")) in queued
        and entry.at - queued[page_id].at <= _AT_ONCE
    }
    whole = {entry.id: replace(entry, facts={**queued[page_id].facts, **entry.facts}) for page_id, entry in sent.items()}
    return [
        whole.get(entry.id, entry) for entry in told if entry.kind is not EntryKind.PAGE_QUEUED or entry.facts.get("page_id") not in sent
    ]


def _added(first: TimelineEntry, then: TimelineEntry) -> TimelineEntry:
    more = int(first.facts["more"]) + int(then.facts["more"])
    sources = dict.fromkeys(name for entry in (first, then) for name in str(entry.facts.get("source") or "").split(", ") if name)
    named = {"source": ", ".join(sources)} if sources else {}
    return replace(first, text=f"{more} more alerts", facts={**first.facts, "more": more, **named})
