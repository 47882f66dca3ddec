"""Pingdom's webhook of uptime and transaction checks: one body is one change of one check.

It signs nothing and adds no header, so its secret can only stand in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import called, labels_of
from bot.sources.fields import (
    at,
    filled,
    fingerprint_of,
    key_of,
    link_of,
    moment_of,
    object_of,
    stamp_of,
    status_of,
    text_of,
    title_of,
    word_of,
)
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

STATES = {
    "down": AlertStatus.FIRING,
    "failing": AlertStatus.FIRING,
    "up": AlertStatus.RESOLVED,
    "success": AlertStatus.RESOLVED,
}
_SAID = {"success": "succeeds again"}
_UNDECIDED = ("unknown", "unconfirmed_down", "paused")


def read(delivery: Delivery) -> Reading:
    """The alert of a check's change; a state in which Pingdom itself knows nothing is no alert."""
    payload = object_of(delivery.payload, "the body")
    state = text_of(payload.get("current_state"), 60)
    if state.casefold() in _UNDECIDED:
        return Reading(ignored=(f"Check {_name(payload)!r} is {state}: Pingdom cannot tell whether it works.",))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _name(check: Mapping[str, Any]) -> str:
    return called(check.get("check_name"), _address(check), check.get("check_id"))


def _address(check: Mapping[str, Any]) -> str:
    return text_of(at(check, "check_params", "full_url")) or text_of(at(check, "check_params", "hostname"))


def _alert(source: str, check: Mapping[str, Any]) -> Alert:
    status, state = status_of(check.get("current_state"), STATES, "current_state"), word_of(check.get("current_state"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(check),
        status=status,
        title=title_of(f"{_name(check)} {_SAID.get(state, f'is {state}')}"),
        starts_at=None,
        ends_at=moment_of(check.get("state_changed_timestamp")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(check),
        annotations=filled(
            description=check.get("long_description"),
            error=check.get("description") if status is AlertStatus.FIRING else "",
            note=check.get("custom_message"),
            runbook_url=link_of(check.get("custom_message")),
            location=at(check, "first_probe", "location"),
            latest_seen=stamp_of(check.get("state_changed_timestamp")),
        ),
    )


def _fingerprint(check: Mapping[str, Any]) -> str:
    address = _address(check)
    if check.get("check_id") is None and not address and not check.get("check_name"):
        raise Malformed("check_id: expected the number of the check.")
    return key_of(check.get("check_id")) or fingerprint_of(check.get("check_name"), address)


def _labels(check: Mapping[str, Any]) -> dict[str, str]:
    severity = word_of(check.get("importance_level"))
    named = filled(severity=severity, monitor=check.get("check_name"), check_id=check.get("check_id"), check_type=check.get("check_type"))
    return labels_of(named, _address(check), check.get("tags"))


SOURCE = Source(
    kind=SourceKind.PINGDOM,
    name="Pingdom",
    channel=Channel.UPTIME,
    documentation="https://www.pingdom.com/resources/webhooks/",
    setup="In Pingdom, add an integration of the type Webhook with the URL {url}/{secret}\nand choose it in each check.",
    states={"DOWN": "fires", "FAILING": "fires", "UP": "recovers", "SUCCESS": "recovers"}
    | {"UNKNOWN": "ignored", "UNCONFIRMED_DOWN": "ignored", "PAUSED": "ignored"},
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    read=read,
)
