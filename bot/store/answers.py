"""Rows of answers already given: a request that comes again gets the same answer and has no second effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from bot.store.database import Transaction
from bot.store.tables import answers


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a request with that key; ``request_digest`` tells whether it is the same request."""

    request_digest: str
    answer: Any
    created_at: datetime


async def find_answer(tx: Transaction, key: str) -> Answered | None:
    """The answer given to that key."""
    row = (await tx.run(tx.select(answers, answers.c.key == key))).mappings().first()
    return None if row is None else Answered(row["request_digest"], row["answer"], row["created_at"])


async def add_answer(tx: Transaction, key: str, request_digest: str, answer: Any, created_at: datetime) -> None:
    """Remembers the answer; a Conflict when the same key is being answered at this moment."""
    row = tx.insert(answers, key=key, request_digest=request_digest, answer=answer, created_at=created_at)
    await tx.run(row)


async def replace_answer(tx: Transaction, key: str, request_digest: str, answer: Any, created_at: datetime) -> None:
    """Remembers the answer in place of the one before; a Conflict when somebody else does so at this moment."""
    await tx.run(delete(answers).where(tx.within(answers), answers.c.key == key))
    await add_answer(tx, key, request_digest, answer, created_at)


async def forget_answers(tx: Transaction, before: datetime) -> int:
    """Drops answers older than that moment; nobody redelivers after a day."""
    return await tx.changed(delete(answers).where(tx.within(answers), answers.c.created_at < before))
