"""Rollbar: an item that is new, comes back, is seen often or too fast fires; resolving it there ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, error_of, filled, link_of, object_of, path_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_STATES = {
    "new_item": AlertStatus.FIRING,
    "reactivated_item": AlertStatus.FIRING,
    "reopened_item": AlertStatus.FIRING,
    "occurrence": AlertStatus.FIRING,
    "exp_repeat_item": AlertStatus.FIRING,
    "item_velocity": AlertStatus.FIRING,
    "resolved_item": AlertStatus.RESOLVED,
}
_IGNORED = frozenset({"deploy", "test"})
_LEVELS = {"10": "debug", "20": "info", "30": "warning", "40": "error", "50": "critical"}


def read(delivery: Delivery) -> Reading:
    """The item that an event is about; deploys, tests and events without an item are ignored by name."""
    payload = object_of(delivery.payload, "the body")
    event = word_of(payload.get("event_name"))
    if event in _IGNORED or (event and event not in _STATES and at(payload, "data", "item") is None):
        return Reading(ignored=(f"Rollbar's event {event} is no alert.",))
    if not event and payload.get("data") is None:
        raise Malformed("event_name: expected the name of a Rollbar event beside its data.")
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _alert(source: str, payload: Mapping[str, Any]) -> Alert:
    status = status_of(payload.get("event_name"), _STATES, "event_name")
    item = object_of(at(payload, "data", "item"), "data.item")
    item_id = text_of(item.get("id"), 100)
    if not item_id:
        raise Malformed("data.item.id: expected the item's id.")
    last = at(payload, "data", "occurrence") or item.get("last_occurrence")
    error, level = _signature(last), word_of(item.get("level") or at(last, "level"))
    return Alert(
        source=source,
        fingerprint=f"item:{item_id}",
        status=status,
        title=title_of(item.get("title"), error, f"Rollbar item {text_of(item.get('counter')) or item_id}"),
        starts_at=None,
        labels=filled(
            severity=_LEVELS.get(level, level),
            environment=item.get("environment") or at(last, "environment"),
            service=at(payload, "data", "project", "name") or at(last, "project", "name"),
            project=item.get("project_id"),
            language=at(last, "language"),
            host=at(last, "server", "host"),
        ),
        annotations=_facts(payload, item, last, error),
        url=link_of(at(payload, "data", "url")) or link_of(item.get("url")),
    )


def _facts(payload: Mapping[str, Any], item: Mapping[str, Any], last: Any, error: str) -> dict[str, str]:
    return filled(
        error=error or item.get("title"),
        description=_rate(payload),
        route=at(last, "context") or path_of(at(last, "request", "url")),
        release=at(last, "code_version") or at(last, "server", "code_version") or item.get("resolved_in_version"),
        users=item.get("unique_occurrences"),
        events=item.get("total_occurrences"),
        first_seen=stamp_of(item.get("first_occurrence_timestamp")),
        latest_seen=stamp_of(item.get("last_occurrence_timestamp")),
    )


def _signature(last: Any) -> str:
    """The exception that was thrown last of all, or the message that was sent."""
    trace = at(last, "body", "trace") or at(last, "body", "trace_chain", 0)
    return error_of(at(trace, "exception", "class"), at(trace, "exception", "message")) or text_of(
        at(last, "body", "message", "body"), 1000
    )


def _rate(payload: Mapping[str, Any]) -> str:
    """Why Rollbar speaks again: how often, or how often within how long."""
    times, trigger = text_of(at(payload, "data", "occurrences"), 20), at(payload, "data", "trigger")
    threshold, window = text_of(at(trigger, "threshold"), 20), text_of(at(trigger, "window_size_description"), 60)
    if threshold and window:
        return f"{threshold} occurrences within {window}."
    return f"Seen {times} times." if times else ""


SOURCE = Source(
    kind=SourceKind.ROLLBAR,
    name="Rollbar",
    channel=Channel.ERRORS,
    documentation="https://docs.rollbar.com/docs/webhooks",
    setup=(
        "Project settings, Notifications, Webhook: URL {url}/{secret}, and enable it.\n"
        "Give it rules for new, reactivated and reopened items, for a high occurrence rate, and for resolved items, too."
    ),
    states={name: "fires" if status is AlertStatus.FIRING else "recovers" for name, status in _STATES.items()}
    | dict.fromkeys(sorted(_IGNORED), "is ignored"),
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    read=read,
)
