"""The API of an incident's later promises: put one off, write to tenants, file the ticket, report, and meet."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from bot.domain.durations import parse_span
from bot.domain.incidents import Incident
from bot.errors import Malformed
from bot.services import extensions, meetings, reports, situations, tenants, tickets
from bot.services.work import UnitOfWork
from bot.web.callers import Answer, Caller, UseCase, actor_of
from bot.web.models import Extend, LinkTicket, Meet, Report, WriteToTenants
from bot.web.representation import shown


async def _show(work: UnitOfWork, incident: Incident) -> Answer:
    return shown(await situations.situation(work, incident.id))


async def _extend(work: UnitOfWork, caller: Caller, wanted: Extend, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    try:
        span = parse_span(wanted.by)
    except ValueError as error:
        raise Malformed(f"by: {error}") from error
    await extensions.extend(work, incident.id, person.id, wanted.clock, span, wanted.reason)
    return await _show(work, incident)


async def _tenants(work: UnitOfWork, caller: Caller, wanted: WriteToTenants, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    written = await tenants.write(work, incident.id, person, wanted.text)
    return {"written_to": written, **await _show(work, incident)}


async def _ticket(work: UnitOfWork, caller: Caller, wanted: LinkTicket, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    return await _show(work, await tickets.link(work, incident.id, person, wanted.link))


async def _report(work: UnitOfWork, caller: Caller, wanted: Report, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    return await _show(work, await reports.write(work, incident.id, person, wanted.text))


async def _meeting(work: UnitOfWork, caller: Caller, wanted: Meet, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    if wanted.held:
        await meetings.hold(work, incident.id, person)
        return await _show(work, incident)
    planned = await meetings.move(work, incident.id, person, wanted.at or "")
    return {"meeting_at": planned.at.isoformat(), **await _show(work, incident)}


ACTIONS: Mapping[str, tuple[type[BaseModel], UseCase]] = {
    "extend": (Extend, _extend),
    "tenants": (WriteToTenants, _tenants),
    "ticket": (LinkTicket, _ticket),
    "report": (Report, _report),
    "meeting": (Meet, _meeting),
}
