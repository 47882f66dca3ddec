"""Reading an incident whole, for words and answers."""

from __future__ import annotations

from bot.domain.incidents import Incident, Purpose, find_number
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.errors import NotFound, Refused
from bot.services import fulfilment, write_up
from bot.services.people import unknown
from bot.services.work import UnitOfWork
from bot.store import alerts, escalations, incidents, people, promises


async def read(work: UnitOfWork, incident: Incident) -> Situation:
    """The incident with everything that is said about it."""
    policy = await work.policy_of(incident.policy_digest)
    roles = await incidents.list_roles(work.tx, incident.id)
    pages = await escalations.list_pages(work.tx, incident.id)
    known = {incident.owner_id, incident.acknowledged_by, incident.resolved_by, incident.declared_by}
    known |= set(roles.values()) | {page.person_id for page in pages}
    shown = tuple(await alerts.list_shown(work.tx, incident.id))
    promised = tuple(await promises.list_promises(work.tx, incident.id))
    owes_write_up = any(promise.open and promise.clock is ClockName.POSTMORTEM for promise in promised)
    return Situation(
        incident=incident,
        severity=policy.severity(incident.severity),
        zones=tuple(policy.zones),
        names=await people.list_names(work.tx, known),
        roles=roles,
        alerts=shown,
        channel=await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT),
        promises=promised,
        pages=tuple(pages),
        now=work.now,
        limits=work.limits,
        counted=await alerts.count_all(work.tx, incident.id) if len(shown) >= alerts.SHOWN else None,
        closing=await fulfilment.read(work, incident, policy),
        unwritten=await write_up.unwritten(work, incident, policy) if owes_write_up else (),
        system=system.title if (system := policy.systems.get(incident.system or "")) is not None else incident.system,
        merged_into=await _merged_into(work, incident),
    )


async def situation(work: UnitOfWork, incident_id: str) -> Situation:
    """The situation of the incident with that id."""
    return await read(work, await incidents.get_incident(work.tx, incident_id))


async def hold_unmerged(work: UnitOfWork, incident_id: str) -> Incident:
    """The incident, held until the transaction ends; raises Refused for one that was merged away, with the one that goes on."""
    held = await incidents.lock_incident(work.tx, incident_id)
    into = await _merged_into(work, held)
    if into is not None:
        raise Refused(f"{held.reference} was merged into {into}. Do it there.")
    return held


async def _merged_into(work: UnitOfWork, incident: Incident) -> str | None:
    return None if incident.merged_into is None else (await incidents.get_incident(work.tx, incident.merged_into)).reference


async def incident(work: UnitOfWork, incident_id: str) -> Incident:
    """The incident with that id; raises NotFound."""
    return await incidents.get_incident(work.tx, incident_id)


async def list_open(work: UnitOfWork) -> list[Situation]:
    """The situations of all open incidents, the oldest first."""
    return [await read(work, incident) for incident in await incidents.list_open(work.tx)]


async def list_recent(work: UnitOfWork, limit: int = 50) -> list[Situation]:
    """The situations of the newest incidents, open or not."""
    return [await read(work, incident) for incident in await incidents.list_recent(work.tx, limit)]


async def by_reference(work: UnitOfWork, reference: str) -> Incident:
    """The incident that ``INC-42`` or ``42`` names; raises NotFound, in the words of one that is not for the asker."""
    number = find_number(reference)
    found = None if number is None else await incidents.find_by_number(work.tx, number)
    if found is None:
        raise NotFound(unknown(reference if number is None else f"INC-{number}"))
    return found


async def by_channel(work: UnitOfWork, channel_id: str) -> Incident:
    """The incident whose channel this is; raises NotFound with what to do."""
    found = await incidents.find_by_channel(work.tx, channel_id)
    if found is None:
        raise NotFound("This channel belongs to no incident. Run the command in an incident's channel, or see `/incident list`.")
    return found
