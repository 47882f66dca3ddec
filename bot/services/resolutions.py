"""The end of an incident, and its return: resolve and reopen."""

from __future__ import annotations

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.status import Step, next_status
from bot.domain.timeline import EntryKind
from bot.messages import notices, texts
from bot.services import channels, escalations, postmortems, promises, situations
from bot.services.incidents import TEXT_LIMIT, actor, tell_everyone
from bot.services.outbox import refresh_card
from bot.services.work import UnitOfWork
from bot.store import incidents


async def resolve(work: UnitOfWork, incident_id: str, person_id: str, text: str | None = None) -> Incident:
    """Resolves: every clock and every ring ends, the postmortem is drafted and its own clock begins (J6, C6)."""
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = next_status(incident.status, Step.RESOLVE)
    await promises.keep(work, incident.id, ClockName.MITIGATE, person_id)
    await promises.withdraw(work, incident.id, promises.RESPONSE_CLOCKS, "resolved", person_id)
    incident = await incidents.change_incident(
        work.tx,
        incident,
        status=wanted.value,
        resolved_at=work.now,
        resolved_by=person_id,
        mitigated_at=incident.mitigated_at or work.now,
        next_update_at=None,
    )
    words = texts.clean(text.strip(), TEXT_LIMIT) if text else None
    await work.write(EntryKind.RESOLVED, incident.id, actor_id=person_id, text=words)
    notice = notices.resolved(await situations.read(work, incident), member.name, words)
    await tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    promise = await promises.begin_write_up(work, incident)
    await postmortems.draft_and_share(work, incident, promise)
    return incident


async def reopen(work: UnitOfWork, incident_id: str, person_id: str, reason: str | None = None) -> Incident:
    """Opens a resolved incident again: its clocks start anew, and it rings when its severity pages."""
    member = await actor(work, person_id)
    return await open_again(work, await incidents.lock_incident(work.tx, incident_id), reason, by=member)


async def open_again(work: UnitOfWork, incident: Incident, reason: str | None, *, by: Member | None = None) -> Incident:
    """The incident, open again; ``by`` nobody when its trouble came back by itself."""
    wanted = next_status(incident.status, Step.REOPEN)
    person_id, name = (by.id, by.name) if by is not None else (None, "Muster")
    await promises.withdraw(work, incident.id, (ClockName.POSTMORTEM,), "reopened", person_id)
    nobody = {"acknowledged_at": None, "acknowledged_by": None, "acknowledged_via": None}
    ended = {"resolved_at": None, "resolved_by": None, "mitigated_at": None}
    incident = await incidents.change_incident(work.tx, incident, status=wanted.value, **nobody, **ended)
    await work.write(EntryKind.REOPENED, incident.id, actor_id=person_id, text=reason)
    incident = await promises.begin_anew(work, incident, person_id)
    if await channels.live(work, incident) is None:
        await channels.open_again(work, incident)
    notice = notices.reopened(await situations.read(work, incident), name, None if by is not None else reason)
    await tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    if severity.pages:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return incident
