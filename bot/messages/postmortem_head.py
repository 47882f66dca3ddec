"""The head of a postmortem: what it is about, and whose task it is by when (B8, J15, W10)."""

from __future__ import annotations

from datetime import datetime

from bot.domain.durations import format_span
from bot.domain.incidents import Role
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.triage import triage
from bot.messages import times
from bot.messages.evidence import Evidence, waived, write_up, writer
from bot.messages.markdown import inline

Facts = list[tuple[str, str]]


def summary(evidence: Evidence) -> str:
    """The title, what was closed without its verification, and the facts."""
    incident = evidence.situation.incident
    listed = "\n".join(f"- {name}: {value}" for name, value in (*_what(evidence), *_when(evidence), *_task(evidence), *_known(evidence)))
    warning = (
        f"> **Resolved without the verification that was asked for**: {inline(incident.overridden)}\n\n" if incident.overridden else ""
    )
    return f"# Postmortem of {incident.reference}: {inline(incident.title)}\n\n{warning}{listed}"


def _what(evidence: Evidence) -> Facts:
    s, incident = evidence.situation, evidence.situation.incident
    private = [("Private", "only who has a part in it may see it")] if incident.private else []
    return [
        *private,
        ("Severity", inline(incident.severity)),
        ("Status", incident.status.value),
        ("Owner", inline(s.name(incident.owner_id))),
        *((role.value.capitalize(), inline(s.name(who))) for role, who in s.roles.items() if role is not Role.OWNER),
        ("Declared by", inline(s.name(incident.declared_by) if incident.declared_by else "an alert")),
    ]


def _when(evidence: Evidence) -> Facts:
    s, incident = evidence.situation, evidence.situation.incident
    facts = [
        ("Started", times.moment(incident.started_at, s.zones) + _correction(evidence, "started_at")),
        ("Opened", times.moment(incident.opened_at, s.zones)),
    ]
    if incident.ended_at is not None:
        facts.append(("Ended", times.moment(incident.ended_at, s.zones) + _correction(evidence, "ended_at")))
    if incident.resolved_at is not None:
        facts.append(("Resolved", f"{times.moment(incident.resolved_at, s.zones)} by {inline(s.name(incident.resolved_by))}"))
    if incident.verified_at is not None:
        facts.append(("Verified", f"{times.moment(incident.verified_at, s.zones)}, nothing related came back until then"))
    return facts


def _task(evidence: Evidence) -> Facts:
    s, promise = evidence.situation, write_up(evidence.situation.promises)
    person_id, role = writer(s, evidence.by)
    instead = f", for nobody is the {evidence.by.value}" if role is not evidence.by else ""
    facts = [
        ("Required", requirement(s, waived(evidence.entries))),
        ("To be written by", f"{inline(s.name(person_id))} ({role.value}{instead})"),
    ]
    if promise is not None and promise.withdrawn_at is None:
        facts.append(("Due", times.moment(promise.due_at, s.zones)))
    if evidence.generated_at is not None:
        facts.append(("Drafted", times.moment(evidence.generated_at, s.zones)))
    return facts


def requirement(s: Situation, waiver: TimelineEntry | None) -> str:
    """Whether the postmortem is required, and why."""
    label, rule = inline(s.incident.severity), s.severity.clocks.get(ClockName.POSTMORTEM)
    if waiver is not None:
        said = f": {inline(waiver.text)}" if waiver.text else ""
        return f"no longer, {inline(s.name(waiver.actor_id))} waived it {times.moment(waiver.at, s.zones)}{said}"
    if rule is None:
        return f"no, {label} asks for none"
    if s.severity.major_only and s.incident.major is not True:
        why = "and it was said that this one was not" if s.incident.major is False else "and nobody has said that this one was"
        return f"no, {label} asks for one when it was major, {why}"
    major = ", as it was said to be major" if s.severity.major_only else ""
    return f"yes, {label} asks for it within {format_span(rule.breach)} of the resolution{major}"


def _known(evidence: Evidence) -> Facts:
    s, incident = evidence.situation, evidence.situation.incident
    found = triage(s.alerts, incident.triage).facts
    facts = [(fact.value.capitalize(), inline(", ".join(values))) for fact, values in found.items()]
    return [*facts, ("Ticket", inline(incident.ticket))] if incident.ticket else facts


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
