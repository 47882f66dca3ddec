"""The postmortem as Markdown: what the timeline shows, and sections with a prompt for people (C6, J15, B8).

What is generated stands between marks with the sum of its content, so that a later draft replaces it and
nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain.alert import AlertRow
from bot.domain.durations import format_span
from bot.domain.pages import Page, PageState
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.timers import Promise
from bot.domain.triage import triage
from bot.messages import times
from bot.messages.card import road_name
from bot.messages.evidence import Evidence, durations, last_words, outcome
from bot.messages.folding import folded
from bot.messages.markdown import inline, lines, table
from bot.messages.notices import OWED, place
from bot.messages.sentences import sentence
from bot.messages.texts import safe_link

__all__ = ["Evidence", "markdown", "merge"]

_BLOCK = re.compile(
    r"^<!-- muster:begin (?P<name>[a-z]+)(?: sum=(?P<sum>[0-9a-f]+))? -->\n"
    r"(?P<body>.*?)^<!-- muster:end (?P=name) -->$",
    re.MULTILINE | re.DOTALL,
)
_PROMPTS = {
    "what happened": "Tell it in order: what broke, how it was noticed, what was done, how it ended.",
    "user impact": "Who was affected, how many, for how long, and what could they not do?",
    "impact": "Who was affected, how many, for how long, and what could they not do?",
    "root cause": "Why could it happen? Ask for the conditions that made it possible, not for a person.",
    "mitigation applied": "What stopped the harm, and how do you know that it did?",
    "permanent fix": "What keeps it from happening again, who does it, and by when?",
    "preventive actions": "What would have shown it earlier, or made it smaller? Who does that, by when?",
    "timeline": "What does the timeline above leave out?",
    "lessons learned": "What went well, what did not, and where were you lucky?",
}
_FOLLOW_UPS = "## Follow-ups\n\n_One line for each: what, who, by when._\n\n- [ ] \n"


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _block(name: str, body: str) -> str:
    content = f"{body.rstrip()}\n"
    return f"<!-- muster:begin {name} sum={_sum(content)} -->\n{content}<!-- muster:end {name} -->"


def markdown(evidence: Evidence) -> str:
    """The draft: generated parts between marks, then the policy's sections and the follow-ups to fill."""
    parts = (
        _block("summary", _summary(evidence)),
        _block("impact", _impact(evidence.situation)),
        _block("durations", _durations(evidence)),
        _block("promises", _promises(evidence.situation)),
        _block("timeline", _timeline(evidence)),
        _block("pages", _pages(evidence)),
        _block("alerts", _alerts(evidence.situation)),
        *(_section(name) for name in evidence.sections),
        _FOLLOW_UPS.rstrip("\n"),
    )
    return "\n\n".join(parts) + "\n"


def _section(name: str) -> str:
    prompt = _PROMPTS.get(name.strip().casefold(), "Write here what the readers of this postmortem need to know.")
    return f"## {inline(name, 200)}\n\n_{prompt}_"


def _summary(evidence: Evidence) -> str:
    s, incident = evidence.situation, evidence.situation.incident
    by = s.name(incident.declared_by) if incident.declared_by else "an alert"
    facts = [
        ("Severity", inline(incident.severity)),
        ("Status", incident.status.value),
        ("Owner", inline(s.name(incident.owner_id))),
        *((role.value.capitalize(), inline(s.name(who))) for role, who in s.roles.items()),
        ("Declared by", inline(by)),
        ("Started", times.moment(incident.started_at, s.zones) + _correction(evidence, "started_at")),
        ("Opened", times.moment(incident.opened_at, s.zones)),
    ]
    if incident.private:
        facts.insert(0, ("Private", "only who has a part in it may see it"))
    if incident.ended_at is not None:
        facts.append(("Ended", times.moment(incident.ended_at, s.zones) + _correction(evidence, "ended_at")))
    if incident.resolved_at is not None:
        facts.append(
            (
                "Resolved",
                f"{times.moment(incident.resolved_at, s.zones)} by {inline(s.name(incident.resolved_by))}",
            )
        )
    if evidence.generated_at is not None:
        facts.append(("Drafted", times.moment(evidence.generated_at, s.zones)))
    known = triage(s.alerts, incident.triage)
    facts += [(fact.value.capitalize(), inline(", ".join(values))) for fact, values in known.facts.items()]
    listed = "\n".join(f"- {name}: {value}" for name, value in facts)
    return f"# Postmortem of {incident.reference}: {inline(incident.title)}\n\n{listed}"


def _correction(evidence: Evidence, field: str) -> str:
    """Who put a time right and what it said before; empty when it was never corrected."""
    s = evidence.situation
    kind = EntryKind.TIME_CORRECTED
    corrected = [entry for entry in evidence.entries if entry.kind is kind and entry.facts.get("field") == field]
    if not corrected:
        return ""
    old = corrected[0].facts.get("old")
    before = f", first said {times.moment(datetime.fromisoformat(old), s.zones)}" if old else ""
    return f" (corrected by {inline(s.name(corrected[-1].actor_id))}{before})"


