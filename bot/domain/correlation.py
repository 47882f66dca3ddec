"""What the policy makes of an alert, and which alerts are one incident (C2, J3, J13, S3, complaint 18)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.alert import Alert, AlertRow, AlertStatus, Disposition
from bot.domain.durations import format_span
from bot.domain.grouping import Combinations, SeveralChannels
from bot.domain.own import OWN
from bot.domain.policy import Policy
from bot.domain.routing import Channel, Route, RouteAction
from bot.domain.severity import Severity

CLOCK_SKEW = timedelta(minutes=5)
"""How far into the future a monitor's clock may be; a start beyond it is taken as the moment of receipt."""
MONITORING = frozenset({Channel.METRICS, Channel.ERRORS, Channel.LOGS, Channel.SYNTHETIC, Channel.UPTIME})
"""The channels that look at the running system; a release, a provider's page or a person's word is none of them."""
STEADY = frozenset({Channel.METRICS, Channel.SYNTHETIC, Channel.UPTIME})
"""The channels whose monitors say reliably that a trouble is over: what they called firing last still is."""
_KEY_LIMIT, _TEXT_LIMIT = 400, 4000
_PRODUCTION = frozenset({"", "prod", "production", "live", "prd"})
_SEPARATOR = "\x1f"


class Judgement(NamedTuple):
    """What the policy makes of one alert by itself. ``reason`` says it in a sentence without its full stop.

    ``key`` is the same trouble's, ``shared`` are those that related troubles have in common with it. ``values`` are what matchers see of
    the alert, the service that its route gives it among them.
    """

    action: RouteAction
    severity: Severity
    reason: str
    route: Route | None
    system: str | None
    service: str | None
    owner: str | None
    key: str
    shared: tuple[str, ...]
    values: Mapping[str, str]


def values_of(alert: Alert, channel: Channel, service: str | None = None) -> dict[str, str]:
    """What matchers see of an alert: its labels, and what no label can claim: source, channel, title, text (with the description)."""
    own = {"source": alert.source, "channel": channel.value, "title": alert.title}
    text = f"{alert.title}\n{alert.annotations.get('description', '')}"[:_TEXT_LIMIT]
    return {**alert.labels, **({"service": service} if service else {}), **own, "text": text}


def judge(policy: Policy, alert: Alert, channel: Channel, at: datetime) -> Judgement:
    """What the first route that matches, the systems and the alert's own words make of it at that moment."""
    values = values_of(alert, channel)
    route = policy.route_for(values, at)
    service = (route.service if route else None) or alert.labels.get("service")
    if service is not None:
        values["service"] = service
    system = policy.system_for(values)
    known = policy.systems[system] if system is not None else None
    critical = known is not None and known.critical
    severity = policy.worst if critical else severity_for(alert, route, policy, known.severity if known else None)
    action, reason = _action(route, alert, severity, critical=critical)
    if known is not None and critical:
        reason = f"{reason}; {known.title} is a critical system, so it is {severity.label} whatever the alert says"
    elif known is not None:
        reason = f"{reason}; it is about {known.title}"
    return Judgement(
        action=action,
        severity=severity,
        reason=reason,
        route=route,
        system=system,
        service=service[:200] if service else None,
        owner=(route.owner if route else None) or (known.owner if known else None),
        key=correlation_key(alert, route),
        shared=shared_keys(alert.labels, service, policy.correlation.by),
        values=values,
    )


_LEFT = {RouteAction.INBOX: "leaves it in the inbox", RouteAction.DROP: "drops it", RouteAction.ATTACH: "attaches it to what is open"}


def _action(route: Route | None, alert: Alert, severity: Severity, *, critical: bool) -> tuple[RouteAction, str]:
    """What is to be done, and why. What is critical is declared unless it is dropped: rather one page too many."""
    if route is None:
        if critical:
            return RouteAction.DECLARE, "no route names it"
        if alert.source == OWN and severity.pages:
            return RouteAction.DECLARE, f"no route names it, and Muster's own alerts of {severity.label} are declared all the same"
        return RouteAction.INBOX, "no route wants it"
    if route.action is RouteAction.HEARTBEAT:
        return route.action, f"route {route.name!r}: it beats the heartbeat {route.heartbeat!r}"
    if route.action is RouteAction.DECLARE:
        return route.action, f"route {route.name!r} declares"
    if critical and route.action is not RouteAction.DROP:
        return RouteAction.DECLARE, f"route {route.name!r} only {_LEFT[route.action]}"
    return route.action, f"route {route.name!r} {_LEFT[route.action]}"


def correlation_key(alert: Alert, route: Route | None) -> str:
    """The key that alerts of one trouble share: the route's labels when all are there, else source and fingerprint."""
    if route is not None and route.by and all(label in alert.labels for label in route.by):
        return _key(alert.source, *(f"{label}={alert.labels[label]}" for label in route.by))
    return _key(alert.source, alert.fingerprint)


