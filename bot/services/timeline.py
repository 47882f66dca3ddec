"""What people write in an incident's channel becomes its timeline; edits and deletions are entries of their own (C6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.incidents import Incident
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.errors import Malformed
from bot.messages import texts
from bot.services.people import in_readable_words, require_act, who_in_slack
from bot.services.work import UnitOfWork
from bot.store import incidents, people, timeline

TEXT_LIMIT = 10_000
_FILES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Post:
    """A message as Slack delivers it; ``text`` with mentions as ids, ``thread_ts`` where it answers another one, ``files`` by name."""

    channel_id: str
    user_id: str
    message_ts: str
    text: str
    at: datetime
    thread_ts: str | None = None
    files: Sequence[str] = ()


def moment_of(message_ts: str) -> datetime:
    """When a message was written, by its ts; raises Malformed for what is none."""
    try:
        return datetime.fromtimestamp(float(message_ts), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed("That is no message of Slack.") from error


async def _incident(work: UnitOfWork, channel_id: str) -> Incident | None:
    found = await incidents.find_by_channel(work.tx, channel_id)
    return None if found is None else await incidents.lock_incident(work.tx, found.id)


async def channel_message(work: UnitOfWork, post: Post) -> bool:
    """Whether the message was new and belongs to an incident; the same message is taken once."""
    incident = await _incident(work, post.channel_id)
    if incident is None or await timeline.find_by_message(work.tx, incident.id, post.message_ts) is not None:
        return False
    await _write(work, incident, post)
    return True


async def _write(work: UnitOfWork, incident: Incident, post: Post) -> TimelineEntry:
    member = await who_in_slack(work, post.user_id, post.user_id)
    words = texts.clean(await in_readable_words(work, post.text), TEXT_LIMIT)
    facts: dict[str, object] = {"message_ts": post.message_ts, "channel_id": post.channel_id}
    if post.thread_ts and post.thread_ts != post.message_ts:
        facts["thread_ts"] = post.thread_ts
    if post.files:
        facts["files"] = [texts.one_line(name, 200) for name in post.files[:_FILES_KEPT]]
    ts = post.message_ts
    return await work.write(EntryKind.MESSAGE, incident.id, actor_id=member.id, text=words, at=post.at, message_ts=ts, facts=facts)


async def message_edited(work: UnitOfWork, channel_id: str, message_ts: str, text: str) -> bool:
    """Whether an edit of a message that we know was written down, as a new entry that points to the old."""
    words = texts.clean(await in_readable_words(work, text), TEXT_LIMIT)
    return await _amend(work, channel_id, message_ts, EntryKind.MESSAGE_EDITED, words)


async def message_deleted(work: UnitOfWork, channel_id: str, message_ts: str) -> bool:
    """Whether the deletion of a message that we know was written down."""
    return await _amend(work, channel_id, message_ts, EntryKind.MESSAGE_DELETED, None)


async def _amend(work: UnitOfWork, channel_id: str, message_ts: str, kind: EntryKind, text: str | None) -> bool:
    incident = await _incident(work, channel_id)
    old = None if incident is None else await timeline.find_by_message(work.tx, incident.id, message_ts)
    if incident is None or old is None:
        return False
    last = await timeline.find_amendment(work.tx, old) or old
    if last.kind is EntryKind.MESSAGE_DELETED or (kind is EntryKind.MESSAGE_EDITED and last.text == text):
        return False
    facts = {"message_ts": message_ts}
    await work.write(kind, incident.id, actor_id=old.actor_id, text=text, refers_to=old.id, facts=facts)
    return True


async def pinned(work: UnitOfWork, channel_id: str, user_id: str, message_ts: str, *, back: bool = False) -> bool:
    """Whether somebody's pushpin on a message of an incident's channel was written down; ``back`` when it was taken off again.

    Only who may act on incidents marks the timeline: the reaction of anybody else is ignored.
    """
    incident = await _incident(work, channel_id)
    member = await who_in_slack(work, user_id, user_id)
    if incident is None or not member.access.may_act:
        return False
    known = await timeline.find_by_message(work.tx, incident.id, message_ts)
    kind = EntryKind.UNPINNED if back else EntryKind.PINNED
    text = None if known is None or back else known.text
    refers_to = known.id if known is not None else None
    facts = {"message_ts": message_ts}
    await work.write(kind, incident.id, actor_id=member.id, text=text, refers_to=refers_to, facts=facts)
    return True


async def keep_message(work: UnitOfWork, incident_id: str, person_id: str, post: Post) -> None:
    """Puts a message of any channel onto an incident's timeline, at its own time and by its own author, pinned by who asked."""
    require_act(await people.get_person(work.tx, person_id))
    incident = await incidents.lock_incident(work.tx, incident_id)
    known = await timeline.find_by_message(work.tx, incident.id, post.message_ts)
    entry = known or await _write(work, incident, post)
    facts = {"message_ts": post.message_ts}
    await work.write(EntryKind.PINNED, incident.id, actor_id=person_id, text=entry.text, refers_to=entry.id, facts=facts)


async def member_moved(work: UnitOfWork, channel_id: str, user_id: str, *, joined: bool) -> bool:
    """Whether somebody's coming to an incident's channel, or leaving it, was written down."""
    incident = await _incident(work, channel_id)
    if incident is None:
        return False
    member = await who_in_slack(work, user_id, user_id)
    await work.write(EntryKind.MEMBER_JOINED if joined else EntryKind.MEMBER_LEFT, incident.id, actor_id=member.id)
    return True
