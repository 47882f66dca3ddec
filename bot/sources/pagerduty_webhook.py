"""What PagerDuty itself sends when its incidents change: webhooks v3 (one event), v2 and v1 (a list of messages)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.errors import Malformed
from bot.sources.fields import at, filled, key_of, link_of, list_of, moment_of, object_of, text_of, title_of
from bot.sources.labels import canonical, pairs_of
from bot.sources.readings import guarded, joined
from bot.sources.source import Delivery

EVENTS = {
    "incident.triggered": AlertStatus.FIRING,
    "incident.reopened": AlertStatus.FIRING,
    "incident.resolved": AlertStatus.RESOLVED,
    "incident.trigger": AlertStatus.FIRING,
    "incident.resolve": AlertStatus.RESOLVED,
}
_ACKNOWLEDGED = ("incident.acknowledged", "incident.acknowledge")


def is_webhook(payload: Mapping[str, Any]) -> bool:
    """Whether a body is a webhook, and not an event of the Events API."""
    return "messages" in payload or "event" in payload


def read_webhook(source: str, payload: Mapping[str, Any]) -> Reading:
    """The alerts and acknowledgements of a webhook; every other event of an incident is ignored in a sentence."""
    if "messages" in payload:
        messages = enumerate(list_of(payload["messages"], "messages"))
        return joined(_message(source, message, f"messages[{number}]") for number, message in messages)
    return _message(source, payload, "body")


def delivery_id(delivery: Delivery) -> str | None:
    """The id of a webhook's event, or of its only message."""
    messages = at(delivery.payload, "messages")
    only = messages[0] if isinstance(messages, list) and len(messages) == 1 else None
    return text_of(at(delivery.payload, "event", "id") if messages is None else at(only, "id"), 200) or None


def _message(source: str, message: Any, place: str) -> Reading:
    return guarded(source, place, message, lambda: _change(source, object_of(message, place), place))


def _change(source: str, message: Mapping[str, Any], place: str) -> Reading:
    """One change of an incident: v3 has it in ``event.data``, v2 beside the event's name, v1 under ``data``."""
    event = message.get("event")
    if isinstance(event, Mapping):
        kind, incident = text_of(event.get("event_type"), 100), event.get("data")
    else:
        kind = text_of(event or message.get("type"), 100)
        incident = message.get("incident") or at(message, "data", "incident")
    if not kind:
        raise Malformed(f"{place}: expected the name of an event, such as incident.triggered.")
    if kind not in EVENTS and kind not in _ACKNOWLEDGED:
        return Reading(ignored=(f"PagerDuty's {kind} is no alert.",))
    incident = object_of(incident, f"{place}: the incident")
    if kind in _ACKNOWLEDGED:
        return Reading(notes=(Note(_fingerprint(incident, place), f"Acknowledged in PagerDuty by {_person(event, message, incident)}"),))
    return Reading(alerts=(_alert(source, incident, EVENTS[kind], place),))


def _alert(source: str, incident: Mapping[str, Any], status: AlertStatus, place: str) -> Alert:
    summary = incident.get("trigger_summary_data")
    ended_at = incident.get("last_status_change_at") or incident.get("last_status_change_on")
    return Alert(
        source=source,
        fingerprint=_fingerprint(incident, place),
        status=status,
        title=title_of(incident.get("title"), at(summary, "description"), at(summary, "subject"), incident.get("summary")),
        starts_at=moment_of(incident.get("created_at") or incident.get("created_on")),
        ends_at=moment_of(ended_at) if status is AlertStatus.RESOLVED else None,
        labels=canonical(
            pairs_of(incident.get("custom_fields"), "name", "value")
            | {
                "severity": at(incident, "priority", "summary") or incident.get("urgency"),
                "service": at(incident, "service", "name") or at(incident, "service", "summary"),
                "team": at(incident, "teams", 0, "summary") or at(incident, "teams", 0, "name"),
                "escalation_policy": at(incident, "escalation_policy", "name") or at(incident, "escalation_policy", "summary"),
            }
        ),
        annotations=filled(description=at(incident, "body", "details") or incident.get("description")),
        url=link_of(incident.get("html_url")),
    )


def _fingerprint(incident: Mapping[str, Any], place: str) -> str:
    """The key under which PagerDuty de-duplicates, which outlives an incident; its id where it has none."""
    key = key_of(incident.get("incident_key")) or key_of(incident.get("id"))
    if not key:
        raise Malformed(f"{place}: expected the incident's incident_key or id.")
    return key


def _person(event: Any, message: Mapping[str, Any], incident: Mapping[str, Any]) -> str:
    people = (
        at(event, "agent", "summary"),
        at(message, "log_entries", 0, "agent", "summary"),
        at(incident, "acknowledgers", -1, "object", "name"),
        at(incident, "acknowledgements", -1, "acknowledger", "summary"),
    )
    return next((text for person in people if (text := text_of(person, 100))), "somebody")
