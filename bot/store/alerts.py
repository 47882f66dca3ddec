"""Rows of alerts: one an occurrence, counted when it is said again; read and written many at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from bot.domain.alert import AlertRow, AlertStatus, Disposition
from bot.domain.correlation import FLAPS
from bot.domain.routing import Channel
from bot.domain.situation import AlertCounts
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import alerts

SHOWN = 100
Name = tuple[str, str]
"""Source and fingerprint."""
_COLUMNS = AlertRow._fields
_OTHERS = tuple(name for name in _COLUMNS if name not in ("status", "disposition"))
_READ = [alerts.c[name] for name in ("status", "disposition", *_OTHERS)]
_MOVES = ("status", "last_received_at", "resolved_at", "disposition", "reason", "incident_id", "service", "system", "annotations")

_ONE = update(alerts).where(alerts.c.organisation == bindparam("organisation"), alerts.c.id == bindparam("its_id"))
_ADD = insert(alerts)
_MOVE = _ONE.values({name: bindparam(f"new_{name}") for name in _MOVES})
_SAY = _ONE.values(count=alerts.c.count + bindparam("times"), last_received_at=bindparam("at"))


async def list_heard(tx: Transaction, names: Collection[Name]) -> set[Name]:
    """Which of those alerts were ever heard."""
    if not names:
        return set()
    heard = select(alerts.c.source, alerts.c.fingerprint).where(tx.within(alerts), *_of(names)).distinct()
    return {(row["source"], row["fingerprint"]) for row in (await tx.run(heard)).mappings()}.intersection(names)


async def list_known(tx: Transaction, names: Collection[Name], starts: Collection[datetime], since: datetime) -> list[AlertRow]:
    """The occurrences of those alerts that matter now: firing ones, those of these starts, and those heard of at or after ``since``.

    They are held until the transaction ends, so that nobody moves one to another incident meanwhile.
    """
    if not names:
        return []
    matters = or_(alerts.c.status == AlertStatus.FIRING.value, alerts.c.last_received_at >= since, alerts.c.starts_at.in_(starts))
    statement = select(*_READ).where(tx.within(alerts), *_of(names), matters).order_by(alerts.c.starts_at, alerts.c.id)
    rows = map(_alert_row, await tx.run(statement.with_for_update()))
    return [row for row in rows if (row.source, row.fingerprint) in names]


def _alert_row(row: Any) -> AlertRow:
    """A row of the columns ``_READ``; built by place, for a batch may know a thousand of them."""
    status, disposition, *others = row
    return AlertRow(**dict(zip(_OTHERS, others, strict=True)), status=AlertStatus(status), disposition=Disposition(disposition))


async def list_last_resolved(tx: Transaction, names: Collection[Name]) -> dict[Name, datetime]:
    """When each of those alerts was last said to have ended; one that never did is not in it."""
    if not names:
        return {}
    own = (alerts.c.source, alerts.c.fingerprint)
    where = (tx.within(alerts), *_of(names), alerts.c.resolved_at.is_not(None))
    rows = await tx.run(select(*own, func.max(alerts.c.resolved_at).label("at")).where(*where).group_by(*own))
    return {(row["source"], row["fingerprint"]): row["at"] for row in rows.mappings()}


def _of(names: Collection[Name]) -> tuple[Any, Any]:
    return alerts.c.source.in_({source for source, _ in names}), alerts.c.fingerprint.in_({fingerprint for _, fingerprint in names})


async def add_alerts(tx: Transaction, rows: Sequence[AlertRow]) -> None:
    """Writes new occurrences; one that is there already is a Conflict."""
    if rows:
        await tx.run_many(_ADD, dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)))


async def change_alerts(tx: Transaction, rows: Sequence[AlertRow]) -> None:
    """Writes what became of known occurrences; how often they were said is left to ``count_again``."""
    moved = {f"new_{name}": map(attrgetter(name), rows) for name in _MOVES}
    await tx.run_many(_MOVE, moved | {"its_id": [row.id for row in rows]})


async def count_again(tx: Transaction, said: Mapping[str, tuple[int, datetime]]) -> None:
    """Adds how many more times occurrences were said to be firing, by id, and when last (complaint 18)."""
    await tx.run_many(_SAY, {"its_id": said, "times": [times for times, _ in said.values()], "at": [at for _, at in said.values()]})


async def list_of_incident(tx: Transaction, incident_id: str) -> list[AlertRow]:
    """The alerts of an incident, in the order in which they came."""
    statement = tx.select(alerts, alerts.c.incident_id == incident_id)
    rows = await tx.run(statement.order_by(alerts.c.first_received_at, alerts.c.id))
    return as_nouns(AlertRow, rows.mappings())


async def list_shown(tx: Transaction, incident_id: str) -> list[AlertRow]:
    """The alerts of an incident in the order in which they came; of very many the first and the latest."""
    mine = tx.select(alerts, alerts.c.incident_id == incident_id)
    first = as_nouns(AlertRow, (await tx.run(mine.order_by(alerts.c.first_received_at, alerts.c.id).limit(SHOWN))).mappings())
    if len(first) < SHOWN:
        return first
    newest = mine.order_by(alerts.c.first_received_at.desc(), alerts.c.id.desc()).limit(SHOWN)
    latest = as_nouns(AlertRow, (await tx.run(newest)).mappings())
    return list({row.id: row for row in [*first, *reversed(latest)]}.values())


async def count_all(tx: Transaction, incident_id: str) -> AlertCounts:
    """How many alerts an incident has, how many recovered, and how often they were said."""
    recovered = func.count().filter(alerts.c.status == AlertStatus.RESOLVED.value)
    counted = select(func.count().label("total"), recovered.label("recovered"), func.coalesce(func.sum(alerts.c.count), 0).label("said"))
    row = (await tx.run(counted.where(tx.within(alerts), alerts.c.incident_id == incident_id))).mappings().one()
    return AlertCounts(int(row["total"]), int(row["recovered"]), int(row["said"]))


async def count_of_incident(tx: Transaction, incident_id: str, since: datetime | None = None) -> int:
    """How many alerts an incident has, or has got at or after ``since``."""
    new = () if since is None else (alerts.c.first_received_at >= since,)
    return await _count(tx, incident_id, *new)


async def count_firing(tx: Transaction, incident_id: str) -> int:
    """How many of an incident's alerts are firing."""
    return await _count(tx, incident_id, alerts.c.status == AlertStatus.FIRING.value)


