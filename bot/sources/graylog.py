"""Graylog: the HTTP notification of an event definition, and the alarm callback of streams before Graylog 3.1.

Event definitions never say that anything is over; an alarm callback may say that its condition is no longer met.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, object_of, stamp_of, status_of, text_of, texts_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_TRIGGERED = {"true": AlertStatus.FIRING, "false": AlertStatus.RESOLVED}
_PRIORITIES = {"1": "low", "2": "normal", "3": "high", "4": "critical"}
_TRIED_OUT = frozenset({"test-dummy-v1", "notification-test-v1"})


def read(delivery: Delivery) -> Reading:
    """The alert of an event definition or of a stream's condition; a test of the notification is ignored."""
    payload = object_of(delivery.payload, "the body")
    if isinstance(payload.get("check_result"), Mapping):
        alert = _callback
    elif "event" in payload or "event_definition_id" in payload or "event_definition_title" in payload:
        alert = _event
    else:
        raise Malformed("the body: expected an event of an event definition, or the check_result of an alarm callback.")
    kinds = {word_of(payload.get("event_definition_type")), word_of(at(payload, "event", "event_definition_type"))}
    dummy = word_of(at(payload, "check_result", "triggered_condition", "type")) == "dummy"
    if dummy or kinds & _TRIED_OUT or text_of(at(payload, "event", "id")) == "TEST_NOTIFICATION_ID":
        return Reading(ignored=("Graylog tried out its notification: it reaches us.",))
    return single(delivery.source, payload, lambda: alert(delivery.source, payload))


def _event(source: str, payload: Mapping[str, Any]) -> Alert:
    event = payload["event"] if isinstance(payload.get("event"), Mapping) else payload
    definition = text_of(payload.get("event_definition_id") or event.get("event_definition_id"), 200)
    title = text_of(payload.get("event_definition_title"), 200)
    if not definition and not title:
        raise Malformed("event_definition_id: expected the id or the title of the event definition.")
    grouped, priority = texts_of(event.get("group_by_fields")), word_of(event.get("priority"))
    groups = tags_of(grouped)
    return Alert(
        source=source,
        fingerprint=f"definition:{fingerprint_of(definition or title, event.get('key') or event.get('key_tuple') or '', grouped)}",
        status=AlertStatus.FIRING,
        title=title_of(title, event.get("message")),
        starts_at=None,
        labels=canonical(
            filled(host=_host(payload.get("backlog")))
            | tags_of(event.get("fields"))
            | groups
            | filled(severity=_PRIORITIES.get(priority, priority), key=event.get("key") if len(groups) == len(grouped) else None)
        ),
        annotations=filled(
            description=payload.get("event_definition_description") or _messages(payload.get("backlog")),
            error=event.get("message"),
            first_seen=stamp_of(event.get("timerange_start")),
            latest_seen=stamp_of(event.get("timestamp")),
        ),
        url=link_of(payload.get("event_url")) or link_of(payload.get("url")),
    )


def _callback(source: str, payload: Mapping[str, Any]) -> Alert:
    result, stream = payload["check_result"], payload.get("stream")
    condition = result.get("triggered_condition")
    said = text_of(result.get("result_description"))
    named_by = text_of(at(condition, "id"), 200) or text_of(at(stream, "id"), 200)
    if not named_by and not said:
        raise Malformed("check_result.triggered_condition.id: expected the id of the condition, or of the stream.")
    return Alert(
        source=source,
        fingerprint=f"condition:{named_by or fingerprint_of(at(stream, 'title'), at(condition, 'title'))}",
        status=status_of(result.get("triggered"), _TRIGGERED, "check_result.triggered"),
        title=title_of(at(condition, "title"), said, at(stream, "title")),
        starts_at=None,
        labels=filled(
            stream=at(stream, "title"),
            condition=word_of(at(condition, "type")),
            host=at(result, "matching_messages", 0, "source"),
        ),
        annotations=filled(
            description=said,
            error=at(result, "matching_messages", 0, "message"),
            latest_seen=stamp_of(result.get("triggered_at")),
        ),
        url=link_of(payload.get("stream_url")),
    )


def _host(backlog: Any) -> str:
    """Where all messages that led to an event came from; nothing where they came from several places."""
    hosts = {text_of(at(entry, "source"), 200) for entry in backlog} if isinstance(backlog, list) else set()
    return hosts.pop() if len(hosts) == 1 else ""


def _messages(backlog: Any) -> str:
    """The first few messages that led to an event, one on each line."""
    found = (text_of(at(entry, "message"), 500) for entry in backlog[:3]) if isinstance(backlog, list) else ()
    return "\n".join(message for message in found if message)


SOURCE = Source(
    kind=SourceKind.GRAYLOG,
    name="Graylog",
    channel=Channel.LOGS,
    documentation="https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html",
    setup=(
        "Alerts, Notifications, Create: HTTP Notification, URL {url}, basic authentication muster:{secret} (a Graylog that lacks it:\n"
        "the URL {url}/{secret}). Allow the address in the URL whitelist, and add the notification to your event definitions."
    ),
    states={"any event": "fires", "triggered: true": "fires", "triggered: false": "recovers"},
    carried_by=(Carrier.BASIC, Carrier.BEARER, Carrier.PATH, Carrier.QUERY),
    read=read,
)
