"""Rows of polls: what has to be asked for, claimed by lease and fenced by token, so that of several replicas one asks (B13, C6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from bot.domain.pages import Page, PageState
from bot.domain.polls import Poll
from bot.domain.severity import Road
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import pages, polls

_PHONES = [Road.SMS.value, Road.WHATSAPP.value, Road.VOICE.value]
_ALIVE = [state.value for state in PageState if state.alive]


async def add_poll(tx: Transaction, name: str, cursor: Any) -> None:
    """Adds a poll that is due at once, unless it is there; a Conflict when a twin adds it at this moment."""
    if (await tx.run(tx.select(polls, polls.c.name == name))).first() is None:
        await tx.run(tx.insert(polls, name=name, cursor=cursor, due_real_at=tx.real_now, token=0))


def _due(tx: Transaction, early: timedelta) -> ColumnElement[bool]:
    free = or_(polls.c.lease_until.is_(None), polls.c.lease_until < tx.real_now)
    return and_(polls.c.due_real_at <= tx.real_after(early), free)


async def list_due(tx: Transaction, early: timedelta, hurried: Collection[str]) -> list[str]:
    """The polls that could be claimed now; the ``hurried`` ones count as due ``early`` (real time) before they are."""
    hurry = and_(polls.c.name.in_(list(hurried)), _due(tx, early))
    found = await tx.run(tx.select(polls, or_(_due(tx, timedelta()), hurry)).order_by(polls.c.due_real_at))
    return [row["name"] for row in found.mappings()]


async def claim_due(tx: Transaction, name: str, owner: str, lease: timedelta, early: timedelta) -> Poll | None:
    """The poll with a lease and a fresh token, when it is due or will be within ``early`` and nobody else holds it."""
    held = {"lease_until": tx.real_after(lease), "owner": owner, "token": polls.c.token + 1}
    chosen = select(polls.c.name).where(tx.within(polls), polls.c.name == name, _due(tx, early)).with_for_update(skip_locked=True)
    claimed = await tx.run(tx.update(polls, polls.c.name.in_(chosen)).values(**held).returning(*polls.c))
    row = claimed.mappings().first()
    return None if row is None else as_noun(Poll, row)


async def mark_polled(tx: Transaction, poll: Poll, cursor: Any, again_after: timedelta) -> bool:
    """Whether the poll was still ours to give back; it is due again ``again_after`` a real-time span."""
    values = {"cursor": cursor, "due_real_at": tx.real_after(again_after), "lease_until": None, "owner": None}
    ours = (polls.c.name == poll.name, polls.c.token == poll.token)
    return await tx.changed(tx.update(polls, *ours).values(**values)) == 1


async def make_due(tx: Transaction, name: str) -> None:
    """Makes a poll due at once."""
    await tx.run(tx.update(polls, polls.c.name == name).values(due_real_at=tx.real_now))
    tx.wake("polls")


async def begin_anew(tx: Transaction, name: str, cursor: Any) -> None:
    """Makes a poll due at once with another cursor; whoever is at it now can no longer give it back."""
    values = {"cursor": cursor, "due_real_at": tx.real_now, "lease_until": None, "token": polls.c.token + 1}
    await tx.run(tx.update(polls, polls.c.name == name).values(**values))
    tx.wake("polls")


async def get_cursor(tx: Transaction, name: str) -> Any:
    """What the last turn of a poll left behind; None as well when there is no such poll."""
    row = (await tx.run(tx.select(polls, polls.c.name == name))).mappings().first()
    return None if row is None else row["cursor"]


async def expire_leases(tx: Transaction) -> int:
    """Takes back the leases of a process that died; for one that owns the database alone."""
    return await tx.changed(tx.update(polls, polls.c.lease_until.is_not(None)).values(lease_until=None))


async def any_page_alive(tx: Transaction) -> bool:
    """Whether an answer to any page is still awaited."""
    statement = select(func.count()).select_from(pages).where(tx.within(pages), pages.c.state.in_(_ALIVE))
    return bool(await tx.connection.scalar(statement))


async def list_unfinished(tx: Transaction, limit: int) -> list[Page]:
    """The newest pages by phone whose fate the provider has not told yet, ``limit`` at most."""
    sent = (pages.c.state == PageState.SENT.value, pages.c.provider_id.is_not(None), pages.c.road.in_(_PHONES))
    rows = await tx.run(tx.select(pages, *sent).order_by(pages.c.id.desc()).limit(limit))
    return as_nouns(Page, rows.mappings())
