"""Rows of what happened, many incidents at a time: what a policy is tried against before it is in force. Only reads."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from bot.domain.alert import AlertRow
from bot.domain.incidents import Incident
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import alerts, incidents, people, promises, timeline


def _touched(tx: Transaction, since: datetime) -> Select[Any]:
    """The ids of the incidents that those alerts are part of."""
    return select(alerts.c.incident_id).where(tx.within(alerts), alerts.c.first_received_at >= since, alerts.c.incident_id.is_not(None))


async def list_alerts(tx: Transaction, since: datetime) -> list[AlertRow]:
    """The occurrences that were first received at or after ``since``, in that order."""
    statement = tx.select(alerts, alerts.c.first_received_at >= since).order_by(alerts.c.first_received_at, alerts.c.id)
    return as_nouns(AlertRow, (await tx.run(statement)).mappings())


async def list_incidents(tx: Transaction, since: datetime) -> list[Incident]:
    """The incidents of those alerts."""
    return as_nouns(Incident, (await tx.run(tx.select(incidents, incidents.c.id.in_(_touched(tx, since))))).mappings())


async def list_promises(tx: Transaction, since: datetime) -> dict[str, list[Promise]]:
    """The promises of those incidents, by incident."""
    rows = await tx.run(tx.select(promises, promises.c.incident_id.in_(_touched(tx, since))))
    found: dict[str, list[Promise]] = defaultdict(list)
    for promise in as_nouns(Promise, rows.mappings()):
        found[promise.incident_id].append(promise)
    return found


async def list_steps(tx: Transaction, since: datetime) -> dict[str, list[tuple[EntryKind, datetime, dict[str, Any]]]]:
    """The updates and the assignments of roles of those incidents, by incident: kind, moment, facts."""
    kinds = [EntryKind.UPDATED.value, EntryKind.ROLE_ASSIGNED.value]
    columns = (timeline.c.incident_id, timeline.c.kind, timeline.c.at, timeline.c.facts)
    where = (tx.within(timeline), timeline.c.incident_id.in_(_touched(tx, since)), timeline.c.kind.in_(kinds))
    found: dict[str, list[tuple[EntryKind, datetime, dict[str, Any]]]] = defaultdict(list)
    for row in (await tx.run(select(*columns).where(*where).order_by(timeline.c.at, timeline.c.seq))).mappings():
        found[row["incident_id"]].append((EntryKind(row["kind"]), row["at"], row["facts"]))
    return found


async def list_keys(tx: Transaction) -> dict[str, str]:
    """The keys by which the policy calls people, by their ids."""
    rows = await tx.run(select(people.c.id, people.c.key).where(tx.within(people), people.c.key.is_not(None)))
    return {row["id"]: row["key"] for row in rows.mappings()}
