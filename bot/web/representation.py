"""An incident as the API shows it."""

from __future__ import annotations

from typing import Any

from bot.domain.alert import AlertRow
from bot.domain.resolving import obstacles
from bot.domain.situation import Situation


def shown(situation: Situation) -> dict[str, Any]:
    """The incident with its people, alerts and promises; moments as ISO 8601 with their zone."""
    incident, channel = situation.incident, situation.channel
    moments = ("started_at", "opened_at", "acknowledged_at", "mitigated_at", "resolved_at", "next_update_at", "verified_at")
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity,
        "status": incident.status.value,
        "impact": incident.impact,
        "owner": None if incident.owner_id is None else situation.name(incident.owner_id),
        "acknowledged_via": incident.acknowledged_via,
        "channel": None if channel is None else {"id": channel.channel_id, "name": channel.name},
        "roles": {role.value: situation.name(person_id) for role, person_id in situation.roles.items()},
        "service": incident.service,
        "system": situation.system,
        "provisional": incident.provisional,
        "severity_reason": incident.severity_reason,
        "ticket": incident.ticket,
        "phase": incident.phase,
        "major": incident.major,
        "overridden": incident.overridden,
        "verification": _verification(situation),
        "alert_count": situation.counts.total,
        "alerts": [_alert(alert) for alert in situation.alerts],
        "promises": [
            {
                "clock": promise.clock.value,
                "due_at": promise.due_at.isoformat(),
                "kept_at": promise.kept_at.isoformat() if promise.kept_at else None,
                "missed_at": promise.missed_at.isoformat() if promise.missed_at else None,
                "withdrawn_at": promise.withdrawn_at.isoformat() if promise.withdrawn_at else None,
                "extended_at": promise.extended_at.isoformat() if promise.extended_at else None,
                "reason": promise.reason,
            }
            for promise in situation.promises
        ],
    } | {name: (at.isoformat() if (at := getattr(incident, name)) else None) for name in moments}


def _verification(situation: Situation) -> dict[str, Any] | None:
    """What the policy wants before the end, and how that stands; None where it wants nothing."""
    closing = situation.closing
    if closing.rules is None:
        return None
    answers = {one.question: one.answer for one in closing.confirmations}
    holder = situation.holder(closing.rules.by) if closing.rules.by is not None else None
    missing = obstacles(situation, holder or "", {}) if situation.incident.open else []
    return {
        "checks": [
            {"title": check.title, "state": check.state.value, "since_at": check.since.isoformat() if check.since else None}
            for check in closing.checks
        ],
        "quiet_until": closing.quiet_until.isoformat() if closing.quiet_until else None,
        "watch_until": closing.watch_until.isoformat() if closing.watch_until else None,
        "questions": [{"question": question, "answer": answers.get(question)} for question in closing.rules.questions],
        "missing": [obstacle.want.value for obstacle in missing],
    }


def _alert(alert: AlertRow) -> dict[str, Any]:
    said = {"title": alert.title, "source": alert.source, "status": alert.status.value, "count": alert.count}
    return said | {"disposition": alert.disposition.value, "reason": alert.reason}
