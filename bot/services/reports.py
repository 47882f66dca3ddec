"""The preliminary report after an incident: a person's words, posted where the incident was worked on and announced (O13)."""

from __future__ import annotations

from bot.domain.incidents import Incident, Purpose
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.errors import Malformed
from bot.messages import stages as words
from bot.messages import texts
from bot.services import promises, situations
from bot.services.outbox import say
from bot.services.people import require_act
from bot.services.work import UnitOfWork

_TEXT_LIMIT = 10_000


async def write(work: UnitOfWork, incident_id: str, member: Member, text: str) -> Incident:
    """Posts the report in the channel and where the incident was announced, which keeps its promise."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    said = texts.clean(text.strip(), _TEXT_LIMIT)
    if not said:
        raise Malformed("Write the report, for example `/incident report The pool ran dry; it is larger now.`; alone, a form asks for it.")
    await work.write(EntryKind.REPORTED, incident.id, actor_id=member.id, text=said)
    await promises.keep(work, incident.id, ClockName.REPORT, member.id)
    notice = words.reported(await situations.read(work, incident), member.name, said)
    for purpose in Purpose:
        await say(work, incident.id, notice, purpose=purpose)
    return incident
