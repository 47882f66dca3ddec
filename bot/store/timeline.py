"""Rows of the timeline: appended, read, verified; never changed (triggers refuse it)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import repeat
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, or_, select, update

from bot.clock import new_id
from bot.domain.incidents import Purpose
from bot.domain.timeline import GENESIS, EntryKind, Flaw, TimelineEntry, entry_hash, find_flaw, words_digest
from bot.store.database import Transaction
from bot.store.rows import as_noun
from bot.store.tables import channels, streams, timeline, words

AUDIT = "audit"
"""The stream of what belongs to no incident: refusals, receipts from nowhere."""
_COLUMNS = [column.name for column in timeline.c if column.name not in ("organisation", "branch", "message_ts")]
_ADD = insert(timeline)
_MOVE = (
    update(streams)
    .where(streams.c.organisation == bindparam("organisation"), streams.c.stream == bindparam("its_stream"))
    .values(seq=bindparam("new_seq"), head=bindparam("new_head"))
)


async def _head(tx: Transaction, stream: str) -> tuple[int, str]:
    row = (await tx.run(tx.select(streams, streams.c.stream == stream).with_for_update())).mappings().first()
    if row is None:
        await tx.add(streams, stream=stream, seq=0, head=GENESIS)
        return 0, GENESIS
    return row["seq"], row["head"]


async def add_entry(
    tx: Transaction,
    kind: EntryKind,
    *,
    at: datetime,
    recorded_at: datetime,
    incident_id: str | None = None,
    actor_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
    text: str | None = None,
    refers_to: str | None = None,
    message_ts: str | None = None,
) -> TimelineEntry:
    """The new entry, chained to the one before it in its stream; ``text`` goes into a side row that can be erased."""
    stream = incident_id or AUDIT
    seq, head = await _head(tx, stream)
    salt = secrets.token_hex(16)
    entry = _chained(
        seq,
        head,
        stream=stream,
        incident_id=incident_id,
        at=at.astimezone(UTC),
        recorded_at=recorded_at.astimezone(UTC),
        kind=kind,
        actor_id=actor_id,
        facts=dict(facts or {}),
        refers_to=refers_to,
        digest=None if text is None else words_digest(salt, text),
        text=text,
    )
    await _write(tx, entry, salt, message_ts)
    return entry


def _chained(seq: int, head: str, **fields: Any) -> TimelineEntry:
    """The entry of these fields that comes after the one with this number and hash."""
    bare = TimelineEntry(id=new_id(), seq=seq + 1, previous=head, hash="", **fields)
    return replace(bare, hash=entry_hash(head, bare))


async def _write(tx: Transaction, entry: TimelineEntry, salt: str, message_ts: str | None) -> None:
    values = {name: getattr(entry, name) for name in _COLUMNS}
    await tx.add(timeline, **values, message_ts=message_ts)
    if entry.text is not None:
        await tx.add(words, entry_id=entry.id, salt=salt, text=entry.text)
    statement = tx.update(streams, streams.c.stream == entry.stream, streams.c.seq == entry.seq - 1)
    await tx.must_change(statement.values(seq=entry.seq, head=entry.hash), f"the stream {entry.stream}")


async def add_entries(tx: Transaction, kind: EntryKind, wanted: Sequence[tuple[str, Mapping[str, Any]]], at: datetime) -> None:
    """Appends an entry of that kind for each pair of an incident's id and facts, in their order, each as ``add_entry`` would.

    The heads of their streams are held, in one order, from the look on, and moved on in one go.
    """
    heads = await _heads(tx, {incident_id for incident_id, _ in wanted})
    same: dict[str, Any] = {"at": at.astimezone(UTC), "recorded_at": at.astimezone(UTC), "kind": kind}
    same |= {"actor_id": None, "refers_to": None, "digest": None}
    entries = []
    for incident_id, facts in wanted:
        entry = _chained(*heads[incident_id], stream=incident_id, incident_id=incident_id, facts=dict(facts), **same)
        heads[incident_id] = entry.seq, entry.hash
        entries.append(entry)
    await tx.run_many(_ADD, {name: map(attrgetter(name), entries) for name in _COLUMNS} | {"message_ts": repeat(None)})
    seqs, hashes = zip(*heads.values(), strict=True)
    await tx.run_many(_MOVE, {"its_stream": heads, "new_seq": seqs, "new_head": hashes})


async def _heads(tx: Transaction, incident_ids: Collection[str]) -> dict[str, tuple[int, str]]:
    """How far those incidents' streams are; one that nothing was written to so far is begun."""
    held = tx.select(streams, streams.c.stream.in_(incident_ids)).order_by(streams.c.stream).with_for_update()
    heads = {row["stream"]: (row["seq"], row["head"]) for row in (await tx.run(held)).mappings()}
    return heads | {name: await _head(tx, name) for name in sorted(set(incident_ids) - heads.keys())}


def _entry(row: RowMapping) -> TimelineEntry:
    return as_noun(TimelineEntry, row)


def _entries(tx: Transaction, *where: Any) -> Any:
    return select(timeline, words.c.text).outerjoin(words, words.c.entry_id == timeline.c.id).where(tx.within(timeline), *where)


async def list_entries(tx: Transaction, incident_id: str) -> list[TimelineEntry]:
    """What happened to an incident, in the order it happened; entries of one moment in the order written."""
    statement = _entries(tx, timeline.c.incident_id == incident_id).order_by(timeline.c.at, timeline.c.seq)
    return [_entry(row) for row in (await tx.run(statement)).mappings()]


