"""Rows of the outbox: what is to be said to the world, claimed by lease and fenced by token.

At least once: a claim that was never recorded is made again when its lease has run out, marked ambiguous. Who holds an older token
can neither send (``confirm``) nor record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import ColumnElement, func, insert, or_, select, tuple_

from bot.clock import new_id
from bot.domain.outbox import CHANNEL_STEPS, LIVE_STATES, PRIORITY, Kind, MessageState, OutboxMessage, Priority, gates
from bot.store.claims import CLAIM_OTHERS, CLAIM_PAGES, FINISHED_BADLY, LIVE, claimable
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import outbox, rate_gates

_ADD = insert(outbox)
_UNSENT = ("lease_until", "owner", "last_error", "finished_at", "provider_id")
_REAL = ("created_real_at", "due_real_at")
_STEPS = [kind.value for kind in CHANNEL_STEPS]


class About(TypedDict, total=False):
    """What else there is to know of a new message.

    ``ordered`` keeps it behind earlier ones of its lane and priority; ``replace_key`` takes back earlier ones that were not claimed yet.
    ``id`` is given where others wait for it that are added with it.
    """

    lane: Required[str]
    created_at: Required[datetime]
    id: str
    incident_id: str | None
    after_id: str | None
    needs_success: bool
    ordered: bool
    page_id: str | None
    replace_key: str | None
    valid_until: datetime | None
    request_id: str | None


New = tuple[Kind, Mapping[str, Any], About]
"""What a message is to be: its kind, its words, and what else there is to know of it."""
_ABOUT = ("lane", "created_at", "incident_id", "after_id", "page_id", "replace_key", "valid_until", "request_id")


def _row(kind: Kind, words: Mapping[str, Any], about: About) -> dict[str, Any]:
    """The columns of a new message, but for the moments of real time."""
    priority = PRIORITY.get(kind, Priority.NORMAL)
    provider_gate, method_gate = gates(kind, about["lane"])
    return {name: about.get(name) for name in _ABOUT} | {
        "id": about.get("id") or new_id(),
        "kind": kind.value,
        "words": dict(words),
        "order_key": f"{about['lane']}:{priority.value}" if about.get("ordered") else None,
        "provider_gate": provider_gate,
        "method_gate": method_gate,
        "priority": priority.value,
        "needs_success": about.get("needs_success", True),
        "state": MessageState.PENDING.value,
        "attempts": 0,
        "token": 0,
        "ambiguous": False,
    }


async def add_message(tx: Transaction, kind: Kind, words: Mapping[str, Any], **about: Unpack[About]) -> str:
    """The id of the new message."""
    replace_key = about.get("replace_key")
    if replace_key is not None:
        await _supersede(tx, replace_key, about["created_at"])
    row = _row(kind, words, about)
    await tx.run(tx.insert(outbox, **row, created_real_at=tx.real_now, due_real_at=tx.real_now))
    await _give_up_hopeless(tx, [row])
    tx.wake("pages" if row["priority"] == Priority.PAGE.value else "outbox")
    return str(row["id"])


async def add_messages(tx: Transaction, messages: Sequence[New]) -> None:
    """Adds messages that call nobody, in their order, each as ``add_message`` would one that replaces none; one may wait for another."""
    rows = [_row(kind, words, about) for kind, words, about in messages]
    if not rows:
        return
    real_now = await tx.read_real_now()
    columns: dict[str, Iterable[Any]] = {name: map(itemgetter(name), rows) for name in rows[0]}
    await tx.run_many(_ADD, columns | dict.fromkeys(_UNSENT, repeat(None)) | dict.fromkeys(_REAL, repeat(real_now)))
    await _give_up_hopeless(tx, rows)
    tx.wake("outbox")


async def _give_up_hopeless(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Gives up those of the new messages that wait for one that will never be sent."""
    waits_for = {row["after_id"] for row in rows if row["needs_success"]} - {None, *(row["id"] for row in rows)}
    if not waits_for:
        return
    ended = tx.select(outbox, outbox.c.id.in_(waits_for), outbox.c.state.in_(FINISHED_BADLY))
    unsent = {row["id"]: row["kind"] for row in (await tx.run(ended)).mappings()}
    for row in rows:
        if row["needs_success"] and row["after_id"] in unsent:
            await mark_dead(tx, row["id"], f"waits for {unsent[row['after_id']]}, which was not sent", row["created_at"])
            unsent[row["id"]] = row["kind"]


