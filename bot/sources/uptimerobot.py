"""UptimeRobot's webhook: a query string, a form or JSON, with fields that people also rename by case and underscores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import UNFILLED, called, check_of, down_or_up, labels_of, sentence_of
from bot.sources.fields import filled, fingerprint_of, key_of, link_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source
from bot.sources.templates import first, untouched

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
_NAMES, _ADDRESSES = ("monitorfriendlyname", "monitorname", "monitor", "name"), ("monitorurl", "url")
_STATE_NAMES = ("alerttypefriendlyname", "alerttypename", "status", "state")
_DETAILS = ("alertdetails", "details", "reason", "errormessage")
_UP_OR_DOWN = ("1", "2", "up", "down")
_NO_ALERT = {"98": "is being watched again", "started": "is being watched again", "99": "is paused", "paused": "is paused"}


def read(delivery: Delivery) -> Reading:
    """The alert of a monitor, from the body and the query together."""
    monitor = _plain(check_of(delivery))
    if why := _no_alert(delivery, monitor):
        return Reading(ignored=(why,))
    return single(delivery.source, monitor, lambda: _alert(delivery.source, monitor))


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a monitor; its name and its state where a body is a sentence for people."""
    plain = {name: value for name, value in fields.items() if not isinstance(value, Mapping)}
    said = sentence_of(plain)
    if first(plain, "alerttype", *_STATE_NAMES) is None and said.state:
        return {"monitorfriendlyname": said.name} | plain | {"state": said.state}
    return plain


def _no_alert(delivery: Delivery, monitor: Mapping[str, Any]) -> str:
    """Why a body is no alert, in a sentence; nothing when it is one."""
    if state := _NO_ALERT.get(_state(monitor)):
        return f"{_name(monitor)} {state}: neither down nor up."
    return untouched(delivery, UNFILLED, "UptimeRobot")


def _state(monitor: Mapping[str, Any]) -> str:
    """The number of the state; its name where the number says nothing."""
    number = word_of(monitor.get("alerttype"))
    return number if number in STATES else word_of(first(monitor, *_STATE_NAMES)) or number


def _name(monitor: Mapping[str, Any]) -> str:
    return called(first(monitor, *_NAMES), first(monitor, *_ADDRESSES), monitor.get("monitorid"))


def _alert(source: str, monitor: Mapping[str, Any]) -> Alert:
    state, details = _state(monitor), first(monitor, *_DETAILS)
    status = status_of(state, STATES, "alertType")
    scope = "" if state in _UP_OR_DOWN else _expiring(monitor)
    return Alert(
        source=source,
        fingerprint=_fingerprint(monitor, scope),
        status=status,
        title=_title(_name(monitor), scope, status, monitor),
        starts_at=None,
        labels=_labels(monitor),
        annotations=filled(
            description=details,
            error=details if status is AlertStatus.FIRING else None,
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
        return title_of(f"{name}: {text_of(first(monitor, *_DETAILS)) or f'the {scope} expires soon'}")
    return title_of(down_or_up(name, down=status is AlertStatus.FIRING))


def _fingerprint(monitor: Mapping[str, Any], scope: str) -> str:
    address, name = first(monitor, *_ADDRESSES), first(monitor, *_NAMES)
    identity = text_of(monitor.get("monitorid"))
    if not identity and not text_of(address) and not text_of(name):
        raise Malformed("monitorID: expected the number, the address or the name of the monitor.")
    return key_of(":".join(part for part in (identity or fingerprint_of(address, name), scope) if part))


def _labels(monitor: Mapping[str, Any]) -> dict[str, str]:
    named = filled(
        monitor=_name(monitor) if first(monitor, *_NAMES) else "",
        monitor_id=monitor.get("monitorid"),
        monitor_type=monitor.get("monitortype"),
        group=monitor.get("monitorgroup"),
    )
    return labels_of(named, first(monitor, *_ADDRESSES), monitor.get("monitortags"))


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
    | {"Down": "fires", "Up": "recovers", "SSL expiry": "fires", "Domain expiry": "fires", "Paused": "ignored", "Started": "ignored"},
    carried_by=(Carrier.BEARER, Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    methods=frozenset({"POST", "GET"}),
    forms=frozenset({Form.JSON, Form.URLENCODED, Form.MULTIPART, Form.QUERY, Form.TEXT}),
    read=read,
)