async def list_audit(tx: Transaction, limit: int) -> list[TimelineEntry]:
    """The newest entries that belong to no incident."""
    statement = _entries(tx, timeline.c.stream == AUDIT).order_by(timeline.c.seq.desc()).limit(limit)
    return [_entry(row) for row in (await tx.run(statement)).mappings()]


async def find_by_message(tx: Transaction, incident_id: str, message_ts: str) -> TimelineEntry | None:
    """The entry of a channel message, whatever became of the message later."""
    where = (timeline.c.incident_id == incident_id, timeline.c.message_ts == message_ts)
    statement = _entries(tx, *where, timeline.c.kind == EntryKind.MESSAGE.value)
    row = (await tx.run(statement)).mappings().first()
    return None if row is None else _entry(row)


_MESSAGES = [kind.value for kind in (EntryKind.MESSAGE, EntryKind.MESSAGE_EDITED, EntryKind.MESSAGE_DELETED)]


async def list_messages(tx: Transaction, incident_id: str) -> list[TimelineEntry]:
    """What was written in the incident's channel, with its edits and deletions, in the order written down."""
    where = (timeline.c.incident_id == incident_id, timeline.c.kind.in_(_MESSAGES))
    return [_entry(row) for row in (await tx.run(_entries(tx, *where).order_by(timeline.c.seq))).mappings()]


async def find_amendment(tx: Transaction, message: TimelineEntry) -> TimelineEntry | None:
    """The newest edit or deletion of a message."""
    where = (timeline.c.stream == message.stream, timeline.c.refers_to == message.id, timeline.c.kind.in_(_MESSAGES))
    row = (await tx.run(_entries(tx, *where).order_by(timeline.c.seq.desc()).limit(1))).mappings().first()
    return None if row is None else _entry(row)


async def erase_words(tx: Transaction, entry_id: str) -> None:
    """Erases what somebody wrote; the chain still verifies, for it holds a salted digest only."""
    await tx.run(tx.update(words, words.c.entry_id == entry_id).values(text=None, salt=None))


async def _changed_words(tx: Transaction, stream: str) -> Flaw | None:
    statement = (
        select(timeline.c.seq, timeline.c.digest, words.c.salt, words.c.text)
        .join(words, words.c.entry_id == timeline.c.id)
        .where(tx.within(timeline), timeline.c.stream == stream, words.c.text.is_not(None))
        .order_by(timeline.c.seq)
    )
    for row in (await tx.run(statement)).mappings():
        if words_digest(row["salt"], row["text"]) != row["digest"]:
            return Flaw(stream, row["seq"], f"the words of entry {row['seq']} were changed")
    return None


async def took_part(tx: Transaction, incident_id: str, person_id: str) -> bool:
    """Whether anything on an incident's timeline was done by that person, coming to its channel included, unless they left it since.

    What they wrote elsewhere and somebody else put onto the timeline is no part of theirs.
    """
    mine = (timeline.c.incident_id == incident_id, timeline.c.actor_id == person_id)
    moves = (EntryKind.MEMBER_JOINED.value, EntryKind.MEMBER_LEFT.value)
    moved = tx.select(timeline, *mine, timeline.c.kind.in_(moves)).order_by(timeline.c.seq.desc()).limit(1)
    last = (await tx.run(moved)).mappings().first()
    if last is not None:
        return bool(last["kind"] == EntryKind.MEMBER_JOINED.value)
    own = select(channels.c.channel_id).where(channels.c.incident_id == incident_id, channels.c.purpose == Purpose.INCIDENT.value)
    here = or_(timeline.c.kind != EntryKind.MESSAGE.value, timeline.c.facts["channel_id"].as_string().in_(own))
    return (await tx.run(tx.select(timeline, *mine, here).limit(1))).first() is not None


async def find_decision(tx: Transaction, incident_id: str) -> TimelineEntry | None:
    """The latest entry of a person who decided the severity of an incident after it was opened."""
    where = (timeline.c.incident_id == incident_id, timeline.c.kind == EntryKind.SEVERITY_CHANGED.value, timeline.c.actor_id.is_not(None))
    row = (await tx.run(_entries(tx, *where).order_by(timeline.c.seq.desc()).limit(1))).mappings().first()
    return None if row is None else _entry(row)


async def find_latest(tx: Transaction, incident_id: str, kinds: Collection[EntryKind]) -> TimelineEntry | None:
    """The latest entry of an incident that is of one of those kinds."""
    where = (timeline.c.incident_id == incident_id, timeline.c.kind.in_([kind.value for kind in kinds]))
    row = (await tx.run(_entries(tx, *where).order_by(timeline.c.seq.desc()).limit(1))).mappings().first()
    return None if row is None else _entry(row)


async def verify(tx: Transaction) -> tuple[int, list[Flaw]]:
    """How many entries there are, and the first flaw of every stream that does not verify."""
    counted, flaws = 0, []
    for head in (await tx.run(tx.select(streams).order_by(streams.c.stream))).mappings().all():
        name = head["stream"]
        rows = await tx.run(_entries(tx, timeline.c.stream == name).order_by(timeline.c.seq))
        entries = [_entry(row) for row in rows.mappings()]
        counted += len(entries)
        flaw = find_flaw(name, entries, head["seq"], head["head"]) or await _changed_words(tx, name)
        flaws += [flaw] if flaw else []
    return counted, flaws
