"""The statements that claim messages. They are put together once: that takes longer than to carry them out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, String, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from bot.domain.outbox import LIVE_STATES, MessageState, Priority
from bot.store.tables import Moment, outbox, pages, rate_gates

LIVE: BindParameter[list[str]] = bindparam("live", [state.value for state in LIVE_STATES], expanding=True, literal_execute=True)
"""Written into the statement as it stands: SQLite takes an index of live messages only for words that it can read beforehand."""
FINISHED_BADLY = [MessageState.DEAD.value, MessageState.CANCELLED.value, MessageState.SUPERSEDED.value]
_NOW, _OURS = bindparam("now", type_=Moment), bindparam("ours", type_=String)


def claimable() -> ColumnElement[bool]:
    """The condition that a message of the organisation ``ours`` may be sent ``now``."""
    first, before = aliased(outbox), aliased(outbox)
    gated = select(rate_gates.c.key).where(
        rate_gates.c.key.in_([outbox.c.provider_gate, outbox.c.method_gate]), rate_gates.c.closed_until > _NOW
    )
    heads = select(func.min(first.c.id)).where(first.c.order_key.is_not(None), first.c.state.in_(LIVE)).group_by(first.c.order_key)
    needed_done = select(before.c.id).where(
        before.c.id == outbox.c.after_id,
        or_(
            before.c.state == MessageState.SENT.value,
            and_(~outbox.c.needs_success, before.c.state.in_(FINISHED_BADLY)),
        ),
    )
    return and_(
        outbox.c.organisation == _OURS,
        outbox.c.state.in_(LIVE),
        or_(outbox.c.order_key.is_(None), outbox.c.id.in_(heads)),
        outbox.c.due_real_at <= _NOW,
        or_(
            outbox.c.state == MessageState.PENDING.value,
            and_(outbox.c.state == MessageState.SENDING.value, outbox.c.lease_until < _NOW),
        ),
        or_(outbox.c.after_id.is_(None), needed_done.exists()),
        ~gated.exists(),
    )


def _claim(lane: ColumnElement[bool]) -> ReturningUpdate[Any]:
    """Gives a ``holder`` so many of the messages that may be sent as are the ``most``, ``until`` a moment.

    They are chosen in a CTE of their own: PostgreSQL may run a subquery once a row, and would then lock and take more than that.
    """
    calls_out = select(pages.c.id).where(pages.c.incident_id == outbox.c.incident_id).exists()
    first = (outbox.c.priority, case((calls_out, 0), else_=1), outbox.c.due_real_at, outbox.c.id)
    due = select(outbox.c.id).where(claimable(), lane).order_by(*first)
    chosen = due.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True, of=outbox).cte("chosen")
    return (
        update(outbox)
        .where(outbox.c.organisation == _OURS, outbox.c.id.in_(select(chosen.c.id)))
        .values(
            state=MessageState.SENDING.value,
            lease_until=bindparam("until"),
            owner=bindparam("holder"),
            token=outbox.c.token + 1,
            attempts=outbox.c.attempts + 1,
            ambiguous=or_(outbox.c.ambiguous, outbox.c.state == MessageState.SENDING.value),
        )
        .returning(*outbox.c)
    )


CLAIM_PAGES = _claim(outbox.c.priority == Priority.PAGE.value)
CLAIM_OTHERS = _claim(outbox.c.priority > Priority.PAGE.value)
