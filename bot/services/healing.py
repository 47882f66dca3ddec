"""What people wrote while nobody listened becomes the timeline after all, read from Slack's history (C6).

Messages, edits and deletions are healed; reactions are not: history shows who reacted, but not when, nor what was taken away.
One step is one call to Slack, and what it brought is written together with how far the reading has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import telemetry
from bot.domain.healing import HistoryPage, Known, Missed, Reading, Stretch, Written, missed
from bot.domain.incidents import Incident, Purpose
from bot.domain.polls import Poll
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.errors import SendError
from bot.messages import texts
from bot.services import timeline
from bot.services.people import in_readable_words
from bot.services.timeline import Post, moment_of
from bot.services.work import UnitOfWork
from bot.store import incidents, polls
from bot.store import timeline as rows

HEAL_EVERY = timedelta(minutes=10)
HEALED_FOR = timedelta(days=3)
"""How long after its end an incident's channel is read after downtime: what is said there still belongs into the postmortem."""
_RECENT = 50
_STALE_CURSOR, _MISSING_SCOPE = "invalid_cursor", "missing_scope"


@dataclass(frozen=True, slots=True)
class Step:
    """What to read next, and the newest timeline entry before it was read; ``reading.channel_id`` is None when all was read."""

    reading: Reading
    as_of: int


async def next_step(work: UnitOfWork, cursor: Any) -> Step:
    """The next step of the reading that ``cursor`` holds, or the first of a new one: of every channel after downtime, else of open ones."""
    reading = Reading() if cursor is None else Reading.model_validate(cursor)
    if reading.channel_id is None:
        reading = reading.of(await _channels(work, ended=cursor is None), whole=cursor is None)
    if reading.channel_id is None:
        return Step(reading, 0)
    entries = await _entries(work, reading.channel_id)
    return Step(reading.begun(_known(entries, reading.channel_id)), max((entry.seq for entry in entries), default=0))


async def _channels(work: UnitOfWork, *, ended: bool) -> list[str]:
    found: list[Incident] = await incidents.list_open(work.tx)
    if ended:
        recent = await incidents.list_recent(work.tx, _RECENT)
        found += [one for one in recent if one.resolved_at is not None and one.resolved_at >= work.now - HEALED_FOR]
    channels = [await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT) for incident in found]
    return [channel.channel_id for channel in channels if channel is not None and channel.channel_id is not None]


async def _entries(work: UnitOfWork, channel_id: str) -> list[TimelineEntry]:
    incident = await incidents.find_by_channel(work.tx, channel_id)
    return [] if incident is None else await rows.list_messages(work.tx, incident.id)


def _known(entries: Sequence[TimelineEntry], channel_id: str) -> list[Known]:
    """The messages as their newest entries left them; entries come in the order written.

    One that stands in another channel, or of which nobody wrote down where it stands, has no place here.
    """
    known: dict[str, Known] = {}
    for entry in entries:
        ts = str(entry.facts["message_ts"])
        if entry.kind is EntryKind.MESSAGE:
            here = entry.facts.get("channel_id") == channel_id
            place = entry.facts.get("thread_ts", ts) if here else None
            known[ts] = Known(ts, entry.text, deleted=False, thread_ts=place, seq=entry.seq)
        elif ts in known:
            gone = entry.kind is EntryKind.MESSAGE_DELETED
            known[ts] = replace(known[ts], text=entry.text, deleted=known[ts].deleted or gone, seq=entry.seq)
    return list(known.values())


async def take(work: UnitOfWork, poll: Poll, step: Step, page: HistoryPage) -> Missed:
    """What the page brought that the timeline lacked, now written down; an event that came meanwhile is not doubled."""
    channel_id = step.reading.channel_id
    assert channel_id is not None, "a page is of a channel"
    found = await _heal(work, channel_id, step, step.reading.stretch(page))
    await _go_on(work, poll, step.reading.after(page))
    return found


async def _heal(work: UnitOfWork, channel_id: str, step: Step, stretch: Stretch) -> Missed:
    incident = await incidents.find_by_channel(work.tx, channel_id)
    if incident is None:
        return Missed()
    await incidents.lock_incident(work.tx, incident.id)
    shown = [message if not message.edited else await _as_kept(work, message) for message in stretch.messages]
    known = _known(await rows.list_messages(work.tx, incident.id), channel_id)
    found = missed(known, replace(stretch, messages=shown), step.as_of)
    for message in found.added:
        await timeline.channel_message(work, _post(channel_id, message))
    as_sent = {message.ts: message.text for message in stretch.messages}
    for message in found.edited:
        await timeline.message_edited(work, channel_id, message.ts, as_sent[message.ts])
    for ts in found.deleted:
        await timeline.message_deleted(work, channel_id, ts)
    return found


async def _as_kept(work: UnitOfWork, message: Written) -> Written:
    """The message with its text as the timeline would hold it, so that the two can be compared."""
    return replace(message, text=texts.clean(await in_readable_words(work, message.text), timeline.TEXT_LIMIT))


def _post(channel_id: str, message: Written) -> Post:
    at = moment_of(message.ts)
    return Post(channel_id, message.user_id, message.ts, message.text, at, message.thread_ts, message.files)


async def _go_on(work: UnitOfWork, poll: Poll, reading: Reading) -> None:
    again_after = HEAL_EVERY if reading.channel_id is None else timedelta()
    await polls.mark_polled(work.tx, poll, reading.model_dump(mode="json"), again_after)


async def rest(work: UnitOfWork, poll: Poll, step: Step) -> None:
    """Ends a reading that found no channel."""
    await _go_on(work, poll, step.reading)


def hopeless(error: SendError) -> bool:
    """Whether asking the same again is no use; a scope may be missing for private channels alone, and must not hold up the others."""
    return error.permanent or error.code == _MISSING_SCOPE


async def leave_out(work: UnitOfWork, poll: Poll, step: Step, error: SendError) -> None:
    """Goes on after a refusal for good: without that thread, without that channel, or from its start when our place in it is void."""
    reading = step.reading
    if error.code == _STALE_CURSOR and reading.next_cursor is not None:
        reading = reading.again()
    else:
        telemetry.logger().warning("history_not_readable", channel_id=reading.channel_id, error=str(error))
        reading = reading.without_thread() if reading.thread_ts is not None else reading.without_channel()
    await _go_on(work, poll, reading)
