"""The meeting about an incident in people's calendars: planned at the resolution, moved, cancelled; each word of it by mail (O13)."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incidents import Incident
from bot.domain.meetings import Meeting, latest_start
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.messages import stages as words
from bot.messages import times
from bot.messages.invitations import Guest, Method, calendar
from bot.services import informing, situations
from bot.services.outbox import say
from bot.services.work import UnitOfWork
from bot.store import escalations, incidents, meetings, people

_FILE = "meeting.ics"


async def plan(work: UnitOfWork, incident: Incident, promise: Promise) -> Meeting:
    """The meeting, planned for the last moment that the policy allows before its promise is due, and its invitations sent."""
    policy = await work.policy_of(incident.policy_digest)
    return await place(work, incident, latest_start(policy.meeting, promise.due_at, work.now), None)


async def place(work: UnitOfWork, incident: Incident, at: datetime, by: Member | None) -> Meeting:
    """The meeting at that time, whether it is new, was planned for another, or was cancelled; everybody is invited anew."""
    known = await meetings.find_meeting(work.tx, incident.id)
    if known is None:
        meeting = await meetings.add_meeting(work.tx, incident.id, at)
    else:
        meeting = await meetings.change_meeting(work.tx, known, at=at, held_at=None, cancelled_at=None)
    names = await _invite(work, incident, meeting, Method.REQUEST)
    facts = {"at": at.isoformat(), "sequence": meeting.sequence, "names": names}
    await work.write(EntryKind.MEETING_PLANNED, incident.id, actor_id=by.id if by else None, facts=facts)
    policy = await work.policy_of(incident.policy_digest)
    situation = await situations.read(work, incident)
    await say(work, incident.id, words.meeting_planned(situation, meeting, policy.meeting.title, names, by.name if by else None))
    return meeting


async def cancel(work: UnitOfWork, incident_id: str, reason: str) -> None:
    """Takes a meeting that is to come out of people's calendars."""
    meeting = await meetings.find_meeting(work.tx, incident_id)
    if meeting is None or not meeting.to_come:
        return
    incident = await incidents.get_incident(work.tx, incident_id)
    meeting = await meetings.change_meeting(work.tx, meeting, cancelled_at=work.now)
    await _invite(work, incident, meeting, Method.CANCEL)
    await work.write(EntryKind.MEETING_CANCELLED, incident.id, facts={"reason": reason, "sequence": meeting.sequence})
    await say(work, incident.id, words.meeting_cancelled(await situations.read(work, incident)))


async def _invite(work: UnitOfWork, incident: Incident, meeting: Meeting, method: Method) -> list[str]:
    """The names of those who are written to: who responded, and whom the policy names, as far as they have an address."""
    policy = await work.policy_of(incident.policy_digest)
    situation = await situations.read(work, incident)
    guests = await _guests(work, incident)
    if not guests:
        return []
    by_id = {member.id: Guest(member.name, member.email or "") for member in guests}
    callers = (situation.holder(policy.postmortem.by), incident.owner_id, incident.resolved_by)
    organiser = next((by_id[person_id] for person_id in callers if person_id in by_id), next(iter(by_id.values())))
    about = incident.reference if incident.private else f"{incident.reference} {incident.title}"
    content = calendar(method, meeting, policy.meeting, about, organiser, list(by_id.values()), work.now)
    kind = f'text/calendar; charset="utf-8"; method={method.value}'
    attachment = {"filename": _FILE, "content_type": kind, "content": content}
    off = "Cancelled: " if method is Method.CANCEL else ""
    mailed = words.mail(
        f"{off}{policy.meeting.title}: {about}", f"{off}{policy.meeting.title}", times.moment(meeting.at, situation.zones), about
    )
    for member in guests:
        await informing.mail(work, f"person:{member.id}", member.email or "", {**mailed, "attachment": attachment}, incident.id)
    return [member.name for member in guests]


async def _guests(work: UnitOfWork, incident: Incident) -> list[Member]:
    roles = await incidents.list_roles(work.tx, incident.id)
    answered = [page.person_id for page in await escalations.list_pages(work.tx, incident.id) if page.state == "answered"]
    parts = [incident.declared_by, incident.owner_id, incident.acknowledged_by, incident.resolved_by, *roles.values(), *answered]
    policy = await work.policy_of(incident.policy_digest)
    named, _ = await informing.find_people(work, incident, policy.meeting.who)
    responders = [await people.get_person(work.tx, person_id) for person_id in dict.fromkeys(parts) if person_id]
    found = {member.id: member for member in [*responders, *named] if member.email}
    return list(found.values())
