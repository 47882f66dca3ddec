"""What can be done to an open incident: acknowledge, update, change severity, assign a role, note.

Whoever asks, by whichever road, comes through here; each has one effect however often it is asked (complaint 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.incidents import Incident, Purpose, Road, Role
from bot.domain.people import Member
from bot.domain.severity import ClockName, Severity
from bot.domain.status import Status, Step, next_status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotFound
from bot.messages import notices, texts
from bot.services import channels, closing, escalations, promises, situations, stages
from bot.services.outbox import refresh_card, say, tell
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents, people

TEXT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an acknowledgement came to; ``first`` unless somebody had acknowledged before."""

    incident: Incident
    first: bool
    name: str


async def acknowledge(work: UnitOfWork, incident_id: str, person_id: str, road: Road, clock: ClockName | None = None) -> Acknowledged:
    """Stops what rings and keeps the acknowledge promise; the first one becomes the owner when there is none (B4, J6).

    ``clock`` names the one chain that a phone's reply answers; None means every chain of the incident.
    """
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.ACKNOWLEDGE)
    first = incident.acknowledged_at is None
    if first:
        values = {"acknowledged_at": work.now, "acknowledged_by": person_id, "acknowledged_via": road.value}
        incident = await incidents.change_incident(work.tx, incident, **values, owner_id=incident.owner_id or person_id)
        await work.write(EntryKind.ACKNOWLEDGED, incident.id, actor_id=person_id, facts={"road": road.value})
        await promises.keep(work, incident.id, ClockName.ACKNOWLEDGE, person_id)
        situation = await situations.read(work, incident)
        await say(work, incident.id, notices.acknowledged(situation, member.name, road))
        await channels.bring_in(work, incident, person_id)
    reason = f"acknowledged by {road.value}"
    await escalations.end_for(work, incident.id, ClockName.ACKNOWLEDGE, reason, person_id)
    await escalations.end_for(work, incident.id, clock, reason, person_id)
    await refresh_card(work, incident.id)
    by = (await people.get_person(work.tx, incident.acknowledged_by or person_id)).name
    return Acknowledged(incident, first, by)


async def update(
    work: UnitOfWork,
    incident_id: str,
    person_id: str,
    text: str,
    status: Status | None = None,
    impact: str | None = None,
) -> Incident:
    """Writes a person's status update: it alone resets the update clock (J6, complaint 21), and it may move the status."""
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = next_status(incident.status, Step.UPDATE, status)
    words = texts.clean(text.strip(), TEXT_LIMIT)
    if not words:
        raise Malformed("Say what happened, for example `/incident update Rolled back to 1.4.2, watching the error rate`.")
    incident = await move(work, incident, wanted, person_id, impact)
    facts = {"status": wanted.value} | ({"impact_changed": True} if impact else {})
    await work.write(EntryKind.UPDATED, incident.id, actor_id=person_id, text=words, facts=facts)
    await promises.keep(work, incident.id, ClockName.UPDATE, person_id)
    promise = await promises.begin(work, incident, ClockName.UPDATE, work.now)
    incident = await incidents.change_incident(work.tx, incident, next_update_at=promise.due_at if promise else None)
    notice = notices.updated(await situations.read(work, incident), member.name, words)
    await tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    return incident


async def move(work: UnitOfWork, incident: Incident, wanted: Status, person_id: str, impact: str | None) -> Incident:
    """The incident in that status, its phase and quiet cycle with it; a first mitigation keeps its promise."""
    values: dict[str, object] = {"impact": texts.clean(impact.strip(), TEXT_LIMIT)} if impact else {}
    moved = wanted is not incident.status
    first_mitigation = wanted.mitigated and incident.mitigated_at is None
    if moved:
        values["status"] = wanted.value
    if first_mitigation:
        values["mitigated_at"] = work.now
    if not values:
        return incident
    old = incident.status
    incident = await incidents.change_incident(work.tx, incident, **values)
    if moved:
        facts = {"old": old.value, "new": wanted.value}
        await work.write(EntryKind.STATUS_CHANGED, incident.id, actor_id=person_id, facts=facts)
        incident = await closing.follow(work, incident, person_id)
    if first_mitigation:
        await promises.keep(work, incident.id, ClockName.MITIGATE, person_id)
        await escalations.end_for(work, incident.id, ClockName.MITIGATE, "a mitigation began", person_id)
    return incident


