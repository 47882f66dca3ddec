"""Rows of meetings: one an incident, however often it is moved, cancelled and planned again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.clock import new_id
from bot.domain.meetings import Meeting
from bot.store.database import Transaction
from bot.store.rows import as_noun
from bot.store.tables import meetings


async def find_meeting(tx: Transaction, incident_id: str) -> Meeting | None:
    """The meeting about an incident, whether it is to come, was held or was cancelled."""
    row = (await tx.run(tx.select(meetings, meetings.c.incident_id == incident_id))).mappings().first()
    return None if row is None else as_noun(Meeting, row)


async def add_meeting(tx: Transaction, incident_id: str, at: datetime) -> Meeting:
    """The new meeting; a second one of the same incident is a Conflict."""
    identity = new_id()
    await tx.add(meetings, id=identity, incident_id=incident_id, at=at, sequence=0)
    return Meeting(identity, incident_id, at, 0, None, None)


async def change_meeting(tx: Transaction, meeting: Meeting, **values: Any) -> Meeting:
    """The meeting with other values, as its next version; a lost race is a Conflict."""
    statement = tx.update(meetings, meetings.c.id == meeting.id, meetings.c.sequence == meeting.sequence)
    await tx.must_change(statement.values(sequence=meeting.sequence + 1, **values), "the meeting")
    found = await find_meeting(tx, meeting.incident_id)
    assert found is not None, "its row was changed just now"
    return found
