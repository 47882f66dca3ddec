"""Rows of alerts as people move them: what waits in the inbox, and from one incident to another."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.alert import AlertRow, AlertStatus, Disposition
from bot.errors import NotFound
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import alerts


async def list_inbox(tx: Transaction, limit: int) -> list[AlertRow]:
    """The alerts that fire and wait for somebody to look at them, the latest heard first."""
    firing = alerts.c.status == AlertStatus.FIRING.value
    statement = tx.select(alerts, alerts.c.disposition == Disposition.INBOX.value, alerts.c.incident_id.is_(None), firing)
    return as_nouns(AlertRow, (await tx.run(statement.order_by(alerts.c.last_received_at.desc(), alerts.c.id).limit(limit))).mappings())


async def get_alerts(tx: Transaction, alert_ids: Collection[str]) -> list[AlertRow]:
    """The alerts of those ids, the oldest first, held until the transaction ends; raises NotFound when one is missing."""
    statement = tx.select(alerts, alerts.c.id.in_(list(alert_ids))).order_by(alerts.c.first_received_at, alerts.c.id)
    found = as_nouns(AlertRow, (await tx.run(statement.with_for_update())).mappings())
    missing = set(alert_ids) - {row.id for row in found}
    if missing:
        raise NotFound(f"There is no alert {sorted(missing)[0][:40]}. List the alerts again.")
    return found


async def move_alert(tx: Transaction, alert_id: str, incident_id: str | None, disposition: Disposition, reason: str) -> None:
    """Makes an incident's alert of it, or the inbox's."""
    statement = tx.update(alerts, alerts.c.id == alert_id)
    await tx.run(statement.values(incident_id=incident_id, disposition=disposition.value, reason=reason))
