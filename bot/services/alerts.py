"""Alerts become incidents: de-duplicated by fingerprint and start, routed by the policy, never closing or reopening by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.alert import Alert, AlertRow, AlertStatus, Disposition
from bot.domain.correlation import action_for, correlation_key, is_stale, severity_for, trouble_since
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident
from bot.domain.routing import Route, RouteAction
from bot.domain.timeline import EntryKind
from bot.messages import notices
from bot.services import situations
from bot.services.declarations import declare
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import alerts, incidents


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one alert of a body; shown in its receipt."""

    title: str
    fingerprint: str
    disposition: Disposition
    reason: str
    incident: str | None


@dataclass(frozen=True, slots=True)
class _Placed:
    disposition: Disposition
    reason: str
    incident: Incident | None = None
    declared: bool = False


async def ingest(work: UnitOfWork, received: Sequence[Alert], received_at: datetime, receipt_id: str) -> list[Outcome]:
    """What became of each alert of one body, in order; ``received_at`` starts the acknowledge clock (J6)."""
    return [await _ingest(work, alert, received_at, f"alert:{receipt_id}:{place}") for place, alert in enumerate(received)]


async def _ingest(work: UnitOfWork, alert: Alert, received_at: datetime, token: str) -> Outcome:
    known = await alerts.find_occurrence(work.tx, alert)
    last_resolved_at = await alerts.find_last_resolved_at(work.tx, alert.source, alert.fingerprint)
    if is_stale(alert, known, last_resolved_at):
        placed = _Placed(Disposition.IGNORED, "it is older than the recovery that is known already")
    elif alert.status is AlertStatus.RESOLVED:
        placed = await _recover(work, alert, known, received_at)
    elif known is not None:
        placed = await _repeat(work, known, received_at)
    else:
        placed = await _place(work, alert, received_at, token)
    reference = placed.incident.reference if placed.incident else None
    return Outcome(alert.title, alert.fingerprint, placed.disposition, placed.reason, reference)


async def _repeat(work: UnitOfWork, known: AlertRow, received_at: datetime) -> _Placed:
    await alerts.count_again(work.tx, known.id, received_at)
    reason = f"said again, {known.count + 1} times now"
    if known.incident_id is None:
        return _Placed(known.disposition, reason)
    incident = await incidents.get_incident(work.tx, known.incident_id)
    return _Placed(Disposition.JOINED, reason, incident)


async def _recover(work: UnitOfWork, alert: Alert, known: AlertRow | None, received_at: datetime) -> _Placed:
    if known is None:
        reason = "recovered before it was ever heard to fire; kept so that a late firing does nothing"
        await alerts.add_alert(work.tx, alert, received_at, Disposition.IGNORED, reason, None)
        return _Placed(Disposition.IGNORED, reason)
    if known.status is AlertStatus.RESOLVED:
        return _Placed(Disposition.IGNORED, "its recovery is known already")
    resolved_at = alert.ends_at or received_at
    values = {"status": AlertStatus.RESOLVED.value, "resolved_at": resolved_at, "last_received_at": received_at}
    await alerts.change_alert(work.tx, known.id, **values)
    if known.incident_id is None:
        return _Placed(known.disposition, "recovered")
    return await _say_recovered(work, known)


async def _say_recovered(work: UnitOfWork, known: AlertRow) -> _Placed:
    assert known.incident_id is not None, "only an incident's alert is spoken of"
    incident = await incidents.lock_incident(work.tx, known.incident_id)
    facts = {"fingerprint": known.fingerprint, "source": known.source}
    await work.write(EntryKind.ALERT_RECOVERED, incident.id, text=known.title, facts=facts)
    if incident.open:
        situation = await situations.read(work, incident)
        left = sum(alert.status is AlertStatus.FIRING for alert in situation.alerts)
        await say(work, incident.id, notices.alert_recovered(situation, known, left))
        await refresh_card(work, incident.id)
    return _Placed(Disposition.JOINED, "recovered; the incident stays as it is until a person resolves it", incident)


async def _place(work: UnitOfWork, alert: Alert, received_at: datetime, token: str) -> _Placed:
    if alert.unreadable is not None:
        row = await alerts.add_alert(work.tx, alert, received_at, Disposition.INBOX, alert.unreadable, None)
        return _Placed(row.disposition, row.reason)
    route = work.policy.route_for(alert.source, alert.title, alert.labels)
    placed = await _route(work, alert, route, received_at, token)
    incident_id = placed.incident.id if placed.incident else None
    row = await alerts.add_alert(work.tx, alert, received_at, placed.disposition, placed.reason, incident_id)
    if placed.incident is not None:
        await _say_joined(work, placed.incident, row, first=placed.declared)
    return placed


async def _route(work: UnitOfWork, alert: Alert, route: Route | None, received_at: datetime, token: str) -> _Placed:
    action = action_for(route)
    name = route.name if route is not None else ""
    if action is RouteAction.INBOX:
        return _Placed(Disposition.INBOX, f"route {name!r} leaves it in the inbox" if name else "no route wants it")
    key = correlation_key(alert, route)
    met = await incidents.find_open_by_correlation(work.tx, key)
    if met is not None:
        return _Placed(Disposition.JOINED, f"route {name!r}: {met.reference} is open for the same trouble", met)
    if action is RouteAction.JOIN:
        return _Placed(Disposition.INBOX, f"route {name!r} only joins, and no incident is open for the same trouble")
    wanted = Declaration(
        token=token,
        title=alert.title,
        severity=severity_for(alert, route, work.policy).label,
        impact=alert.annotations.get("impact"),
        started_at=trouble_since(alert, received_at),
        opened_at=received_at,
        correlation_key=key,
        link=alert.url,
    )
    declared = await declare(work, wanted)
    return _Placed(Disposition.DECLARED, f"route {name!r} declares", declared.incident, declared=not declared.joined)


async def _say_joined(work: UnitOfWork, incident: Incident, row: AlertRow, *, first: bool) -> None:
    facts = {"fingerprint": row.fingerprint, "source": row.source}
    await work.write(EntryKind.ALERT_JOINED, incident.id, text=row.title, facts=facts, at=row.first_received_at)
    if not first:
        await say(work, incident.id, notices.alert_joined(await situations.read(work, incident), row))
        await refresh_card(work, incident.id)
