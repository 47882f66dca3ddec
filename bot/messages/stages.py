"""Words about what an incident's clocks and stages bring: who is told of it, who is called next, tenants, ticket, report and meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.durations import format_span
from bot.domain.meetings import Meeting
from bot.domain.severity import EscalationStep, Until
from bot.domain.situation import Situation
from bot.domain.timers import Promise
from bot.messages import times
from bot.messages.card import road_name, severity_label, title_text
from bot.messages.notices import late, notice
from bot.messages.owed import OWED, next_step
from bot.messages.texts import Words, channel_link, clean, link, one_line, section, shown

_SUBJECT_LIMIT, _TITLE_LIMIT, _BODY_LIMIT = 200, 300, 20_000
_UNTIL: Mapping[Until, str] = {
    Until.ACKNOWLEDGED: "nobody has acknowledged it",
    Until.MITIGATED: "no mitigation has begun",
    Until.RESOLVED: "it is not resolved",
}


def mail(subject: str, *paragraphs: str) -> Mapping[str, Any]:
    """A mail's words: a subject on one line, paragraphs apart; the address is put to it when it is known whose it is."""
    body = "\n\n".join(part for paragraph in paragraphs if (part := clean(paragraph, _BODY_LIMIT).strip()))
    return {"subject": one_line(subject, _SUBJECT_LIMIT) or "An incident", "body": f"{body}\n"}


def _head(s: Situation) -> str:
    """How a mail names the incident; a private one without its title."""
    title = "a private incident" if s.incident.private else one_line(s.incident.title, _TITLE_LIMIT)
    return f"[{s.incident.reference}] {s.incident.severity} {title}"


def _where(s: Situation) -> str:
    if s.channel is None or s.incident.private:
        return ""
    return f"It is worked on in the channel #{s.channel.name} in Slack."


def facts(s: Situation) -> str:
    """What is known of the incident, line by line, for a mail; of a private one neither its title nor its impact."""
    incident = s.incident
    known = (
        ("Incident", incident.reference),
        ("Title", "" if incident.private else one_line(incident.title, _TITLE_LIMIT)),
        ("Severity", incident.severity),
        ("Status", incident.status.value),
        ("Impact", "" if incident.private else one_line(incident.impact or "not stated yet", 1000)),
        ("Started", times.moment(incident.started_at, s.zones)),
        ("Owner", s.name(incident.owner_id)),
        ("System", s.system or ""),
        ("Service", incident.service or ""),
        ("Source", incident.link or ""),
    )
    return "\n".join(f"{name}: {value}" for name, value in known if value)


def told(s: Situation) -> Words:
    """Tells a person alone, without calling them, that there is an incident (S2); of a private one neither its title nor its channel."""
    private = s.incident.private
    where = channel_link(s.channel.channel_id) if s.channel is not None and not private else ""
    place = f" It is worked on in {where}." if where else ""
    title = "a private incident" if private else title_text(s)
    text = f"{s.incident.reference} [{severity_label(s)}] {title}. You are told, not called.{place}"
    return {"text": text, "blocks": [section(text)]}


def told_by_mail(s: Situation) -> Mapping[str, Any]:
    """The same by mail."""
    return mail(_head(s), facts(s), _where(s), "You are told of it, not called.")


def missed(s: Situation, promise: Promise, owner: str) -> Words:
    """Tells a person alone that a promise was missed, and whose it is."""
    text = f"{_missed(s, promise, shown(owner))} {next_step(s, promise.clock, shown)}"
    return {"text": text, "blocks": [section(text)]}


def _missed(s: Situation, promise: Promise, owner: str) -> str:
    return (
        f"{s.incident.reference} [{severity_label(s)}] owed {OWED[promise.clock]} by {times.near(promise.due_at, s.now, s.zones)}; "
        f"{late(s.now, promise.due_at)}. Owner: {owner}."
    )


def missed_by_mail(s: Situation, promise: Promise, owner: str) -> Mapping[str, Any]:
    """The same by mail."""
    what_to_do = next_step(s, promise.clock).replace("`", "")
    return mail(f"{_head(s)}: {OWED[promise.clock]} is late", _missed(s, promise, owner), what_to_do, _where(s))


