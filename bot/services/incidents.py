"""What can be done to an incident: declare, acknowledge, update, change severity, assign a role, note, resolve, reopen.

Whoever asks, by whichever road, comes through here; each has one effect however often it is asked (complaint 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.declaration import SAME_TITLE_WITHIN, Declaration, same_title
from bot.domain.incidents import TITLE_LIMIT, Incident, Purpose, Road, Role
from bot.domain.people import Member
from bot.domain.severity import ClockName, Severity
from bot.domain.status import Status, Step, next_status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotFound
from bot.messages import notices, texts
from bot.services import escalations, postmortems, promises, situations
from bot.services.outbox import open_channel, refresh_card, say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents, people

_TEXT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration came to; ``joined`` when it met an incident that is open already."""

    incident: Incident
    joined: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an acknowledgement came to; ``first`` unless somebody had acknowledged before."""

    incident: Incident
    first: bool
    name: str


def title_of(text: str) -> str:
    """The title as it is kept; a declaration without any word in it is refused."""
    title = texts.clean(" ".join(text.split()), TITLE_LIMIT)
    if not title:
        raise Malformed("Give the incident a title, for example `/incident declare P0 Checkout returns 500`.")
    return title


async def declare(work: UnitOfWork, wanted: Declaration) -> Declared:
    """Opens an incident: its row, clocks, pages and the steps of its channel, all in this transaction (C3, J6).

    The same token gives the same incident again. The same title within two minutes, or an open incident of the same alerts, is joined.
    """
    title = title_of(wanted.title)
    severity = work.policy.severity(wanted.severity)
    met = await _already_open(work, wanted, title)
    if met is not None:
        return Declared(met, joined=met.token != wanted.token)
    opened_at = wanted.opened_at or work.now
    incident = await incidents.add_incident(
        work.tx,
        number=await incidents.next_number(work.tx),
        title=title,
        severity=severity.label,
        status=Status.INVESTIGATING.value,
        impact=wanted.impact,
        started_at=wanted.started_at or opened_at,
        opened_at=opened_at,
        declared_by=wanted.declared_by,
        policy_digest=work.policy.digest,
        token=wanted.token,
        correlation_key=wanted.correlation_key,
        link=wanted.link,
    )
    facts = {"severity": severity.label, "opened_at": opened_at.isoformat(), "number": incident.number}
    await work.write(EntryKind.DECLARED, incident.id, actor_id=wanted.declared_by, text=title, facts=facts)
    await promises.begin_all(work, incident)
    incident = await incidents.get_incident(work.tx, incident.id)
    await _open_channel(work, incident, severity)
    if severity.pages:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return Declared(incident, joined=False)


async def _already_open(work: UnitOfWork, wanted: Declaration, title: str) -> Incident | None:
    known = await incidents.find_by_token(work.tx, wanted.token)
    if known is None and wanted.correlation_key is not None:
        known = await incidents.find_open_by_correlation(work.tx, wanted.correlation_key)
    if known is None and wanted.correlation_key is None and not wanted.even_if_same:
        recent = await incidents.list_opened_since(work.tx, work.now - SAME_TITLE_WITHIN)
        known = next((incident for incident in recent if same_title(incident.title, title)), None)
    return known


async def _open_channel(work: UnitOfWork, incident: Incident, severity: Severity) -> None:
    named = await people.list_by_keys(work.tx, work.policy.members(work.policy.invite))
    wanted = [member.slack_user_id for member in named]
    if incident.declared_by is not None:
        wanted.append((await people.get_person(work.tx, incident.declared_by)).slack_user_id)
    invited = list(dict.fromkeys(user_id for user_id in wanted if user_id))
    situation = await situations.read(work, incident)
    await open_channel(work, incident, invited, notices.declared(situation, severity.meaning)["text"])


async def acknowledge(work: UnitOfWork, incident_id: str, person_id: str, road: Road, clock: ClockName | None = None) -> Acknowledged:
    """Stops what rings and keeps the acknowledge promise; the first one becomes the owner when there is none (B4, J6).

    ``clock`` names the one chain that a phone's reply answers; None means every chain of the incident.
    """
    member = await _actor(work, person_id)
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
    member = await _actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = next_status(incident.status, Step.UPDATE, status)
    words = texts.clean(text.strip(), _TEXT_LIMIT)
    if not words:
        raise Malformed("Say what happened, for example `/incident update Rolled back to 1.4.2, watching the error rate`.")
    incident = await _move(work, incident, wanted, person_id, impact)
    facts = {"status": wanted.value} | ({"impact_changed": True} if impact else {})
    await work.write(EntryKind.UPDATED, incident.id, actor_id=person_id, text=words, facts=facts)
    await promises.keep(work, incident.id, ClockName.UPDATE, person_id)
    promise = await promises.begin(work, incident, ClockName.UPDATE, work.now)
    incident = await incidents.change_incident(work.tx, incident, next_update_at=promise.due_at if promise else None)
    notice = notices.updated(await situations.read(work, incident), member.name, words)
    await _tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    return incident


async def _move(work: UnitOfWork, incident: Incident, wanted: Status, person_id: str, impact: str | None) -> Incident:
    values: dict[str, object] = {"impact": texts.clean(impact.strip(), _TEXT_LIMIT)} if impact else {}
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
    if first_mitigation:
        await promises.keep(work, incident.id, ClockName.MITIGATE, person_id)
    return incident


async def change_severity(work: UnitOfWork, incident_id: str, person_id: str, label: str, reason: str | None = None) -> Incident:
    """Sets another severity: its clocks replace the old ones, counted from the opening, and it rings when it pages."""
    member = await _actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.UPDATE)
    policy = await work.policy_of(incident.policy_digest)
    severity = policy.find_severity(label)
    if severity is None:
        choices = ", ".join(known.label for known in policy.severities)
        raise NotFound(f"There is no severity {label[:40]!r}. Choose one of {choices}.")
    if severity.label == incident.severity:
        return incident
    old = incident.severity
    incident = await incidents.change_incident(work.tx, incident, severity=severity.label)
    facts = {"old": old, "new": severity.label}
    await work.write(EntryKind.SEVERITY_CHANGED, incident.id, actor_id=person_id, text=reason, facts=facts)
    incident = await promises.begin_anew(work, incident, person_id)
    notice = notices.severity_changed(await situations.read(work, incident), member.name, old, reason)
    await _tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    if severity.pages and incident.acknowledged_at is None:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return incident


async def assign_role(work: UnitOfWork, incident_id: str, actor_id: str, role: Role, person_id: str) -> Incident:
    """Gives an incident role to a person; the owner is the one who decides (J5, O12)."""
    await _actor(work, actor_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.UPDATE)
    person = await people.get_person(work.tx, person_id)
    if role is Role.OWNER:
        incident = await incidents.change_incident(work.tx, incident, owner_id=person_id)
    else:
        await incidents.set_role(work.tx, incident.id, role, person_id, work.now)
    facts = {"role": role.value, "person_id": person_id}
    await work.write(EntryKind.ROLE_ASSIGNED, incident.id, actor_id=actor_id, facts=facts)
    notice = notices.role_assigned(await situations.read(work, incident), role, person.name)
    await say(work, incident.id, notice)
    await refresh_card(work, incident.id)
    return incident


async def note(work: UnitOfWork, incident_id: str, person_id: str, text: str) -> None:
    """Adds a note to the timeline; a note is no status update and resets no clock."""
    await _actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    words = texts.clean(text.strip(), _TEXT_LIMIT)
    if not words:
        raise Malformed("Say what to note, for example `/incident note The deploy of 14:02 is suspect`.")
    await work.write(EntryKind.NOTE, incident.id, actor_id=person_id, text=words)


async def resolve(work: UnitOfWork, incident_id: str, person_id: str, text: str | None = None) -> Incident:
    """Resolves: every clock and every ring ends, the postmortem is drafted and its own clock begins (J6, C6)."""
    member = await _actor(work, person_id)
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
    words = texts.clean(text.strip(), _TEXT_LIMIT) if text else None
    await work.write(EntryKind.RESOLVED, incident.id, actor_id=person_id, text=words)
    notice = notices.resolved(await situations.read(work, incident), member.name, words)
    await _tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    promise = await promises.begin_write_up(work, incident)
    await postmortems.draft_and_share(work, incident, promise)
    return incident


async def reopen(work: UnitOfWork, incident_id: str, person_id: str, reason: str | None = None) -> Incident:
    """Opens a resolved incident again: its clocks start anew, and it rings when its severity pages."""
    member = await _actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = next_status(incident.status, Step.REOPEN)
    await promises.withdraw(work, incident.id, (ClockName.POSTMORTEM,), "reopened", person_id)
    nobody = {"acknowledged_at": None, "acknowledged_by": None, "acknowledged_via": None}
    ended = {"resolved_at": None, "resolved_by": None, "mitigated_at": None}
    incident = await incidents.change_incident(work.tx, incident, status=wanted.value, **nobody, **ended)
    await work.write(EntryKind.REOPENED, incident.id, actor_id=person_id, text=reason)
    incident = await promises.begin_anew(work, incident, person_id)
    notice = notices.reopened(await situations.read(work, incident), member.name)
    await _tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    if severity.pages:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return incident


async def _tell_everyone(work: UnitOfWork, incident: Incident, notice: Mapping[str, Any]) -> None:
    """Says it in the incident's channel, and with the status post where it was announced (J10)."""
    await say(work, incident.id, notice)
    announced = notices.announced(await situations.read(work, incident), notice)
    await say(work, incident.id, announced, purpose=Purpose.ANNOUNCE)


async def _actor(work: UnitOfWork, person_id: str) -> Member:
    member = await people.get_person(work.tx, person_id)
    require_act(member)
    return member
