"""What the bot has said of itself: the alerts of the source muster, as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alert import AlertRow, AlertStatus
from bot.domain.own import OWN
from bot.services.work import UnitOfWork
from bot.store.rows import as_nouns
from bot.store.tables import alerts
from tests.house import NOON
from tests.services.desk import Desk


@dataclass(frozen=True)
class Told:
    """One alert of our own: from and to in minutes after noon, None while it goes on."""

    fingerprint: str
    began: float
    ended: float | None


async def rows(desk: Desk) -> list[AlertRow]:
    """The alerts of our own, oldest first."""
    return await desk.read(_rows)


async def _rows(work: UnitOfWork) -> list[AlertRow]:
    found = await work.tx.run(work.tx.select(alerts, alerts.c.source == OWN).order_by(alerts.c.starts_at, alerts.c.id))
    return as_nouns(AlertRow, found.mappings())


async def told(desk: Desk) -> list[Told]:
    """What was said of itself, and when, oldest first."""
    return [Told(row.fingerprint, _minutes(row.starts_at), _end(row)) for row in await rows(desk)]


def _end(row: AlertRow) -> float | None:
    return None if row.resolved_at is None or row.status is AlertStatus.FIRING else _minutes(row.resolved_at)


def _minutes(moment: datetime) -> float:
    return (moment - NOON).total_seconds() / 60
