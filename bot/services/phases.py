"""The phases of an organisation's own response: entered by a person, the status follows (S5, G3)."""

from __future__ import annotations

from bot.domain.incidents import Incident
from bot.domain.phases import Phase, find_phase
from bot.domain.status import Step, next_status
from bot.errors import InvalidTransition, Malformed
from bot.messages import endings
from bot.services import closing, situations
from bot.services.incidents import actor, move, tell_everyone
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import incidents


async def enter(work: UnitOfWork, incident_id: str, person_id: str, name: str) -> Incident:
    """Moves the incident to a phase of its policy, and to the status that the phase is shown as; the update clock runs on."""
    member = await actor(work, person_id)
    before = await incidents.lock_incident(work.tx, incident_id)
    phase = await choose(work, before, person_id, name)
    incident = await incidents.get_incident(work.tx, incident_id)
    if incident.phase == before.phase:
        return incident
    if incident.open:
        incident = await move(work, incident, phase.status, person_id, None)
    notice = endings.phase_entered(await situations.read(work, incident), member.name, before.phase)
    if incident.status is before.status:
        await say(work, incident.id, notice)
    else:
        await tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    return incident


async def choose(work: UnitOfWork, incident: Incident, person_id: str, name: str) -> Phase:
    """The phase of that name, which the incident is in from now on; its status is still to follow.

    Raises Malformed with the names of the phases, InvalidTransition where resolving or reopening leads to the phase.
    """
    phases = (await work.policy_of(incident.policy_digest)).phases
    phase = find_phase(phases, name)
    if phase is None:
        choices = ", ".join(known.name for known in phases)
        raise Malformed(f"Name one of the phases: {choices}." if phases else "The policy of this incident names no phases.")
    if incident.open and not phase.status.open:
        raise InvalidTransition(f"{phase.name} begins with the resolution; use `/incident resolve`.")
    if phase.status.open:
        next_status(incident.status, Step.UPDATE, phase.status)
    await closing.set_phase(work, incident, phase.name, person_id)
    return phase
