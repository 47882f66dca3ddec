"""Rows of confirmations: who answered what before an incident was resolved (O12, J11)."""

from __future__ import annotations

from datetime import datetime

from bot.clock import new_id
from bot.domain.closing import Confirmation
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import confirmations


async def list_standing(tx: Transaction, incident_id: str) -> list[Confirmation]:
    """The answers that count, in the order in which they were given."""
    where = (confirmations.c.incident_id == incident_id, confirmations.c.withdrawn_at.is_(None))
    rows = await tx.run(tx.select(confirmations, *where).order_by(confirmations.c.at, confirmations.c.id))
    return as_nouns(Confirmation, rows.mappings())


async def add_confirmation(tx: Transaction, incident_id: str, question: str, answer: str, person_id: str, at: datetime) -> None:
    """Writes down an answer; it takes the place of the one that stood for the question."""
    await _withdraw(tx, incident_id, at, question)
    values = {"question": question, "answer": answer, "person_id": person_id, "at": at}
    await tx.add(confirmations, id=new_id(), incident_id=incident_id, **values)


async def withdraw_all(tx: Transaction, incident_id: str, at: datetime) -> None:
    """Has every answer count no longer; the rows stay."""
    await _withdraw(tx, incident_id, at)


async def _withdraw(tx: Transaction, incident_id: str, at: datetime, question: str | None = None) -> None:
    named = () if question is None else (confirmations.c.question == question,)
    where = (confirmations.c.incident_id == incident_id, confirmations.c.withdrawn_at.is_(None), *named)
    await tx.run(tx.update(confirmations, *where).values(withdrawn_at=at))