async def change_severity(work: UnitOfWork, incident_id: str, person_id: str, label: str, reason: str | None = None) -> Incident:
    """Sets another severity by a person's word, which stands: Muster does not raise it by itself any more (J3)."""
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.UPDATE)
    policy = await work.policy_of(incident.policy_digest)
    severity = policy.find_severity(label)
    if severity is None:
        choices = ", ".join(known.label for known in policy.severities)
        raise NotFound(f"There is no severity {label[:40]!r}. Choose one of {choices}.")
    if severity.label != incident.severity:
        if incident.provisional and not reason and severity.rank > policy.severity(incident.severity).rank:
            raise Malformed(
                f"Say why {incident.reference} is less: `/incident severity {severity.label}` and a reason, which stays with it."
            )
        return await set_severity(work, incident, severity, reason, by=member)
    if incident.provisional:
        return await _confirm_severity(work, incident, member, reason)
    return incident


async def _confirm_severity(work: UnitOfWork, incident: Incident, member: Member, reason: str | None) -> Incident:
    """Makes a severity that Muster raised a person's: nothing changes but that it is provisional no longer."""
    incident = await incidents.change_incident(work.tx, incident, provisional=False, severity_reason=None)
    facts = {"old": incident.severity, "new": incident.severity}
    await work.write(EntryKind.SEVERITY_CHANGED, incident.id, actor_id=member.id, text=reason, facts=facts)
    await say(work, incident.id, notices.severity_confirmed(await situations.read(work, incident), member.name, reason))
    await refresh_card(work, incident.id)
    return incident


async def set_severity(
    work: UnitOfWork, incident: Incident, severity: Severity, reason: str | None, *, by: Member | None = None, provisional: bool = False
) -> Incident:
    """Another severity: its clocks, steps and roads replace the old ones, and it rings when it pages; ``by`` nobody: Muster did it."""
    before = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    old = before.label
    values = {"severity": severity.label, "provisional": provisional, "severity_reason": reason if by is None else None}
    incident = await incidents.change_incident(work.tx, incident, **values)
    person_id, name = (by.id, by.name) if by is not None else (None, "Muster")
    facts = {"old": old, "new": severity.label} | ({"provisional": True} if provisional else {})
    await work.write(EntryKind.SEVERITY_CHANGED, incident.id, actor_id=person_id, text=reason, facts=facts)
    await closing.settle(work, incident)
    incident = await promises.change(work, incident, before, person_id)
    notice = notices.severity_changed(await situations.read(work, incident), name, old, reason)
    await tell_everyone(work, incident, notice)
    await stages.change(work, incident, before)
    await refresh_card(work, incident.id)
    if severity.pages and incident.acknowledged_at is None:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return incident


async def assign_role(work: UnitOfWork, incident_id: str, actor_id: str, role: Role, person_id: str) -> Incident:
    """Gives an incident role to a person; the owner is the one who decides (J5, O12)."""
    by = await actor(work, actor_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.UPDATE)
    person = await people.get_person(work.tx, person_id)
    if not person.access.may_act:
        raise Malformed(f"{person.name}'s access is “{person.access.value}”, which cannot change incidents. Choose somebody else.")
    before = (await situations.read(work, incident)).holder(role)
    if role is Role.OWNER:
        incident = await incidents.change_incident(work.tx, incident, owner_id=person_id)
    else:
        await incidents.set_role(work.tx, incident.id, role, person_id, work.now)
    facts = {"role": role.value, "person_id": person_id, "before": before}
    await work.write(EntryKind.ROLE_ASSIGNED, incident.id, actor_id=actor_id, facts=facts)
    if role in promises.OF_ROLE:
        await promises.keep(work, incident.id, promises.OF_ROLE[role], actor_id)
    situation = await situations.read(work, incident)
    former = situation.name(before) if before else None
    await say(work, incident.id, notices.role_assigned(situation, role, person.name, by.name, former))
    if person_id != actor_id:
        await channels.bring_in(work, incident, person_id)
        await tell(work, person, notices.yours_now(situation, role, by.name), incident.id)
    await refresh_card(work, incident.id)
    return incident


async def note(work: UnitOfWork, incident_id: str, person_id: str, text: str) -> None:
    """Adds a note to the timeline; a note is no status update and resets no clock."""
    await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    words = texts.clean(text.strip(), TEXT_LIMIT)
    if not words:
        raise Malformed("Say what to note, for example `/incident note The deploy of 14:02 is suspect`.")
    await work.write(EntryKind.NOTE, incident.id, actor_id=person_id, text=words)


async def tell_everyone(work: UnitOfWork, incident: Incident, notice: Mapping[str, Any]) -> None:
    """Says it in the incident's channel, and with the status post where it was announced (J10)."""
    await say(work, incident.id, notice)
    announced = notices.announced(await situations.read(work, incident), notice)
    await say(work, incident.id, announced, purpose=Purpose.ANNOUNCE)


async def actor(work: UnitOfWork, person_id: str) -> Member:
    member = await people.get_person(work.tx, person_id)
    require_act(member)
    return member