async def _supersede(tx: Transaction, replace_key: str, at: datetime) -> None:
    waiting = (outbox.c.replace_key == replace_key, outbox.c.state == MessageState.PENDING.value)
    await tx.run(tx.update(outbox, *waiting).values(state=MessageState.SUPERSEDED.value, finished_at=at))


async def claim_due(tx: Transaction, owner: str, lease: timedelta, limit: int, *, pages: bool) -> list[OutboxMessage]:
    """Up to ``limit`` messages that may be sent now, only pages or none, each held by a lease and a fresh token.

    Of one priority, those of incidents that call people out go first: when Slack slows us down, theirs are the words that matter.
    """
    now = await tx.read_real_now()
    given = {"ours": tx.scope.organisation, "now": now, "until": now + lease, "holder": owner, "most": limit}
    claimed = as_nouns(OutboxMessage, (await tx.run(CLAIM_PAGES if pages else CLAIM_OTHERS, [given])).mappings())
    return sorted(claimed, key=lambda message: (message.priority, message.id))


def _held(message: OutboxMessage) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.id == message.id,
        outbox.c.token == message.token,
        outbox.c.state == MessageState.SENDING.value,
    )


async def confirm(tx: Transaction, claimed: Sequence[OutboxMessage], lease: timedelta) -> set[str]:
    """The ids of those whose claim still holds: token and lease are ours right before the send; the lease is renewed by this."""
    tokens = {message.id: message.token for message in claimed}
    ours = (outbox.c.id.in_(tokens), tuple_(outbox.c.id, outbox.c.token).in_(tokens.items()))
    held = tx.update(outbox, *ours, outbox.c.state == MessageState.SENDING.value, outbox.c.lease_until > tx.real_now)
    return set((await tx.run(held.values(lease_until=tx.real_after(lease)).returning(outbox.c.id))).scalars())


async def mark_sent(tx: Transaction, message: OutboxMessage, provider_id: str | None, at: datetime) -> bool:
    """Whether the message was still ours to mark as sent."""
    values = {"state": MessageState.SENT.value, "provider_id": provider_id, "finished_at": at, "lease_until": None}
    sent = await tx.changed(tx.update(outbox, *_held(message)).values(**values, last_error=None)) == 1
    tx.wake("outbox")
    return sent


async def mark_again(tx: Transaction, message: OutboxMessage, after: timedelta, error: str, *, ambiguous: bool) -> bool:
    """Whether the message was ours to put back; it is due again ``after`` a real-time span."""
    values = {"state": MessageState.PENDING.value, "lease_until": None, "last_error": error, "ambiguous": ambiguous}
    return await tx.changed(tx.update(outbox, *_held(message)).values(**values, due_real_at=tx.real_after(after))) == 1


async def mark_ended(tx: Transaction, message: OutboxMessage, state: MessageState, error: str, at: datetime) -> bool:
    """Whether the message was ours to end without having been sent."""
    values = {"state": state.value, "lease_until": None, "last_error": error, "finished_at": at}
    ended = await tx.changed(tx.update(outbox, *_held(message)).values(**values)) == 1
    tx.wake("outbox")
    return ended


async def list_waiting_for(tx: Transaction, message_id: str) -> list[OutboxMessage]:
    """The messages that cannot be sent unless that one is."""
    where = (outbox.c.after_id == message_id, outbox.c.needs_success, outbox.c.state == MessageState.PENDING.value)
    return as_nouns(OutboxMessage, (await tx.run(tx.select(outbox, *where))).mappings())


async def withdraw_steps(tx: Transaction, lane: str, at: datetime) -> None:
    """Takes back what was still to be done to a channel that is gone."""
    where = (outbox.c.lane == lane, outbox.c.state == MessageState.PENDING.value, outbox.c.kind.in_(_STEPS))
    await tx.run(tx.update(outbox, *where).values(state=MessageState.SUPERSEDED.value, finished_at=at))


