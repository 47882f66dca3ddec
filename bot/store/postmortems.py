"""Rows of postmortems: every version is kept."""

from __future__ import annotations

from datetime import datetime

from bot.clock import new_id
from bot.store.database import Transaction
from bot.store.tables import postmortems


async def find_latest(tx: Transaction, incident_id: str) -> tuple[int, str] | None:
    """The newest version and its Markdown."""
    where = postmortems.c.incident_id == incident_id
    newest = tx.select(postmortems, where).order_by(postmortems.c.version.desc()).limit(1)
    row = (await tx.run(newest)).mappings().first()
    return None if row is None else (row["version"], row["markdown"])


async def add_version(tx: Transaction, incident_id: str, version: int, markdown: str, created_at: datetime, written_by: str | None) -> None:
    """Keeps a new version; the same number twice is a Conflict."""
    values = {"incident_id": incident_id, "version": version, "markdown": markdown, "written_by": written_by}
    await tx.add(postmortems, id=new_id(), created_at=created_at, **values)
