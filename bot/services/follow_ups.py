"""Follow-ups: what an incident leaves to be done, each with somebody who has it (O6)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.follow_ups import AT_MOST, TEXT_LIMIT, FollowUp, FollowUpKind
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotFound, Refused
from bot.messages import texts
from bot.services import situations
from bot.services.people import may_see, require_act
from bot.services.work import UnitOfWork
from bot.store import follow_ups, incidents, people

_OWED_AT_MOST = 50


async def list_of(work: UnitOfWork, incident: Incident) -> list[FollowUp]:
    """The follow-ups of an incident, done or not, in their order."""
    return await follow_ups.list_of_incident(work.tx, incident.id)


async def names_of(work: UnitOfWork, found: Sequence[FollowUp]) -> dict[str, str]:
    """Who has them, by id."""
    return dict(await people.list_names(work.tx, {one.owner_id for one in found}))


async def add(work: UnitOfWork, incident_id: str, member: Member, text: str, owner: Member | None = None) -> tuple[FollowUp, bool]:
    """The follow-up that a person asks for, and whether it is new; the incident's owner has it unless somebody is named."""
    require_act(member)
    if owner is not None and not owner.access.may_act:
        raise Malformed(f"{owner.name}'s access is “{owner.access.value}”, which cannot change incidents. Choose somebody else.")
    words = texts.one_line(text, TEXT_LIMIT)
    if not words:
        raise Malformed("Say what is to be done, for example `/incident followup Alert on the queue's age`.")
    incident = await situations.hold_unmerged(work, incident_id)
    owner_id = owner.id if owner is not None else (incident.owner_id or member.id)
    return await write(work, incident, words, FollowUpKind.ACTION, owner_id, member.id)


async def write(
    work: UnitOfWork, incident: Incident, text: str, kind: FollowUpKind, owner_id: str | None, by: str | None
) -> tuple[FollowUp, bool]:
    """The follow-up with those words, and whether it was not there before; the incident has to be locked.

    Only people can have too many: what Muster asks for by itself comes with the end of an incident, which must not fail by it.
    """
    known = await list_of(work, incident)
    same = next((one for one in known if one.text == text), None)
    if same is not None:
        return same, False
    if by is not None and len(known) >= AT_MOST:
        raise Refused(f"{incident.reference} has {AT_MOST} follow-ups already. Put the rest where your team plans its work.")
    values = {"kind": kind.value, "text": text, "owner_id": owner_id, "created_at": work.now}
    await follow_ups.add_follow_up(work.tx, incident_id=incident.id, **values)
    facts = {"kind": kind.value, "person_id": owner_id}
    await work.write(EntryKind.FOLLOW_UP_ADDED, incident.id, actor_id=by, text=text, facts=facts)
    return (await list_of(work, incident))[-1], True


async def done(work: UnitOfWork, incident_id: str, member: Member, number: int) -> tuple[FollowUp, bool]:
    """The follow-up of that number, done, and whether it was not before."""
    require_act(member)
    incident = await incidents.lock_incident(work.tx, incident_id)
    found = next((one for one in await list_of(work, incident) if one.number == number), None)
    if found is None:
        raise NotFound(f"{incident.reference} has no follow-up {number}. `/incident followup` lists them.")
    first = await follow_ups.mark_done(work.tx, found, work.now, member.id)
    if first:
        await work.write(EntryKind.FOLLOW_UP_DONE, incident.id, actor_id=member.id, text=found.text, facts={"number": number})
    return next(one for one in await list_of(work, incident) if one.number == number), first


async def owed_by(work: UnitOfWork, member: Member) -> list[tuple[Incident, FollowUp]]:
    """What a person has to follow up, the oldest first, as far as they may see the incidents."""
    owed = []
    for one in await follow_ups.list_open_of(work.tx, member.id, _OWED_AT_MOST):
        incident = await incidents.get_incident(work.tx, one.incident_id)
        if await may_see(work, member, incident):
            owed.append((incident, one))
    return owed
