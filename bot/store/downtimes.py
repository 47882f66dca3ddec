"""What the availability is computed from: the incidents of a window, and what moved the end of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from bot.domain.availability import TURNS, Turn
from bot.domain.incidents import Incident
from bot.domain.timeline import EntryKind
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import incidents, timeline


def _since(moment: datetime) -> Any:
    return or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at > moment, incidents.c.ended_at > moment)


async def list_lasting(tx: Transaction, since: datetime) -> list[Incident]:
    """The incidents whose trouble lasted beyond ``since``, the oldest first."""
    rows = await tx.run(tx.select(incidents, _since(since)).order_by(incidents.c.number))
    return as_nouns(Incident, rows.mappings())


async def list_turns(tx: Transaction, since: datetime, incident_id: str | None = None) -> list[Turn]:
    """The resolutions, returns and corrected ends of those incidents, or of one alone, in the order in which they were written down."""
    of = incidents.c.id == incident_id if incident_id is not None else _since(since)
    wanted = and_(timeline.c.incident_id == incidents.c.id, of)
    columns = (timeline.c.incident_id, timeline.c.kind, timeline.c.at, timeline.c.facts)
    kinds = [kind.value for kind in TURNS]
    statement = select(*columns).join(incidents, wanted).where(tx.within(timeline), timeline.c.kind.in_(kinds))
    rows = (await tx.run(statement.order_by(timeline.c.incident_id, timeline.c.seq))).mappings()
    return [_turn(row["incident_id"], EntryKind(row["kind"]), row["at"], row["facts"]) for row in rows]


def _turn(incident_id: str, kind: EntryKind, at: datetime, facts: dict[str, Any]) -> Turn:
    ended = kind is EntryKind.TIME_CORRECTED and facts.get("field") == "ended_at"
    return Turn(incident_id, kind, at, datetime.fromisoformat(facts["new"]) if ended else None)
