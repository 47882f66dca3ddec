"""A database with many rows in it before the bot starts: incidents as a bot leaves them, written in bulk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert

from bot.clock import SystemClock, new_id
from bot.domain.incidents import Purpose
from bot.domain.outbox import Kind, MessageState, Priority, gates
from bot.domain.policy_file import load_policy
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import GENESIS
from bot.domain.timers import plan_timers
from bot.services import people
from bot.services.outbox import lane
from bot.services.promises import RESPONSE_CLOCKS
from bot.services.work import Services, UnitOfWork
from bot.store import schema
from bot.store.database import Database, Scope
from bot.store.tables import channels, incidents, outbox, promises, streams, timers

Row = dict[str, Any]
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Many:
    """So many incidents of one severity, opened at one moment and numbered from ``first`` on.

    ``channels`` are their channels' ids in Slack, where they have any.
    """

    count: int
    severity: str
    opened_at: datetime
    resolved: bool = False
    channels: Sequence[str] = ()
    first: int = 1


@asynccontextmanager
async def prepared(folder: Path, policy: str) -> AsyncIterator[Services]:
    """The use cases over the database that a bot with this policy will find in the folder."""
    found = load_policy("bench", lambda name: ("bench", policy) if name == "bench" else _shipped(name))
    clock = SystemClock()
    database = Database(f"sqlite+aiosqlite:///{folder / 'bench.db'}", Scope(found.organisation, found.branch), clock)
    await schema.migrate(database.url)
    services = Services(database, clock, found)
    try:
        await services.run(people.activate_policy)
        yield services
    finally:
        await database.close()


def _shipped(name: str) -> tuple[str, str]:
    return name, (Path(people.__file__).parent.parent / "policies" / f"{name}.yml").read_text(encoding="utf-8")


async def write(work: UnitOfWork, table: Table, rows: Iterable[Row]) -> None:
    """Writes rows of the scope, thousands in a statement."""
    scope = {"organisation": work.tx.scope.organisation, "branch": work.tx.scope.branch}
    scoped = (scope | row for row in rows)
    while chunk := list(islice(scoped, _AT_ONCE)):
        await work.tx.run(insert(table), chunk)


async def add_incidents(work: UnitOfWork, many: Many) -> list[str]:
    """The ids of new incidents with their streams, channels and, while they are open, the clocks that their severity promises."""
    ids = [new_id() for _ in range(many.count)]
    await write(work, incidents, (_incident(work, many, number, incident) for number, incident in enumerate(ids, many.first)))
    await write(work, streams, ({"stream": incident, "seq": 0, "head": GENESIS} for incident in ids))
    await write(work, channels, (_channel(*pair) for pair in zip(ids, many.channels, strict=False)))
    promised = [] if many.resolved else list(_promises(work, many, ids))
    await write(work, promises, promised)
    await write(work, timers, (timer for promise in promised for timer in _timers(work, many, promise)))
    return ids


def _incident(work: UnitOfWork, many: Many, number: int, incident: str) -> Row:
    status = Status.RESOLVED if many.resolved else Status.INVESTIGATING
    return {
        "id": incident,
        "number": number,
        "title": f"Incident {number} of the bench",
        "severity": many.severity,
        "status": status.value,
        "started_at": many.opened_at,
        "opened_at": many.opened_at,
        "resolved_at": many.opened_at + timedelta(hours=1) if many.resolved else None,
        "policy_digest": work.policy.digest,
        "token": f"bench:{number}",
        "version": 1,
    }


def _channel(incident: str, channel: str) -> Row:
    name = f"bench-{channel.lower()}"
    return {"id": new_id(), "incident_id": incident, "purpose": Purpose.INCIDENT.value, "name": name, "channel_id": channel, "live": True}


def _promises(work: UnitOfWork, many: Many, ids: Sequence[str]) -> Iterator[Row]:
    clocks = work.policy.severity(many.severity).clocks
    for incident in ids:
        for clock in [one for one in RESPONSE_CLOCKS if one in clocks]:
            times = {"started_at": many.opened_at, "due_at": many.opened_at + clocks[clock].breach}
            yield {"id": new_id(), "incident_id": incident, "clock": clock.value, "cycle": 1, **times}


def _timers(work: UnitOfWork, many: Many, promise: Mapping[str, Any]) -> Iterator[Row]:
    rule = work.policy.severity(many.severity).clocks[ClockName(promise["clock"])]
    whose = {"incident_id": promise["incident_id"], "promise_id": promise["id"], "armed_at": many.opened_at}
    for kind, due_at in plan_timers(rule, many.opened_at):
        yield {"id": new_id(), "kind": kind.value, "due_at": due_at, **whose}


async def add_posts(work: UnitOfWork, ids: Sequence[str], each: int) -> None:
    """Puts ``each`` posts into every incident's channel, to be sent in their order."""
    await write(work, outbox, (_post(work, incident, number) for number in range(each) for incident in ids))


def _post(work: UnitOfWork, incident: str, number: int) -> Row:
    address, now = lane(incident, Purpose.INCIDENT), work.now
    provider_gate, method_gate = gates(Kind.POST, address)
    return {
        "id": new_id(),
        "incident_id": incident,
        "kind": Kind.POST.value,
        "words": {"text": f"Remark {number} that waits to be said"},
        "lane": address,
        "order_key": f"{address}:{Priority.NORMAL.value}",
        "provider_gate": provider_gate,
        "method_gate": method_gate,
        "priority": Priority.NORMAL.value,
        "needs_success": True,
        "state": MessageState.PENDING.value,
        "attempts": 0,
        "token": 0,
        "ambiguous": False,
        "created_at": now,
        "created_real_at": now,
        "due_real_at": now,
    }
