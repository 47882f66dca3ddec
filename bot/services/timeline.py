"""What people write in an incident's channel becomes its timeline; edits and deletions are entries of their own (C6)."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incidents import Incident
from bot.domain.timeline import EntryKind
from bot.messages import texts
from bot.services.people import who_in_slack
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline

_TEXT_LIMIT = 10_000


async def _incident(work: UnitOfWork, channel_id: str) -> Incident | None:
    found = await incidents.find_by_channel(work.tx, channel_id)
    return None if found is None else await incidents.lock_incident(work.tx, found.id)


async def channel_message(
    work: UnitOfWork, channel_id: str, user_id: str, user_name: str, message_ts: str, text: str, at: datetime
) -> bool:
    """Whether the message was new and belongs to an incident; the same message is taken once."""
    incident = await _incident(work, channel_id)
    if incident is None or await timeline.find_by_message(work.tx, incident.id, message_ts) is not None:
        return False
    member = await who_in_slack(work, user_id, user_name)
    words = texts.clean(text, _TEXT_LIMIT)
    facts = {"message_ts": message_ts}
    await work.write(EntryKind.MESSAGE, incident.id, actor_id=member.id, text=words, at=at, message_ts=message_ts, facts=facts)
    return True


async def message_edited(work: UnitOfWork, channel_id: str, message_ts: str, text: str) -> bool:
    """Whether an edit of a message that we know was written down, as a new entry that points to the old."""
    return await _amend(work, channel_id, message_ts, EntryKind.MESSAGE_EDITED, texts.clean(text, _TEXT_LIMIT))


async def message_deleted(work: UnitOfWork, channel_id: str, message_ts: str) -> bool:
    """Whether the deletion of a message that we know was written down."""
    return await _amend(work, channel_id, message_ts, EntryKind.MESSAGE_DELETED, None)


async def _amend(work: UnitOfWork, channel_id: str, message_ts: str, kind: EntryKind, text: str | None) -> bool:
    incident = await _incident(work, channel_id)
    old = None if incident is None else await timeline.find_by_message(work.tx, incident.id, message_ts)
    if incident is None or old is None:
        return False
    facts = {"message_ts": message_ts}
    await work.write(kind, incident.id, actor_id=old.actor_id, text=text, refers_to=old.id, facts=facts)
    return True
