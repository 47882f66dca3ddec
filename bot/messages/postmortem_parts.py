"""What happened, as parts of a postmortem: the timeline, the pages, the alerts, the impact, what is left to do (B8)."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.alert import AlertRow
from bot.domain.durations import format_span
from bot.domain.pages import Page, PageState
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.triage import Fact, triage
from bot.messages import times
from bot.messages.card import road_name
from bot.messages.evidence import Evidence, last_words
from bot.messages.folding import folded, sent_at_once
from bot.messages.markdown import inline, lines, table
from bot.messages.notices import place
from bot.messages.postmortem_outcomes import counted
from bot.messages.sentences import sentence
from bot.messages.texts import safe_link

STAGES = (
    EntryKind.TOLD,
    EntryKind.ESCALATED,
    EntryKind.PROMISE_EXTENDED,
    EntryKind.TENANTS_TOLD,
    EntryKind.TICKET_SENT,
    EntryKind.TICKET_LINKED,
    EntryKind.REPORTED,
    EntryKind.MEETING_PLANNED,
    EntryKind.MEETING_HELD,
    EntryKind.MEETING_CANCELLED,
)
"""What an organisation promises beside the four clocks: who was told, where it went on, what was written and held."""
_SHOWN = (Fact.USERS, Fact.TENANTS, Fact.FEATURES, Fact.ROUTES)


def impact(evidence: Evidence) -> str:
    """The impact as it was last stated, and who and what is known to have been affected."""
    incident = evidence.situation.incident
    known = triage(evidence.situation.alerts, incident.triage).facts
    listed = "\n".join(f"- {fact.value.capitalize()}: {inline(', '.join(known[fact]))}" for fact in _SHOWN if fact in known)
    stated = lines(incident.impact or "") or "Not stated."
    return f"{stated}\n\n{listed}" if listed else stated


def follow_ups(evidence: Evidence) -> str:
    """What was asked to be done after it, ticked where it is."""
    s = evidence.situation
    return "\n".join(
        f"- [{'x' if one.done_at is not None else ' '}] {inline(one.text)}" + (f" ({inline(s.name(one.owner_id))})" if one.owner_id else "")
        for one in evidence.follow_ups
    )


def timeline(evidence: Evidence) -> str:
    """Everything that happened, each day under its date."""
    s = evidence.situation
    entries = sorted(evidence.entries, key=lambda entry: (entry.at, entry.seq))
    amended = last_words(entries)
    written = []
    day = None
    for entry in folded(sent_at_once(entries)):
        date = times.local_date(entry.at, s.zones)
        if date != day:
            written.append(f"\n### {date.isoformat()} ({inline(s.zones[0].label)})\n")
            day = date
        written.append(f"- {times.time_of_day(entry.at, s.zones)}: {lines(_sentence(s, entry, amended))}")
    return "\n".join(written).strip("\n")


def _sentence(s: Situation, entry: TimelineEntry, amended: Mapping[str, EntryKind]) -> str:
    later = {EntryKind.MESSAGE_EDITED: " (edited later)", EntryKind.MESSAGE_DELETED: " (deleted later)"}
    kind = amended.get(entry.id)
    return sentence(s, entry) + (later[kind] if kind is not None else "")


def stages(evidence: Evidence) -> str:
    """Who was told, what was escalated and put off, and the stages of the write-up; empty where there was nothing of it."""
    s = evidence.situation
    entries = sorted((entry for entry in evidence.entries if entry.kind in STAGES), key=lambda entry: (entry.at, entry.seq))
    listed = "\n".join(f"- {times.moment(entry.at, s.zones)}: {lines(sentence(s, entry))}" for entry in entries)
    return f"## Stages and escalations\n\n{listed}" if listed else ""


def pages(evidence: Evidence) -> str:
    """Who was paged by which road, and who answered when."""
    s = evidence.situation
    if not s.pages:
        return "## Who was paged\n\nNobody."
    answers = {entry.facts.get("page_id"): entry for entry in evidence.entries if entry.kind is EntryKind.PAGE_ANSWERED}
    rows = [
        (
            inline(s.name(page.person_id)),
            inline(road_name(page.road)),
            f"{place(page.level, page.ring)}, round {page.round}",
            times.moment(page.queued_at, s.zones),
            _answer(s, page, answers.get(page.id)),
        )
        for page in s.pages
    ]
    return f"## Who was paged\n\n{table(('Person', 'Road', 'Place', 'Rung', 'Answer'), rows)}"


def _answer(s: Situation, page: Page, entry: TimelineEntry | None) -> str:
    at = page.ended_at if page.state is PageState.ANSWERED else None
    if entry is not None or at is not None:
        asked = entry is not None and entry.facts.get("asked") == "escalate"
        answered_at = entry.at if entry is not None else at or page.queued_at
        after = format_span(answered_at - page.queued_at)
        verb = "asked for the next level" if asked else "answered"
        return f"{verb} {times.moment(answered_at, s.zones)}, after {after}"
    if page.state is PageState.FAILED:
        return f"did not arrive{f' ({inline(page.error_code)})' if page.error_code else ''}"
    stopped = ", then stopped" if page.state is PageState.STOPPED else ""
    return f"no answer ({_arrival(page)}{stopped})"


def _arrival(page: Page) -> str:
    if page.delivered_at is not None:
        return "delivered"
    return "sent" if page.sent_at is not None else "not sent"


def alerts(evidence: Evidence) -> str:
    """The alerts, the first and the latest where there are very many."""
    s = evidence.situation
    if not s.alerts:
        return "## Alerts\n\nNone; it was declared by a person."
    rows = [_alert(s, alert) for alert in s.alerts]
    left = s.counts.total - len(rows)
    more = f"\n\n{left} more came between the first and the latest of them." if left > 0 else ""
    return f"## Alerts\n\n{table(('Alert', 'Source', 'Began', 'Received', 'Said', 'Recovered'), rows)}{more}"


def _alert(s: Situation, alert: AlertRow) -> tuple[str, ...]:
    recovered = "not yet" if alert.resolved_at is None else times.moment(alert.resolved_at, s.zones)
    return (
        inline(alert.title) + _address(alert.url),
        inline(alert.source),
        times.moment(alert.starts_at, s.zones),
        times.moment(alert.first_received_at, s.zones),
        counted(alert.count),
        recovered,
    )


def _address(url: str | None) -> str:
    safe = safe_link(url)
    return "" if safe is None else f" <{safe}>"