async def count_recovered(tx: Transaction, incident_id: str, since: datetime) -> int:
    """How many of an incident's alerts were said to have recovered at or after ``since``."""
    return await _count(tx, incident_id, alerts.c.status == AlertStatus.RESOLVED.value, alerts.c.last_received_at >= since)


async def _count(tx: Transaction, incident_id: str, *where: Any) -> int:
    counted = select(func.count()).select_from(alerts).where(tx.within(alerts), alerts.c.incident_id == incident_id, *where)
    return int((await tx.run(counted)).scalar_one())


async def list_channels(tx: Transaction, incident_id: str, since: datetime) -> set[Channel]:
    """How the monitors see trouble that reported to the incident at or after ``since``."""
    where = (tx.within(alerts), alerts.c.incident_id == incident_id, alerts.c.last_received_at >= since)
    return {Channel(word) for word in (await tx.run(select(alerts.c.channel).where(*where).distinct())).scalars()}


async def list_said_elsewhere(tx: Transaction, since: datetime) -> list[tuple[str, Channel]]:
    """The incidents whose alerts were heard at or after ``since``, with the channels of those, the latest first."""
    last = func.max(alerts.c.last_received_at)
    where = (tx.within(alerts), alerts.c.incident_id.is_not(None), alerts.c.last_received_at >= since)
    found = select(alerts.c.incident_id, alerts.c.channel).where(*where).group_by(alerts.c.incident_id, alerts.c.channel)
    rows = await tx.run(found.order_by(last.desc()))
    return [(row["incident_id"], Channel(row["channel"])) for row in rows.mappings()]


async def list_held(tx: Transaction, fired_before: datetime, channels: Collection[Channel], limit: int) -> list[AlertRow]:
    """Firing alerts that were held back, the oldest first: for flapping, since before a moment, or silenced ones of those channels."""
    flapped = and_(alerts.c.reason.startswith(FLAPS, autoescape=True), alerts.c.first_received_at <= fired_before)
    silenced = alerts.c.channel.in_([channel.value for channel in channels])
    held = or_(
        and_(alerts.c.disposition == Disposition.INBOX.value, flapped),
        and_(alerts.c.disposition == Disposition.SILENCED.value, silenced),
    )
    firing = (alerts.c.status == AlertStatus.FIRING.value, alerts.c.incident_id.is_(None))
    statement = tx.select(alerts, *firing, held).order_by(alerts.c.first_received_at)
    return as_nouns(AlertRow, (await tx.run(statement.limit(limit))).mappings())