async def hold_back(tx: Transaction, lane: str, after_id: str) -> None:
    """Makes what is still to be said in a lane wait for a message of it that was written later: the new channel."""
    where = (outbox.c.lane == lane, outbox.c.state.in_(LIVE), outbox.c.kind.not_in(_STEPS))
    await tx.run(tx.update(outbox, *where).values(after_id=after_id, needs_success=True))


async def list_behind(tx: Transaction, message: OutboxMessage, limit: int) -> list[OutboxMessage]:
    """Up to ``limit`` messages that wait behind that one in its lane, in the order in which they will be sent."""
    where = (outbox.c.lane == message.lane, outbox.c.state == MessageState.PENDING.value, outbox.c.order_key.is_not(None))
    rows = await tx.run(tx.select(outbox, *where, outbox.c.id > message.id).order_by(outbox.c.id).limit(limit))
    return as_nouns(OutboxMessage, rows.mappings())


async def mark_joined(tx: Transaction, message: OutboxMessage, words: Mapping[str, Any], joined: Sequence[str], at: datetime) -> None:
    """Makes one message say what others would have said after it, which are not sent any more."""
    await tx.run(tx.update(outbox, *_held(message)).values(words=dict(words)))
    waiting = (outbox.c.id.in_(joined), outbox.c.state == MessageState.PENDING.value)
    values = {"state": MessageState.SUPERSEDED.value, "last_error": f"said in one with {message.id}", "finished_at": at}
    await tx.run(tx.update(outbox, *waiting).values(**values))


async def mark_dead(tx: Transaction, message_id: str, error: str, at: datetime) -> None:
    """Gives up on a message that waits for one that will never be sent."""
    values = {"state": MessageState.DEAD.value, "last_error": error, "finished_at": at}
    where = (outbox.c.id == message_id, outbox.c.state == MessageState.PENDING.value)
    await tx.run(tx.update(outbox, *where).values(**values))


async def close_gate(tx: Transaction, key: str, for_: timedelta, reason: str) -> None:
    """Holds back every message behind that gate for a real-time span; the longer of two closings counts."""
    until = tx.real_after(for_)
    longer = tx.update(rate_gates, rate_gates.c.key == key, rate_gates.c.closed_until < until)
    if await tx.changed(longer.values(closed_until=until, reason=reason)) == 0:
        known = (await tx.run(tx.select(rate_gates, rate_gates.c.key == key))).first()
        if known is None:
            await tx.run(tx.insert(rate_gates, key=key, closed_until=until, reason=reason))


async def list_closed_gates(tx: Transaction) -> list[tuple[str, str]]:
    """The gates that are closed now, and why."""
    rows = await tx.run(tx.select(rate_gates, rate_gates.c.closed_until > tx.real_now))
    return [(row["key"], row["reason"]) for row in rows.mappings()]


async def expire_leases(tx: Transaction) -> int:
    """Makes what was being sent when the last process died due at once; for a process that owns the database alone."""
    statement = tx.update(outbox, outbox.c.state == MessageState.SENDING.value)
    return await tx.changed(statement.values(lease_until=tx.real_after(-timedelta(seconds=1))))


async def count_by_state(tx: Transaction) -> dict[MessageState, int]:
    """How many messages are in each state that is not over, and how many are dead."""
    counted = [state.value for state in (*LIVE_STATES, MessageState.DEAD)]
    statement = select(outbox.c.state, func.count()).where(tx.within(outbox), outbox.c.state.in_(counted)).group_by(outbox.c.state)
    return {MessageState(state): count for state, count in await tx.connection.execute(statement)}


async def count_busy(tx: Transaction) -> int:
    """How many messages could be claimed right now or are being sent; one statement, so that none slips between two counts."""
    busy = or_(claimable(), outbox.c.state == MessageState.SENDING.value)
    given = {"ours": tx.scope.organisation, "now": await tx.read_real_now()}
    return await tx.connection.scalar(select(func.count()).select_from(outbox).where(tx.within(outbox), busy), given) or 0


async def list_dead(tx: Transaction, limit: int) -> list[tuple[OutboxMessage, str]]:
    """The newest messages that were given up, with the reason."""
    where = outbox.c.state == MessageState.DEAD.value
    rows = (await tx.run(tx.select(outbox, where).order_by(outbox.c.id.desc()).limit(limit))).mappings().all()
    return [(as_noun(OutboxMessage, row), row["last_error"] or "") for row in rows]
