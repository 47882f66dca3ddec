"""Alerts as sources read them, and what becomes of them at a desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.clock import new_id
from bot.domain.alert import Alert, AlertRow, AlertStatus, Delivered, Note, Outcome, Reading
from bot.domain.incidents import Incident
from bot.domain.routing import Channel
from bot.services import alerts, resolutions, situations
from bot.store import alerts as alert_rows
from bot.store import incidents as incident_rows
from bot.store.rows import as_nouns
from bot.store.tables import alerts as alert_table
from tests.house import NOON
from tests.policies import make_policy
from tests.services.desk import Desk

ERRORS, LOGS, METRICS, OTHER, UPTIME = Channel.ERRORS, Channel.LOGS, Channel.METRICS, Channel.OTHER, Channel.UPTIME
DECLARE_ALL = [{"name": "all", "match": {"severity": "*"}, "action": "declare"}]


def fired(fingerprint: str = "f1", starts_at: datetime | None = NOON, source: str = "prometheus", title: str = "", **labels: str) -> Alert:
    """A firing alert; critical unless a label says otherwise."""
    named = {"severity": "critical", **labels}
    return Alert(source, fingerprint, AlertStatus.FIRING, title or f"Trouble {fingerprint}", starts_at, labels=named)


def ended(fingerprint: str = "f1", starts_at: datetime | None = NOON, ends_at: datetime | None = None, source: str = "prometheus") -> Alert:
    """The recovery of an alert."""
    return Alert(source, fingerprint, AlertStatus.RESOLVED, f"Trouble {fingerprint}", starts_at, ends_at)


def delivered(desk: Desk, *read: Alert, channel: Channel = METRICS, test: bool = False, **reading: Any) -> Delivered:
    """The alerts as a delivery that was received at this moment."""
    source = read[0].source if read else "prometheus"
    return Delivered(new_id(), source, channel, desk.clock.now(), Reading(read, **reading), "r1", test)


async def hear(desk: Desk, *read: Alert, **more: Any) -> list[Outcome]:
    """What became of the alerts of one delivery."""
    (outcomes,) = await desk.run(alerts.ingest, [delivered(desk, *read, **more)])
    return outcomes


async def hear_one(desk: Desk, alert: Alert, **more: Any) -> Outcome:
    """What became of one alert."""
    (outcome,) = await hear(desk, alert, **more)
    return outcome


async def note(desk: Desk, fingerprint: str, text: str) -> Outcome:
    """What became of a monitor's remark on an alert."""
    (outcome,) = await hear(desk, notes=(Note(fingerprint, text),))
    return outcome


async def rows(desk: Desk) -> list[AlertRow]:
    """Every alert that is kept, in the order in which they came."""
    ordered = (alert_table.c.first_received_at, alert_table.c.id)
    return await desk.read(lambda work: _all(work.tx, ordered))


async def _all(tx: Any, ordered: Any) -> list[AlertRow]:
    return as_nouns(AlertRow, (await tx.run(tx.select(alert_table).order_by(*ordered))).mappings())


async def alerts_of(desk: Desk, incident_id: str) -> list[AlertRow]:
    """The alerts of an incident."""
    return await desk.read(lambda work: alert_rows.list_of_incident(work.tx, incident_id))


def minutes(count: float) -> timedelta:
    """A span of minutes."""
    return timedelta(minutes=count)


async def incident(desk: Desk, reference: str = "INC-1") -> Incident:
    """The incident as it stands."""
    return await desk.read(lambda work: situations.by_reference(work, reference))


async def all_incidents(desk: Desk) -> list[Incident]:
    """Every incident that there is."""
    return await desk.read(lambda work: incident_rows.list_recent(work.tx, 1000))


async def resolve(desk: Desk, reference: str = "INC-1") -> None:
    """Has Ana resolve it."""
    await desk.run(resolutions.resolve, (await incident(desk, reference)).id, desk.id_of("ana"))


async def under(desk: Desk, **changes: Any) -> Desk:
    """The desk under a policy whose routes declare everything, by its own severity, unless ``changes`` say otherwise."""
    await desk.activate(make_policy(**{"routes": DECLARE_ALL} | changes))
    return desk
