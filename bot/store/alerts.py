"""Rows of alerts: one an occurrence, counted when it is said again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bot.clock import new_id
from bot.domain.alert import Alert, AlertRow, AlertStatus, Disposition
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import alerts


async def find_occurrence(tx: Transaction, alert: Alert) -> AlertRow | None:
    """The row of the same fingerprint and start; of an alert that names no start, or ends without one we know, the one that is firing."""
    same = (alerts.c.source == alert.source, alerts.c.fingerprint == alert.fingerprint)
    row = None
    if alert.starts_at is not None:
        row = (await tx.run(tx.select(alerts, *same, alerts.c.starts_at == alert.starts_at))).mappings().first()
    if row is None and (alert.starts_at is None or alert.status is AlertStatus.RESOLVED):
        firing = tx.select(alerts, *same, alerts.c.status == AlertStatus.FIRING.value)
        row = (await tx.run(firing.order_by(alerts.c.starts_at.desc()).limit(1))).mappings().first()
    return None if row is None else as_noun(AlertRow, row)


async def find_last_resolved_at(tx: Transaction, source: str, fingerprint: str) -> datetime | None:
    """When that fingerprint was last said to have ended."""
    statement = select(func.max(alerts.c.resolved_at)).where(
        tx.within(alerts), alerts.c.source == source, alerts.c.fingerprint == fingerprint
    )
    moment: datetime | None = await tx.connection.scalar(statement)
    return moment


async def add_alert(
    tx: Transaction,
    alert: Alert,
    received_at: datetime,
    disposition: Disposition,
    reason: str,
    incident_id: str | None,
) -> AlertRow:
    """The row of a new occurrence; the same occurrence twice is a Conflict."""
    identity = new_id()
    row = tx.insert(
        alerts,
        id=identity,
        source=alert.source,
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at or received_at,
        unreadable=alert.unreadable,
        status=alert.status.value,
        title=alert.title,
        labels=dict(alert.labels),
        annotations=dict(alert.annotations),
        url=alert.url,
        count=1 if alert.status is AlertStatus.FIRING else 0,
        first_received_at=received_at,
        last_received_at=received_at,
        resolved_at=None if alert.status is AlertStatus.FIRING else (alert.ends_at or received_at),
        disposition=disposition.value,
        reason=reason,
        incident_id=incident_id,
    )
    await tx.run(row)
    return await get_alert(tx, identity)


async def get_alert(tx: Transaction, alert_id: str) -> AlertRow:
    """The alert with that id."""
    return as_noun(AlertRow, (await tx.run(tx.select(alerts, alerts.c.id == alert_id))).mappings().one())


async def change_alert(tx: Transaction, alert_id: str, **values: Any) -> None:
    """Writes the given columns of an alert."""
    await tx.run(tx.update(alerts, alerts.c.id == alert_id).values(**values))


async def count_again(tx: Transaction, alert_id: str, received_at: datetime) -> None:
    """One more time that the same occurrence was said to be firing (complaint 18)."""
    statement = tx.update(alerts, alerts.c.id == alert_id)
    await tx.run(statement.values(count=alerts.c.count + 1, last_received_at=received_at))


async def list_of_incident(tx: Transaction, incident_id: str) -> list[AlertRow]:
    """The alerts of an incident, in the order in which they came."""
    statement = tx.select(alerts, alerts.c.incident_id == incident_id)
    rows = await tx.run(statement.order_by(alerts.c.first_received_at, alerts.c.id))
    return as_nouns(AlertRow, rows.mappings())
