"""UptimeRobot's webhook: a query string, a form or JSON, with fields that people also rename by case and underscores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import check_of, down_or_up, labels_of
from bot.sources.fields import filled, fingerprint_of, key_of, link_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source

STATES = {
    "1": AlertStatus.FIRING,
    "2": AlertStatus.RESOLVED,
    "3": AlertStatus.FIRING,
    "down": AlertStatus.FIRING,
    "up": AlertStatus.RESOLVED,
    "ssl expiry": AlertStatus.FIRING,
    "ssl expiration": AlertStatus.FIRING,
    "domain expiry": AlertStatus.FIRING,
    "domain expiration": AlertStatus.FIRING,
}
_UP_OR_DOWN = ("1", "2", "up", "down")


def read(delivery: Delivery) -> Reading:
    """The alert of a monitor, from the body and the query together."""
    return single(delivery.source, check_of(delivery), lambda: _alert(delivery.source, check_of(delivery)))


def _alert(source: str, monitor: Mapping[str, Any]) -> Alert:
    number = word_of(monitor.get("alerttype"))
    state = number if number in STATES else word_of(monitor.get("alerttypefriendlyname")) or number
    status = status_of(state, STATES, "alertType")
    scope = "" if state in _UP_OR_DOWN else _expiring(monitor)
    name = title_of(monitor.get("monitorfriendlyname"), monitor.get("monitorurl"), monitor.get("monitorid"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(monitor, scope),
        status=status,
        title=_title(name, scope, status, monitor),
        starts_at=None,
        labels=_labels(monitor),
        annotations=filled(
            description=monitor.get("alertdetails"),
            error=monitor.get("alertdetails") if status is AlertStatus.FIRING else None,
            latest_seen=stamp_of(monitor.get("alertdatetime")),
            expires_at=stamp_of(monitor.get("sslexpirydate") or monitor.get("domainexpiredate")),
        ),
        url=link_of(monitor.get("monitordashboardurl") or monitor.get("dashboardurl")),
    )


def _expiring(monitor: Mapping[str, Any]) -> str:
    """What expires: type 3 is said of certificates and of domains."""
    named = word_of(monitor.get("alerttypefriendlyname")).startswith("domain")
    return "domain" if named or ("domainexpiredate" in monitor and "sslexpirydate" not in monitor) else "certificate"


def _title(name: str, scope: str, status: AlertStatus, monitor: Mapping[str, Any]) -> str:
    if scope:
        return title_of(f"{name}: {text_of(monitor.get('alertdetails')) or f'the {scope} expires soon'}")
    return title_of(down_or_up(name, down=status is AlertStatus.FIRING))


def _fingerprint(monitor: Mapping[str, Any], scope: str) -> str:
    address, name = monitor.get("monitorurl"), monitor.get("monitorfriendlyname")
    identity = text_of(monitor.get("monitorid"))
    if not identity and not text_of(address) and not text_of(name):
        raise Malformed("monitorID: expected the number, the address or the name of the monitor.")
    return key_of(":".join(part for part in (identity or fingerprint_of(address, name), scope) if part))


def _labels(monitor: Mapping[str, Any]) -> dict[str, str]:
    named = filled(
        monitor=monitor.get("monitorfriendlyname"),
        monitor_id=monitor.get("monitorid"),
        monitor_type=monitor.get("monitortype"),
        group=monitor.get("monitorgroup"),
    )
    return labels_of(named, monitor.get("monitorurl"), monitor.get("monitortags"))


SOURCE = Source(
    kind=SourceKind.UPTIMEROBOT,
    name="UptimeRobot",
    channel=Channel.UPTIME,
    documentation="https://help.uptimerobot.com/en/articles/14498593-webhook-integration",
    setup=(
        "In UptimeRobot, add a webhook integration with the URL {url}, 'Send as JSON' and the custom header\n"
        "Authorization: Bearer {secret} (where your plan has no custom headers: the URL {url}/{secret})."
    ),
    states={"1": "fires (down)", "2": "recovers (up)", "3": "fires (certificate or domain expires)"}
    | {"Down": "fires", "Up": "recovers", "SSL expiry": "fires", "Domain expiry": "fires"},
    carried_by=(Carrier.BEARER, Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    methods=frozenset({"POST", "GET"}),
    forms=frozenset({Form.JSON, Form.URLENCODED, Form.MULTIPART, Form.QUERY, Form.TEXT}),
    read=read,
)
