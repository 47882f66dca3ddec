"""Triage: what is known of a trouble, as its alerts say it and as people correct it (J7, W7).

What a person said about a field stands; what nobody said is read from the alerts' labels and annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert import AlertRow, AlertStatus

_VALUES_SHOWN = 8
_VALUE_LIMIT = 200


class Fact(StrEnum):
    """A field of the triage; the value is the word people read."""

    TENANTS = "tenants"
    ROUTES = "routes"
    FEATURES = "features"
    RELEASE = "release"
    ERROR = "error"
    USERS = "users affected"


_LABELS: Mapping[Fact, tuple[str, ...]] = {
    Fact.TENANTS: ("tenant", "tenants", "customer", "organization", "organisation"),
    Fact.ROUTES: ("route", "routes", "endpoint", "path", "url_path", "transaction", "handler"),
    Fact.FEATURES: ("feature", "features", "flow"),
    Fact.RELEASE: ("release", "version", "deployment"),
    Fact.ERROR: ("error", "error_signature", "exception", "culprit"),
    Fact.USERS: ("users", "user_count", "users_affected", "affected_users"),
}
_LINKS = ("runbook_url", "runbook", "dashboard_url", "dashboard", "panel_url", "source_url", "source", "issue_url")
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Check:
    """A monitor's view of the trouble: what it watches and whether it is still firing (J8)."""

    source: str
    title: str
    firing: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """Facts with their values, first and latest seen, links by name, and the related checks, the firing first.

    ``description`` is what the oldest alert that has one says beside its title.
    """

    facts: Mapping[Fact, tuple[str, ...]]
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    links: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]
    description: str | None = None


def triage(alerts: Sequence[AlertRow], said: Mapping[str, Sequence[str]]) -> Triage:
    """What is known, from the incident's alerts and from what people ``said`` (fact to values)."""
    facts = {fact: tuple(said[fact]) if said.get(fact) else _from_alerts(alerts, fact) for fact in Fact}
    checks = sorted((Check(alert.source, alert.title, alert.status is AlertStatus.FIRING) for alert in alerts), key=_firing_first)
    return Triage(
        facts={fact: values for fact, values in facts.items() if values},
        first_seen_at=min((_first_seen(alert) for alert in alerts), default=None),
        last_seen_at=max((_last_seen(alert) for alert in alerts), default=None),
        links=tuple(_links(alerts)),
        checks=tuple(dict.fromkeys(checks)),
        description=next((words for alert in alerts if (words := alert.annotations.get("description")) and words != alert.title), None),
    )


def _first_seen(alert: AlertRow) -> datetime:
    """When the monitor saw it first, which may be long before it alerted, such as with an error that is tracked."""
    said = _moment(alert.annotations.get("first_seen"))
    return alert.starts_at if said is None else min(said, alert.starts_at)


def _last_seen(alert: AlertRow) -> datetime:
    """When it was heard of last, or seen by the monitor, whose clock may be a little ahead."""
    said = _moment(alert.annotations.get("latest_seen"))
    fired = alert.last_received_at
    return fired if said is None or said > fired + _SKEW else max(said, fired)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year >= 2000 else None


def _firing_first(check: Check) -> tuple[bool, str, str]:
    return not check.firing, check.source, check.title


def _from_alerts(alerts: Iterable[AlertRow], fact: Fact) -> tuple[str, ...]:
    found = (values.get(name) for alert in alerts for values in (alert.labels, alert.annotations) for name in _LABELS[fact])
    return tuple(dict.fromkeys(value[:_VALUE_LIMIT] for value in found if value))[:_VALUES_SHOWN]


def _links(alerts: Iterable[AlertRow]) -> Iterable[tuple[str, str]]:
    seen: dict[str, str] = {}
    for alert in alerts:
        for name in _LINKS:
            address = alert.annotations.get(name) or alert.labels.get(name)
            if address and address.startswith(("http://", "https://")):
                seen.setdefault(address, name.removesuffix("_url"))
    return [(name, address) for address, name in seen.items()][:_VALUES_SHOWN]


def split_values(text: str) -> tuple[str, ...]:
    """Values as people list them: by commas or lines, each once, at most eight."""
    parts = (part.strip()[:_VALUE_LIMIT] for part in text.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))[:_VALUES_SHOWN]
