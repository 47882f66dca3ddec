"""Rows of the outbox: what is to be said to the world, claimed by lease and fenced by token.

At least once: a claim that was never recorded is made again when its lease has run out, marked ambiguous. Who holds an older token
can neither send (``confirm``) nor record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from bot.clock import new_id
from bot.domain.outbox import CHANNEL_STEPS, LIVE_STATES, PRIORITY, Kind, MessageState, OutboxMessage, Priority, gates
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import outbox, rate_gates
from bot.store.tables import pages as page_rows

_LIVE: BindParameter[list[str]] = bindparam("live", [state.value for state in LIVE_STATES], expanding=True, literal_execute=True)
"""Written into the statement as it stands: SQLite takes an index of live messages only for words that it can read beforehand."""
_STEPS = [kind.value for kind in CHANNEL_STEPS]
_FINISHED_BADLY = [MessageState.DEAD.value, MessageState.CANCELLED.value, MessageState.SUPERSEDED.value]


async def add_message(
    tx: Transaction,
    kind: Kind,
    words: Mapping[str, Any],
    *,
    lane: str,
    created_at: datetime,
    incident_id: str | None = None,
    after_id: str | None = None,
    needs_success: bool = True,
    ordered: bool = False,
    page_id: str | None = None,
    replace_key: str | None = None,
    valid_until: datetime | None = None,
    request_id: str | None = None,
) -> str:
    """The id of the new message. ``ordered`` keeps it behind earlier ones of its lane and priority; ``replace_key`` takes back
    earlier ones that have not been claimed yet."""
    identity = new_id()
    priority = PRIORITY.get(kind, Priority.NORMAL)
    provider_gate, method_gate = gates(kind, lane)
    if replace_key is not None:
        await _supersede(tx, replace_key, created_at)
    row = tx.insert(
        outbox,
        id=identity,
        incident_id=incident_id,
        kind=kind.value,
        words=dict(words),
        lane=lane,
        order_key=f"{lane}:{priority.value}" if ordered else None,
        provider_gate=provider_gate,
        method_gate=method_gate,
        priority=priority.value,
        after_id=after_id,
        needs_success=needs_success,
        page_id=page_id,
        replace_key=replace_key,
        valid_until=valid_until,
        state=MessageState.PENDING.value,
        attempts=0,
        token=0,
        ambiguous=False,
        created_at=created_at,
        created_real_at=tx.real_now,
        due_real_at=tx.real_now,
        request_id=request_id,
    )
    await tx.run(row)
    if after_id is not None and needs_success:
        await _give_up_if_hopeless(tx, identity, after_id, created_at)
    tx.wake("pages" if priority is Priority.PAGE else "outbox")
    return identity


async def _give_up_if_hopeless(tx: Transaction, message_id: str, after_id: str, at: datetime) -> None:
    before = (await tx.run(tx.select(outbox, outbox.c.id == after_id))).mappings().first()
    if before is not None and before["state"] in _FINISHED_BADLY:
        await mark_dead(tx, message_id, f"waits for {before['kind']}, which was not sent", at)


async def _supersede(tx: Transaction, replace_key: str, at: datetime) -> None:
    waiting = (outbox.c.replace_key == replace_key, outbox.c.state == MessageState.PENDING.value)
    await tx.run(tx.update(outbox, *waiting).values(state=MessageState.SUPERSEDED.value, finished_at=at))


def _claimable(tx: Transaction) -> ColumnElement[bool]:
    now = tx.real_now
    first, before = aliased(outbox), aliased(outbox)
    gated = select(rate_gates.c.key).where(
        rate_gates.c.key.in_([outbox.c.provider_gate, outbox.c.method_gate]), rate_gates.c.closed_until > now
    )
    heads = select(func.min(first.c.id)).where(first.c.order_key.is_not(None), first.c.state.in_(_LIVE)).group_by(first.c.order_key)
    needed_done = select(before.c.id).where(
        before.c.id == outbox.c.after_id,
        or_(
            before.c.state == MessageState.SENT.value,
            and_(~outbox.c.needs_success, before.c.state.in_(_FINISHED_BADLY)),
        ),
    )
    return and_(
        outbox.c.state.in_(_LIVE),
        or_(outbox.c.order_key.is_(None), outbox.c.id.in_(heads)),
        outbox.c.due_real_at <= now,
        or_(
            outbox.c.state == MessageState.PENDING.value,
            and_(outbox.c.state == MessageState.SENDING.value, outbox.c.lease_until < now),
        ),
        or_(outbox.c.after_id.is_(None), needed_done.exists()),
        ~gated.exists(),
    )


async def claim_due(tx: Transaction, owner: str, lease: timedelta, limit: int, *, pages: bool) -> list[OutboxMessage]:
    """Up to ``limit`` messages that may be sent now, only pages or none, each held by a lease and a fresh token.

    Of one priority, those of incidents that call people out go first: when Slack slows us down, theirs are the words that matter. They are
    chosen in a CTE of their own: PostgreSQL may run a subquery once a row, and would then lock and take more than ``limit``.
    """
    page = Priority.PAGE.value
    lane = outbox.c.priority == page if pages else outbox.c.priority > page
    calls_out = select(page_rows.c.id).where(page_rows.c.incident_id == outbox.c.incident_id).exists()
    first = (outbox.c.priority, case((calls_out, 0), else_=1), outbox.c.due_real_at, outbox.c.id)
    due = select(outbox.c.id).where(tx.within(outbox), _claimable(tx), lane).order_by(*first)
    chosen = due.limit(limit).with_for_update(skip_locked=True, of=outbox).cte("chosen")
    statement = (
        tx.update(outbox, outbox.c.id.in_(select(chosen.c.id)))
        .values(
            state=MessageState.SENDING.value,
            lease_until=tx.real_after(lease),
            owner=owner,
            token=outbox.c.token + 1,
            attempts=outbox.c.attempts + 1,
            ambiguous=or_(outbox.c.ambiguous, outbox.c.state == MessageState.SENDING.value),
        )
        .returning(*outbox.c)
    )
    claimed = as_nouns(OutboxMessage, (await tx.run(statement)).mappings())
    return sorted(claimed, key=lambda message: (message.priority, message.id))


def _held(message: OutboxMessage) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.id == message.id,
        outbox.c.token == message.token,
        outbox.c.state == MessageState.SENDING.value,
    )


async def confirm(tx: Transaction, message: OutboxMessage, lease: timedelta) -> bool:
    """Whether the claim still holds: token and lease are ours right before the send; the lease is renewed by this."""
    statement = tx.update(outbox, *_held(message), outbox.c.lease_until > tx.real_now)
    return await tx.changed(statement.values(lease_until=tx.real_after(lease))) == 1


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
    where = (outbox.c.lane == lane, outbox.c.state.in_(_LIVE), outbox.c.kind.not_in(_STEPS))
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
    busy = or_(_claimable(tx), outbox.c.state == MessageState.SENDING.value)
    return await tx.connection.scalar(select(func.count()).select_from(outbox).where(tx.within(outbox), busy)) or 0


async def list_dead(tx: Transaction, limit: int) -> list[tuple[OutboxMessage, str]]:
    """The newest messages that were given up, with the reason."""
    where = outbox.c.state == MessageState.DEAD.value
    rows = (await tx.run(tx.select(outbox, where).order_by(outbox.c.id.desc()).limit(limit))).mappings().all()
    return [(as_noun(OutboxMessage, row), row["last_error"] or "") for row in rows]
