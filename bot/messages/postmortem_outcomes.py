"""What became of what was promised and asked for, as parts of a postmortem: promises, phases, verification, runbooks, availability (B8)."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.availability import budget
from bot.domain.durations import format_span
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.domain.writing import Objective
from bot.messages import times
from bot.messages.availability import window
from bot.messages.entries import fact
from bot.messages.evidence import Evidence, durations, outcome, phases
from bot.messages.markdown import inline, table
from bot.messages.owed import OWED


def lasted(evidence: Evidence) -> str:
    """How long it took to notice, acknowledge, mitigate and resolve, and what each phase took."""
    incident = evidence.situation.incident
    missing = "not yet" if incident.open else "never"
    rows = [(f"Time to {name}", missing if span is None else format_span(span)) for name, span in durations(evidence)]
    if incident.started_at < incident.opened_at:
        rows.insert(0, ("Time to notice", format_span(incident.opened_at - incident.started_at)))
    rows += [
        (f"Phase {inline(name)}", "not ended" if ended_at is None else format_span(ended_at - began_at))
        for name, began_at, ended_at in phases(evidence.entries)
    ]
    reopened = evidence.count(EntryKind.REOPENED)
    remark = f"\n\nReopened {counted(reopened)}; resolving counts to the last resolution."
    text = "Counted from the moment the alert was received or the incident was declared; noticing, from its start."
    return f"## Durations\n\n{text}\n\n{table(('What', 'How long'), rows)}{remark if reopened else ''}"


def counted(times_: int) -> str:
    """``1 time``, ``2 times``."""
    return f"{times_} {'time' if times_ == 1 else 'times'}"


def promised(s: Situation) -> str:
    """Every promise of every clock: kept or missed, how late, and why it was put off or taken back."""
    if not s.promises:
        return "## Promises\n\nThe severity promised nothing by the clock."
    results = [outcome(promise)[0] for promise in s.promises]
    still = f", {results.count('open')} open" if "open" in results else ""
    total = f"{results.count('kept')} kept, {results.count('missed')} missed{still}."
    head = ("Promise", "Counted from", "Due", "Outcome")
    return f"## Promises\n\n{total}\n\n{table(head, (_promise(s, promise) for promise in s.promises))}"


def _promise(s: Situation, promise: Promise) -> tuple[str, str, str, str]:
    owed = OWED[promise.clock]
    due = times.moment(promise.due_at, s.zones)
    return owed[0].upper() + owed[1:], times.moment(promise.started_at, s.zones), due, _outcome(s, promise) + _reason(s, promise)


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


def _reason(s: Situation, promise: Promise) -> str:
    why = inline(promise.reason) if promise.reason else ""
    if promise.extended_at is not None:
        return f"; put off {times.moment(promise.extended_at, s.zones)}{why and f': {why}'}"
    return why and f"; {why}"


def verified(evidence: Evidence) -> str:
    """What had to be verified before the end, who confirmed it, and what was overridden; empty where nothing had to be."""
    s, incident = evidence.situation, evidence.situation.incident
    found = []
    if incident.overridden:
        missing = [entry for entry in evidence.entries if entry.kind is EntryKind.OVERRIDDEN][-1:]
        named = ", ".join(str(one) for entry in missing for one in entry.facts.get("missing") or ())
        by = inline(s.name(incident.resolved_by))
        found.append(f"**Overridden** by {by}: {inline(incident.overridden)}" + (f" (missing: {inline(named)})" if named else ""))
    for entry in (entry for entry in evidence.entries if entry.kind is EntryKind.CONFIRMED):
        answer = f": {inline(entry.text)}" if entry.text else ""
        at = times.moment(entry.at, s.zones)
        found.append(f"{inline(fact(entry, 'question'))} {inline(s.name(entry.actor_id))} answered {at}{answer}")
    if incident.verified_at is not None:
        found.append(f"The watch after the resolution ended quietly {times.moment(incident.verified_at, s.zones)}.")
    if not found and s.closing.rules is None:
        return ""
    listed = "\n".join(f"- {one}" for one in found) or "Nothing had to be overridden; no question was asked."
    return f"## Verification\n\n{listed}"


def exercised(evidence: Evidence) -> str:
    """The steps of the runbooks that were shown, and who ticked which; empty where none was shown."""
    s = evidence.situation
    if not evidence.steps:
        return ""
    rows = [
        (
            inline(step.runbook),
            f"{step.number}. {inline(step.text)}",
            "not ticked" if step.ticked_at is None else f"{times.moment(step.ticked_at, s.zones)} by {inline(s.name(step.ticked_by))}",
        )
        for step in evidence.steps
    ]
    return f"## Runbooks\n\n{table(('Runbook', 'Step', 'Ticked'), rows)}"


def cost(evidence: Evidence) -> str:
    """What it took of each objective; empty where it counts for none, or is not over (S10, G11)."""
    if not evidence.taken:
        return ""
    return "## Availability\n\n" + "\n".join(f"- {_taken(objective, took)}" for objective, took in evidence.taken)


def _taken(objective: Objective, took: timedelta) -> str:
    title, allowed = inline(objective.title), format_span(budget(objective))
    left = f"{allowed} that a target of {objective.target:g} % leaves in {window(objective)}"
    return f"{title}: this incident took {format_span(took)} of the {left}."
