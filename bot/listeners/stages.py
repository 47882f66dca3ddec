"""``/incident extend``, ``tenants``, ``ticket``, ``report`` and ``meeting``: what keeps an incident's later promises, or puts one off."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.durations import parse_span
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.errors import Malformed
from bot.listeners.lines import Command, incident_of, split_reference
from bot.messages import answers, report_form, texts, times
from bot.messages.owed import OWED
from bot.services import extensions, meetings, reports, situations, tenants, tickets
from bot.services.people import in_readable_words, require_act
from bot.services.work import UnitOfWork

if TYPE_CHECKING:
    from bot.listeners.submissions import Submission

Words = dict[str, Any]
_HELD = "held"
_EXTEND = "Write how much more time it gets and why, for example `/incident extend update 15m Waiting for the vendor`."


def wants_form(command: Command) -> bool:
    """Whether the line asks for the form of the preliminary report."""
    return command.word == "report" and not split_reference(command.text)[1]


def split_extension(text: str) -> tuple[ClockName | None, timedelta, str]:
    """``update 15m Waiting`` as its clock, span and reason; no clock when the line begins with the span."""
    first, _, rest = text.strip().partition(" ")
    clock = next((clock for clock in ClockName if clock.value == first.casefold()), None)
    span, _, reason = (rest if clock is not None else text).strip().partition(" ")
    try:
        return clock, parse_span(span), reason.strip()
    except ValueError as error:
        raise Malformed(_EXTEND) from error


async def extend(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Puts a promise off, once."""
    incident, rest = await incident_of(work, member, command)
    clock, span, reason = split_extension(await in_readable_words(work, rest))
    promise = await extensions.extend(work, incident.id, member.id, clock, span, reason)
    policy = await work.policy_of(incident.policy_digest)
    due = times.near(promise.due_at, work.now, policy.zones)
    return answers.said(f"{OWED[promise.clock].capitalize()} of {incident.reference} is due {due} now. It cannot be put off again.")


async def write_to_tenants(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Writes to the critical tenants."""
    incident, rest = await incident_of(work, member, command)
    names = await tenants.write(work, incident.id, member, await in_readable_words(work, rest))
    return answers.said(f"{texts.shown(', '.join(names), 1000)} will have that by mail.")


async def ticket(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Keeps the link of the ticket."""
    incident, rest = await incident_of(work, member, command)
    linked = await tickets.link(work, incident.id, member, await in_readable_words(work, rest))
    return answers.said(f"{linked.reference} goes on as that ticket.")


async def report(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Posts the preliminary report."""
    incident, rest = await incident_of(work, member, command)
    await reports.write(work, incident.id, member, await in_readable_words(work, rest))
    return answers.said(f"The report on {incident.reference} is posted.")


async def report_view(work: UnitOfWork, incident_id: str) -> dict[str, Any]:
    """The form of the preliminary report, with the sections that the policy has for it."""
    situation = await situations.situation(work, incident_id)
    policy = await work.policy_of(situation.incident.policy_digest)
    return report_form.form(situation, policy.postmortem.report)


async def submit_report(work: UnitOfWork, member: Member, incident: Incident, submission: Submission) -> None:
    """Posts what was written in the form."""
    policy = await work.policy_of(incident.policy_digest)
    await reports.write(work, incident.id, member, report_form.written(policy.postmortem.report, submission.value))


async def meeting(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Moves the meeting, or writes down that it was held."""
    require_act(member)
    incident, rest = await incident_of(work, member, command)
    if rest.casefold() == _HELD:
        await meetings.hold(work, incident.id, member)
        return answers.said(f"The meeting about {incident.reference} was held.")
    planned = await meetings.move(work, incident.id, member, rest)
    policy = await work.policy_of(incident.policy_digest)
    return answers.said(f"The meeting about {incident.reference} is {times.moment(planned.at, policy.zones)}. Everybody is invited anew.")