def shared_keys(labels: Mapping[str, str], service: str | None, by: Combinations) -> tuple[str, ...]:
    """The keys that alerts of any source share when they are about the same; another environment than production has its own."""
    place = (labels.get("environment") or labels.get("env") or "").casefold()
    where = "" if place in _PRODUCTION else place
    keys = []
    for names in by:
        said = [(service or labels.get(name)) if name == "service" else labels.get(name) for name in names]
        if all(said):
            keys.append(_key("", where, *(f"{name}={text.casefold()}" for name, text in zip(names, said, strict=True) if text)))
    return tuple(keys)


def _key(*parts: str) -> str:
    whole = _SEPARATOR.join(parts)
    if len(whole) <= _KEY_LIMIT:
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
    return f"{whole[: _KEY_LIMIT - len(digest) - 1]}~{digest}"


def said_key(key: str) -> str:
    """A shared key as people read it: ``the same service=checkout``."""
    return "the same " + " and ".join(part for part in key.split(_SEPARATOR) if "=" in part)


def storm_key(severity: Severity) -> str:
    """The key of the incident into which those of that severity are folded that are too many."""
    return _key("storm", severity.label)


def severity_for(alert: Alert, route: Route | None, policy: Policy, of_system: str | None = None) -> Severity:
    """The route's severity, else the system's, else the alert's own ``severity`` label through the aliases, else the policy's default."""
    decided = (route.severity if route is not None else None) or of_system
    named = policy.severity(decided) if decided else policy.find_severity(alert.labels.get("severity", ""))
    return named or policy.severity(policy.default_severity)


def is_stale(alert: Alert, known: AlertRow | None, last_resolved_at: datetime | None) -> bool:
    """Whether a ``firing`` is older than what we know to be its ``resolved``: then it does nothing."""
    if alert.status is not AlertStatus.FIRING:
        return False
    if known is not None and known.status is AlertStatus.RESOLVED:
        return alert.starts_at is not None
    return last_resolved_at is not None and alert.starts_at is not None and alert.starts_at < last_resolved_at


def came_back(alert: Alert, known: AlertRow, received_at: datetime, resolved_at: datetime | None) -> bool:
    """Whether a firing is a new occurrence although the one we know was never said to have ended.

    ``resolved_at`` is when the known one's incident was resolved; None while it is open, or where there is none. A monitor that names no
    start is taken at its moment; highly available ones name several starts of one trouble (complaint 18).
    """
    if alert.starts_at == known.starts_at:
        return False
    if known.incident_id is None:
        return alert.starts_at is not None and alert.starts_at > known.starts_at
    return resolved_at is not None and (alert.starts_at or received_at) > resolved_at


FLAPS, _NOTHING_OPEN = "it flaps: ", "nothing that is open "
"""How the reasons begin for which an alert waits that may be placed later."""


def placed_again(row: AlertRow) -> bool:
    """Whether an alert that is said again is placed like a new one: what was silenced, flapped, or had nothing to be attached to."""
    if row.incident_id is not None or row.unreadable is not None:
        return False
    return row.disposition is Disposition.SILENCED or (
        row.disposition is Disposition.INBOX and row.reason.startswith((FLAPS, _NOTHING_OPEN))
    )


def flaps_reason(changes: int, within: timedelta) -> str:
    """Why an alert is held back that changes all the time."""
    return f"{FLAPS}it changed {changes} times within {format_span(within)}; it is placed when it keeps firing"


def nothing_open_reason(route: str) -> str:
    """Why an alert waits that may only join."""
    return f"{_NOTHING_OPEN}is about the same, and route {route!r} only attaches; it is placed when it is said again"


def changes_of(rows: Iterable[AlertRow], since: datetime) -> int:
    """How often the occurrences of one fingerprint began or ended at or after ``since``."""
    return sum((row.first_received_at >= since) + (row.status is AlertStatus.RESOLVED and row.last_received_at >= since) for row in rows)


def several(channels: Collection[Channel], rules: SeveralChannels) -> str | None:
    """Why so many monitoring channels at once make it worse; None while there are too few (J3, J13)."""
    found = sorted(channel.value for channel in set(channels) & MONITORING)
    if len(found) < rules.count:
        return None
    return f"{', '.join(found[:-1])} and {found[-1]} monitors report it within {format_span(rules.within)}"


def milestone(before: int, after: int) -> bool:
    """Whether a count passed 1, 2 or 5 times a power of ten on its way from ``before`` to ``after``: worth a line."""
    return any(before < step * 10**power <= after for power in range(len(str(max(after, 1)))) for step in (1, 2, 5))


def trouble_since(alert: Alert, received_at: datetime) -> datetime:
    """When the trouble began, by the monitor's word; the receipt when that lies in the future."""
    if alert.starts_at is None or alert.starts_at > received_at + CLOCK_SKEW:
        return received_at
    return alert.starts_at


def trouble_until(alert: Alert, received_at: datetime) -> datetime:
    """When the trouble ended, by the monitor's word; the receipt when that lies in the future."""
    return received_at if alert.ends_at is None else min(alert.ends_at, received_at)