def extended(s: Situation, name: str, promise: Promise, before: datetime, reason: str) -> Words:
    """Says that somebody put a promise off, until when, and why."""
    due, was = times.near(promise.due_at, s.now, s.zones), times.near(before, s.now, s.zones)
    return notice(f"{shown(name)} put off {OWED[promise.clock]} of {s.incident.reference}: it is due {due}, no longer {was}.", reason)


def escalated(s: Situation, step: EscalationStep, names: Sequence[str], *, paged: bool) -> Words:
    """Says who is called, or only told, because nobody has got so far in time (O7, O11)."""
    who = shown(", ".join(names), 1000) or "nobody"
    how = f"{who} {'is' if len(names) == 1 else 'are'} {'paged' if paged else 'told; its severity calls nobody'}"
    return notice(f"{s.incident.reference}: {_UNTIL[step.until]} {format_span(step.after)} after it was opened, so {how}.")


def escalation_skipped(s: Situation, names: Sequence[str]) -> Words:
    """Says who of a step of the escalation is not there to be called."""
    who = shown(", ".join(names), 1000)
    return notice(f"{s.incident.reference}: {who} should be called now, but nobody can be. Page somebody with /incident page.")


def roads_stopped(s: Situation, roads: Sequence[str]) -> Words:
    """Says that pages which waited were taken back, for the severity names their road no longer."""
    named = shown(" and ".join(road_name(road) for road in roads))
    return notice(f"{s.incident.reference} is {severity_label(s)} now, which calls nobody by {named}: those pages are stopped.")


def tenants_told(s: Situation, name: str, tenants: Sequence[str], text: str) -> Words:
    """Says which tenants were written to, and what (W8)."""
    return notice(f"{shown(name)} wrote to {shown(', '.join(tenants), 1000)} about {s.incident.reference}:", text)


def to_tenant(text: str) -> Mapping[str, Any]:
    """A person's words as a mail: nothing is added, its first line is the subject as well."""
    return mail(next(iter(text.strip().splitlines()), ""), text)


def ticket_sent(s: Situation, address: str) -> Words:
    """Says that the incident became a ticket by mail (O11)."""
    return notice(f"{s.incident.reference} was sent to {shown(address)} as a ticket. /incident ticket keeps its link here.")


def ticket_mail(s: Situation) -> Mapping[str, Any]:
    """The facts for the tracker."""
    return mail(_head(s), facts(s), _where(s))


def ticket_linked(s: Situation, name: str, address: str) -> Words:
    """Says under which ticket the incident goes on."""
    words = notice(f"{shown(name)} filed {s.incident.reference} as a ticket.")
    at = link(address)
    return words if at is None else {**words, "blocks": [*words["blocks"], section(at)]}


def reported(s: Situation, name: str, text: str) -> Words:
    """The preliminary report (O13)."""
    return notice(f"Preliminary report on {s.incident.reference} [{severity_label(s)}] {title_text(s)}, by {shown(name)}", text)


def meeting_planned(s: Situation, meeting: Meeting, title: str, names: Sequence[str], moved_by: str | None) -> Words:
    """Says when the meeting is, who is invited by mail, and how to move it (O13)."""
    at = times.moment(meeting.at, s.zones)
    what = f"{shown(moved_by)} moved the meeting" if moved_by else "The meeting is planned"
    invited = f"Invited by mail: {shown(', '.join(names), 1000)}." if names else "None of them has a mail address, so nobody was invited."
    how = "/incident meeting and a time moves it, /incident meeting held says that it was held."
    return notice(f"{s.incident.reference}: {what}: {shown(title)}, {at}. {invited} {how}")


def meeting_cancelled(s: Situation) -> Words:
    """Says that there will be no meeting for now."""
    return notice(f"{s.incident.reference}: the meeting about it is cancelled. Another one is planned when it is resolved.")


def meeting_held(s: Situation, name: str) -> Words:
    """Says that the meeting was held."""
    return notice(f"{shown(name)} says that the meeting about {s.incident.reference} was held.")