def _impact(s: Situation) -> str:
    return f"## Impact as last stated\n\n{lines(s.incident.impact or '') or 'Not stated.'}"


def _durations(evidence: Evidence) -> str:
    incident = evidence.situation.incident
    missing = "not yet" if incident.open else "never"
    rows = [(f"Time to {name}", missing if span is None else format_span(span)) for name, span in durations(evidence)]
    if incident.started_at < incident.opened_at:
        rows.insert(0, ("Time to notice", format_span(incident.opened_at - incident.started_at)))
    reopened = evidence.count(EntryKind.REOPENED)
    remark = f"\n\nReopened {_times(reopened)}; resolving counts to the last resolution."
    text = "Counted from the moment the alert was received or the incident was declared."
    return f"## Durations\n\n{text}\n\n{table(('What', 'How long'), rows)}{remark if reopened else ''}"


def _times(count: int) -> str:
    return f"{count} {'time' if count == 1 else 'times'}"


def _promises(s: Situation) -> str:
    if not s.promises:
        return "## Promises\n\nThe severity promised nothing by the clock."
    results = [outcome(promise)[0] for promise in s.promises]
    counted = f"{results.count('kept')} kept, {results.count('missed')} missed."
    head = ("Promise", "Counted from", "Due", "Outcome")
    return f"## Promises\n\n{counted}\n\n{table(head, (_promise(s, promise) for promise in s.promises))}"


def _promise(s: Situation, promise: Promise) -> tuple[str, str, str, str]:
    owed = OWED[promise.clock]
    due = times.moment(promise.due_at, s.zones)
    return owed[0].upper() + owed[1:], times.moment(promise.started_at, s.zones), due, _outcome(s, promise)


def _outcome(s: Situation, promise: Promise) -> str:
    word, late = outcome(promise)
    ended_at = promise.kept_at or promise.withdrawn_at
    if ended_at is None:
        return "**missed**, not kept yet" if word == "missed" else "open"
    at = times.moment(ended_at, s.zones)
    if word == "kept":
        return f"kept {at}, {format_span(promise.due_at - ended_at)} before it was due"
    if word == "withdrawn":
        return f"no longer owed from {at} on"
    how = "kept" if promise.kept_at is not None else "never kept, no longer owed from"
    return f"**missed by {format_span(late)}**, {how} {at}"


def _pages(evidence: Evidence) -> str:
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


def _alerts(s: Situation) -> str:
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
        _times(alert.count),
        recovered,
    )


def _address(url: str | None) -> str:
    safe = safe_link(url)
    return "" if safe is None else f" <{safe}>"


def _timeline(evidence: Evidence) -> str:
    s = evidence.situation
    entries = sorted(evidence.entries, key=lambda entry: (entry.at, entry.seq))
    amended = last_words(entries)
    written = ["## Timeline"]
    day = None
    for entry in folded(entries):
        date = times.local_date(entry.at, s.zones)
        if date != day:
            written.append(f"\n### {date.isoformat()} ({inline(s.zones[0].label)})\n")
            day = date
        written.append(f"- {times.time_of_day(entry.at, s.zones)}: {lines(_sentence(s, entry, amended))}")
    return "\n".join(written)


def _sentence(s: Situation, entry: TimelineEntry, amended: Mapping[str, EntryKind]) -> str:
    later = {EntryKind.MESSAGE_EDITED: " (edited later)", EntryKind.MESSAGE_DELETED: " (deleted later)"}
    kind = amended.get(entry.id)
    return sentence(s, entry) + (later[kind] if kind is not None else "")


def merge(previous: str, fresh: str) -> str:
    """``previous`` with the generated parts of ``fresh``; every line that people wrote stays (B8).

    What people changed inside a generated part is kept right below it; a part that was taken out comes back.
    """
    previous = previous.replace("\r\n", "\n")
    known = {match["name"] for match in _BLOCK.finditer(previous)}
    parts = {match["name"]: match for match in _BLOCK.finditer(fresh)}

    def replace(old: re.Match[str]) -> str:
        new = parts.get(old["name"])
        return old[0] if new is None else new[0] + _kept(old, new["body"])

    merged = _BLOCK.sub(replace, previous)
    missing = [match[0] for name, match in parts.items() if name not in known]
    return merged if not missing else "\n\n".join([merged.rstrip("\n"), *missing]) + "\n"


def _kept(old: re.Match[str], fresh_body: str) -> str:
    """The lines of a generated part that somebody changed, as far as the fresh one does not have them."""
    if old["sum"] == _sum(old["body"]):
        return ""
    known = set(_stripped(fresh_body.split("\n")))
    theirs = [line for line in _stripped(old["body"].split("\n")) if line and line not in known]
    quoted = "\n".join(f"> {line}" for line in theirs)
    return f"\n\n_Changed by hand in the part above, kept:_\n\n{quoted}" if theirs else ""


def _stripped(written: Iterable[str]) -> list[str]:
    return [line.rstrip() for line in written]
