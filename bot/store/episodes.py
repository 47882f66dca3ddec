"""Rows of episodes: each open once, looked at when it is due, kept after its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from bot.clock import new_id
from bot.domain.episodes import Episode, EpisodeKind
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import episodes

_OPEN = episodes.c.ended_at.is_(None)


def _of(kind: EpisodeKind, source: str) -> tuple[ColumnElement[bool], ...]:
    return (_OPEN, episodes.c.kind == kind.value, episodes.c.source == source)


async def add_episode(
    tx: Transaction,
    kind: EpisodeKind,
    source: str,
    subject: str,
    *,
    began_at: datetime,
    due_at: datetime,
    level: int,
    told: bool = True,
) -> Episode:
    """The episode that has begun; a Conflict when it has begun already."""
    episode = Episode(new_id(), kind, source, subject, began_at, due_at, None, level, told)
    values = {"id": episode.id, "kind": kind.value, "source": source, "subject": subject}
    await tx.add(episodes, **values, began_at=began_at, due_at=due_at, level=level, told=told)
    tx.wake("timers")
    return episode


async def list_open(tx: Transaction, kind: EpisodeKind, source: str) -> list[Episode]:
    """What goes on of that kind at a source, the earliest first."""
    rows = await tx.run(tx.select(episodes, *_of(kind, source)).order_by(episodes.c.began_at, episodes.c.id))
    return as_nouns(Episode, rows.mappings())


async def find_due(tx: Transaction, now: datetime) -> Episode | None:
    """The episode that should have been looked at the longest ago, held until the end of the transaction; None when none is due."""
    statement = tx.select(episodes, _OPEN, episodes.c.due_at <= now).order_by(episodes.c.due_at, episodes.c.id).limit(1)
    row = (await tx.run(statement.with_for_update(skip_locked=True))).mappings().first()
    return None if row is None else as_noun(Episode, row)


async def look_again(tx: Transaction, episode: Episode, due_at: datetime) -> None:
    """Has an open episode looked at at that moment, in place of the one before."""
    await tx.run(tx.update(episodes, _OPEN, episodes.c.id == episode.id).values(due_at=due_at))


async def mark_ended(tx: Transaction, episode: Episode, at: datetime) -> None:
    """Ends an episode."""
    await tx.run(tx.update(episodes, _OPEN, episodes.c.id == episode.id).values(ended_at=at))


async def find_next_due(tx: Transaction) -> datetime | None:
    """When the next episode is to be looked at; None when nothing goes on."""
    moment: datetime | None = await tx.connection.scalar(select(func.min(episodes.c.due_at)).where(tx.within(episodes), _OPEN))
    return moment


async def count_overdue(tx: Transaction, before: datetime) -> int:
    """How many should have been looked at before that moment."""
    statement = select(func.count()).select_from(episodes).where(tx.within(episodes), _OPEN, episodes.c.due_at <= before)
    return await tx.connection.scalar(statement) or 0
