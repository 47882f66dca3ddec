"""Rows of runbook steps: what an incident was shown, and what of it was done; every runbook that is shown has at least one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bot.clock import new_id
from bot.domain.runbooks import Exercise, RunbookStep
from bot.errors import NotFound
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import incidents, outbox, runbook_steps


async def add_steps(tx: Transaction, incident_id: str, runbook: str, texts: Sequence[str], shown_at: datetime) -> None:
    """Writes the steps of a runbook that an incident is shown, numbered from 1; one that was shown before is a Conflict."""
    for number, text in enumerate(texts, start=1):
        values = {"incident_id": incident_id, "runbook": runbook, "number": number, "text": text, "shown_at": shown_at}
        await tx.add(runbook_steps, id=new_id(), **values)


async def list_steps(tx: Transaction, incident_id: str) -> list[RunbookStep]:
    """The steps of every runbook that the incident was shown, in the order in which it was shown them."""
    statement = tx.select(runbook_steps, runbook_steps.c.incident_id == incident_id).order_by(runbook_steps.c.id)
    return as_nouns(RunbookStep, (await tx.run(statement)).mappings())


async def get_step(tx: Transaction, step_id: str) -> RunbookStep:
    """The step with that id; raises NotFound."""
    row = (await tx.run(tx.select(runbook_steps, runbook_steps.c.id == step_id))).mappings().first()
    if row is None:
        raise NotFound("There is no such step any more. `/incident runbook` lists the steps.")
    return as_noun(RunbookStep, row)


async def mark_ticked(tx: Transaction, step: RunbookStep, at: datetime | None, by: str | None) -> bool:
    """Whether the step was ticked by this, or with None its tick taken back; False when it was so already."""
    as_it_was = runbook_steps.c.ticked_at.is_not(None) if at is None else runbook_steps.c.ticked_at.is_(None)
    return await tx.changed(tx.update(runbook_steps, runbook_steps.c.id == step.id, as_it_was).values(ticked_at=at, ticked_by=by)) == 1


async def mark_message(tx: Transaction, incident_id: str, runbook: str, message_id: str) -> None:
    """Remembers which message shows the steps."""
    where = (runbook_steps.c.incident_id == incident_id, runbook_steps.c.runbook == runbook)
    await tx.run(tx.update(runbook_steps, *where).values(message_id=message_id))


async def find_message_ts(tx: Transaction, incident_id: str, runbook: str) -> str | None:
    """The ts of the message that shows the steps; None while it has not been posted."""
    where = (runbook_steps.c.incident_id == incident_id, runbook_steps.c.runbook == runbook)
    showing = select(runbook_steps.c.message_id).where(tx.within(runbook_steps), *where).limit(1)
    return await tx.connection.scalar(select(outbox.c.provider_id).where(tx.within(outbox), outbox.c.id.in_(showing)))


async def find_last_exercise(tx: Transaction, runbook: str, incident_id: str | None = None) -> Exercise | None:
    """When a step of the runbook was last ticked in any other incident than that one; None when never."""
    mine = (tx.within(runbook_steps), runbook_steps.c.runbook == runbook, runbook_steps.c.ticked_at.is_not(None))
    others = () if incident_id is None else (runbook_steps.c.incident_id != incident_id,)
    joined = select(runbook_steps.c.ticked_at, incidents.c.number, incidents.c.private).join(
        incidents, incidents.c.id == runbook_steps.c.incident_id
    )
    row = (await tx.run(joined.where(*mine, *others).order_by(runbook_steps.c.ticked_at.desc()).limit(1))).mappings().first()
    return None if row is None else Exercise(row["ticked_at"], None if row["private"] else f"INC-{row['number']}")
