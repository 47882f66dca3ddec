"""The past as a simulation takes it: alerts as they came, with what people did about their incidents. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertRow, AlertStatus
from bot.domain.consequences import Lived
from bot.domain.incidents import Incident, Role
from bot.domain.routing import Channel
from bot.domain.severity import ClockName
from bot.domain.simulation import Heard
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.services.work import UnitOfWork
from bot.store import past

_ROLES = {
    Role.COMMANDER.value: ClockName.COMMANDER,
    Role.TECHNICAL_LEAD.value: ClockName.TECHNICAL_LEAD,
    Role.COMMUNICATIONS_LEAD.value: ClockName.COMMUNICATIONS,
}
_ALWAYS = frozenset({ClockName.ACKNOWLEDGE, ClockName.MITIGATE, ClockName.UPDATE, ClockName.RESOLVE, *_ROLES.values()})
"""The clocks that are kept by what is always written down, whichever policy was in force."""
Steps = Sequence[tuple[EntryKind, datetime, Mapping[str, Any]]]


async def heard_since(work: UnitOfWork, since: datetime) -> list[Heard]:
    """The alerts that were first received at or after ``since``, in that order, each with what its incident saw."""
    promises, steps = await past.list_promises(work.tx, since), await past.list_steps(work.tx, since)
    keys = await past.list_keys(work.tx)
    lived = {
        incident.id: _lived(incident, promises.get(incident.id, []), steps.get(incident.id, []), keys, work.now)
        for incident in await past.list_incidents(work.tx, since)
    }
    return [_heard(row, lived.get(row.incident_id or "")) for row in await past.list_alerts(work.tx, since)]


def _heard(row: AlertRow, lived: Lived | None) -> Heard:
    labels, words = row.labels, row.annotations
    start = AlertStatus.FIRING
    alert = Alert(row.source, row.fingerprint, start, row.title, row.starts_at, None, labels, words, row.url, row.unreadable)
    return Heard(alert, Channel(row.channel), row.first_received_at, row.resolved_at, lived)


def _lived(incident: Incident, promises: Iterable[Promise], steps: Steps, keys: Mapping[str, str], now: datetime) -> Lived:
    """When each clock was kept: by what the incident and its timeline say, and by its promises for what only they know."""
    said = {
        ClockName.ACKNOWLEDGE: incident.acknowledged_at,
        ClockName.MITIGATE: incident.mitigated_at,
        ClockName.RESOLVE: incident.resolved_at,
    }
    kept = {clock: at for clock, at in said.items() if at is not None}
    promised: set[ClockName] = set()
    updated = {at for kind, at, _ in steps if kind is EntryKind.UPDATED}
    for promise in promises:
        promised.add(promise.clock)
        if promise.kept_at is not None and promise.clock is ClockName.UPDATE:
            updated.add(promise.kept_at)
        elif promise.kept_at is not None:
            kept.setdefault(promise.clock, promise.kept_at)
    for kind, at, facts in steps:
        clock = _ROLES.get(str(facts.get("role"))) if kind is EntryKind.ROLE_ASSIGNED else None
        if clock is not None and facts.get("person_id"):
            kept.setdefault(clock, at)
    return Lived(
        reference=incident.reference,
        kept=kept,
        recorded=_ALWAYS | promised,
        updated_at=tuple(sorted(updated)),
        resolved_at=incident.resolved_at,
        owner=keys.get(incident.owner_id or ""),
        known_until=now,
    )
