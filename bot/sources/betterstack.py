"""Better Stack's outgoing webhooks of incidents, in JSON:API; the same address may hear of monitors and of who is on call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import called, labels_of
from bot.sources.fields import at, filled, key_of, link_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_WORDS = {
    "started": AlertStatus.FIRING,
    "created": AlertStatus.FIRING,
    "reopened": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
}
STATES = {f"{prefix}{word}": status for prefix in ("", "incident.", "incident_") for word, status in _WORDS.items()}
_ACKNOWLEDGED = ("acknowledged", "incident.acknowledged", "incident_acknowledged")
_WATCHERS = ("monitor", "heartbeat")


def read(delivery: Delivery) -> Reading:
    """The alert of an incident's event, or the note of its acknowledgement; events of anything else are none."""
    payload = object_of(delivery.payload, "the body")
    event = _event(payload)
    kind = _kind(payload, event)
    if kind != "incident":
        return Reading(ignored=(f"An event {event!r} of {kind!r} in Better Stack is no incident.",))
    if event in _ACKNOWLEDGED:
        return Reading(notes=(_acknowledged(payload),))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _event(incident: Mapping[str, Any]) -> str:
    """The word of an event; the incident's own state where a body is the incident alone."""
    return word_of(incident["event"] if "event" in incident else at(incident, "data", "attributes", "status"))


def _kind(payload: Mapping[str, Any], event: str) -> str:
    """What an event is about, where it says so; what subscribers of a status page hear is no incident of its owner."""
    kind = at(payload, "data", "type")
    if isinstance(kind, str):
        return kind[:60]
    if "page" in payload and "event_type" in payload:
        return "status page"
    return event.partition(".")[0] if "." in event else "incident"


def _attributes(incident: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = at(incident, "data", "attributes")
    return attributes if isinstance(attributes, Mapping) else incident


def _acknowledged(incident: Mapping[str, Any]) -> Note:
    who = text_of(_attributes(incident).get("acknowledged_by"), 200)
    return Note(_fingerprint(incident), f"Acknowledged in Better Stack by {who}" if who else "Acknowledged in Better Stack")


def _alert(source: str, incident: Mapping[str, Any]) -> Alert:
    status = status_of(_event(incident), STATES, "event")
    facts = _attributes(incident)
    name = called(facts.get("name"), facts.get("monitor_name"), facts.get("url"), facts.get("cause"))
    cause = text_of(facts.get("cause"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(incident),
        status=status,
        title=title_of(f"{name}: {cause}" if cause and cause != name else name),
        starts_at=moment_of(facts.get("started_at")),
        ends_at=moment_of(facts.get("resolved_at")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(incident, facts),
        annotations=filled(
            error=cause,
            first_seen=stamp_of(facts.get("started_at")),
            screenshot_url=link_of(facts.get("screenshot_url")),
        ),
        url=link_of(facts.get("origin_url")) or link_of(at(incident, "data", "links", "self")),
    )


def _fingerprint(incident: Mapping[str, Any]) -> str:
    """What watches, so that the next incident of the same monitor is known again; the incident where a person opened it."""
    for watcher in _WATCHERS:
        inside = at(incident, "data", "relationships", watcher, "data", "id") or at(incident, "relationships", watcher, "data", "id")
        related = text_of(inside or incident.get(f"{watcher}_id"))
        if related:
            return key_of(f"{watcher}:{related}")
    identity = text_of(at(incident, "data", "id") or incident.get("incident_id"))
    if not identity:
        raise Malformed("data.id: expected the number of the incident.")
    return key_of(f"incident:{identity}")


def _labels(incident: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    metadata = facts.get("metadata")
    own = {key: _value(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {}
    named = filled(
        monitor=facts.get("name") or facts.get("monitor_name"),
        team=facts.get("team_name"),
        incident_id=at(incident, "data", "id"),
        severity="critical" if facts.get("critical_alert") is True else "",
    )
    return labels_of(named, facts.get("url"), own)


def _value(value: Any) -> Any:
    """The first value of a name, as metadata hold lists of objects with a ``value``."""
    first = value[0] if isinstance(value, list) and value else value
    return at(first, "value") if isinstance(first, Mapping) else first


SOURCE = Source(
    kind=SourceKind.BETTER_STACK,
    name="Better Stack",
    channel=Channel.UPTIME,
    documentation="https://betterstack.com/docs/uptime/webhooks/",
    setup=(
        "In Better Stack, under Integrations, Exporting data, Outgoing webhooks, add one of incidents to {url}\n"
        "with the header Authorization: Bearer {secret}, on started, acknowledged and resolved."
    ),
    states={"started": "fires", "created": "fires", "reopened": "fires", "resolved": "recovers", "acknowledged": "a note"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    read=read,
)
