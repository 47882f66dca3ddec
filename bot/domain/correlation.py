"""Which alerts are one incident, and what a route makes of an alert (C2, complaint 18)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.alert import Alert, AlertRow, AlertStatus
from bot.domain.policy import Policy
from bot.domain.routing import Route, RouteAction
from bot.domain.severity import Severity

CLOCK_SKEW = timedelta(minutes=5)
"""How far into the future a monitor's clock may be; a start beyond it is taken as the moment of receipt."""


def correlation_key(alert: Alert, route: Route | None) -> str:
    """The key that alerts of one incident share: the route's labels when all are there, else source and fingerprint."""
    if route is not None and route.by and all(label in alert.labels for label in route.by):
        values = "\x1f".join(f"{label}={alert.labels[label]}" for label in route.by)
        return f"{alert.source}\x1f{values}"
    return f"{alert.source}\x1f{alert.fingerprint}"


def action_for(route: Route | None) -> RouteAction:
    """What a route asks for; an alert that no route wants waits in the inbox."""
    return RouteAction.INBOX if route is None else route.action


def severity_for(alert: Alert, route: Route | None, policy: Policy) -> Severity:
    """The route's severity, else the alert's own ``severity`` label through the aliases, else the policy's default."""
    if route is not None and route.severity is not None:
        return policy.severity(route.severity)
    named = policy.find_severity(alert.labels.get("severity", ""))
    return named or policy.severity(policy.default_severity)


def is_stale(alert: Alert, known: AlertRow | None, last_resolved_at: datetime | None) -> bool:
    """Whether a ``firing`` is older than what we know to be its ``resolved``: then it does nothing."""
    if alert.status is not AlertStatus.FIRING:
        return False
    if known is not None and known.status is AlertStatus.RESOLVED:
        return alert.starts_at is not None
    return last_resolved_at is not None and alert.starts_at is not None and alert.starts_at < last_resolved_at


def trouble_since(alert: Alert, received_at: datetime) -> datetime:
    """When the trouble began, by the monitor's word; the receipt when that lies in the future."""
    if alert.starts_at is None or alert.starts_at > received_at + CLOCK_SKEW:
        return received_at
    return alert.starts_at
