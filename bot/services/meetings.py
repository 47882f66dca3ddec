"""The meeting about an incident, as people move it and hold it (O13)."""

from __future__ import annotations

from bot.domain.meetings import Meeting, coming_moment
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.errors import Refused
from bot.messages import stages as words
from bot.services import invitations, promises, situations
from bot.services.outbox import say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents, meetings


async def move(work: UnitOfWork, incident_id: str, member: Member, text: str) -> Meeting:
    """The meeting, moved to the time that the text names, or planned for it; everybody is invited anew."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    if incident.open:
        raise Refused(f"{incident.reference} is not resolved yet; the meeting about it is planned then.")
    policy = await work.policy_of(incident.policy_digest)
    at = coming_moment(text, work.now, policy.zones[0].zone)
    known = await meetings.find_meeting(work.tx, incident.id)
    if known is not None and known.held_at is not None:
        raise Refused(f"The meeting about {incident.reference} was held already.")
    if known is not None and known.to_come and known.at == at:
        raise Refused(f"The meeting about {incident.reference} is at that time already; everybody has the invitation.")
    return await invitations.place(work, incident, at, member)


async def hold(work: UnitOfWork, incident_id: str, member: Member) -> None:
    """Writes down that the meeting was held, which keeps its promise."""
    require_act(member)
    incident = await incidents.lock_incident(work.tx, incident_id)
    meeting = await meetings.find_meeting(work.tx, incident.id)
    if meeting is None or not meeting.to_come:
        raise Refused(f"No meeting about {incident.reference} is planned. `/incident meeting tomorrow 15:00` plans one.")
    await meetings.change_meeting(work.tx, meeting, held_at=work.now)
    await work.write(EntryKind.MEETING_HELD, incident.id, actor_id=member.id)
    await promises.keep(work, incident.id, ClockName.MEETING, member.id)
    await say(work, incident.id, words.meeting_held(await situations.read(work, incident), member.name))
