"""PagerDuty, both ways: its Events API v2 and v1 as senders of theirs use it, and the webhooks that PagerDuty itself sends (v1, v2, v3).

The routing key in an event is its secret: it is compared, and neither read nor kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import (
    at,
    filled,
    fingerprint_of,
    first_text,
    key_of,
    link_of,
    object_of,
    stamp_of,
    status_of,
    text_of,
    title_of,
    word_of,
)
from bot.sources.labels import canonical, scalars_of, tags_of
from bot.sources.pagerduty_webhook import delivery_id, is_webhook, read_webhook
from bot.sources.readings import single, unreadable
from bot.sources.source import Answer, Delivery, Form, Hmac, Source, accepted, is_secret
from bot.sources.titles import read_title

STATES = {"trigger": AlertStatus.FIRING, "resolve": AlertStatus.RESOLVED}
_ACKNOWLEDGE = "acknowledge"
_LINE = re.compile(r"^ - ([\w.-]+) = (.+)$", re.MULTILINE)
_COUNTS = frozenset({"num_firing", "num_resolved", "resolved", "tags", "labels"})
_WEBHOOK = Hmac("X-PagerDuty-Signature", "v1=")


def read(delivery: Delivery) -> Reading:
    """The alert or acknowledgement of an event, or what a webhook of PagerDuty says; raises Malformed for what is neither."""
    payload = _bare(object_of(delivery.payload, "the body"))
    if is_webhook(payload):
        return read_webhook(delivery.source, payload)
    if _is_change(delivery):
        return Reading(ignored=(f"A change event is no alert: {title_of(at(payload, 'payload', 'summary'))}",))
    if not {"event_action", "event_type", "payload"} & payload.keys():
        raise Malformed("event_action: expected an event of the PagerDuty Events API, or a webhook of PagerDuty.")
    if _action(payload) == _ACKNOWLEDGE:
        return _acknowledged(delivery.source, payload)
    reader = _first_version if _is_v1(payload) else _second_version
    return single(delivery.source, payload, lambda: reader(delivery.source, payload))


def _is_v1(payload: Mapping[str, Any]) -> bool:
    return "event_type" in payload and "event_action" not in payload


def _is_change(delivery: Delivery) -> bool:
    """Change events have an address of their own, and neither an action nor a severity."""
    payload = delivery.payload
    inner = payload.get("payload")
    actionless = not {"event_action", "event_type"} & payload.keys()
    return "change" in delivery.tail.split("/") or (actionless and isinstance(inner, Mapping) and "severity" not in inner)


def _action(payload: Mapping[str, Any]) -> str:
    return word_of(payload.get("event_type") if _is_v1(payload) else payload.get("event_action"))


def _key(payload: Mapping[str, Any]) -> str:
    """The sender's key; without one, what an event is about, the same for every repeat."""
    if _is_v1(payload):
        return text_of(payload.get("incident_key")) or fingerprint_of(payload.get("description"), payload.get("client"))
    said = payload.get("payload")
    parts = (at(said, name) for name in ("summary", "source", "component", "group", "class"))
    return text_of(payload.get("dedup_key")) or fingerprint_of(*parts)


def _acknowledged(source: str, payload: Mapping[str, Any]) -> Reading:
    if not text_of(payload.get("incident_key" if _is_v1(payload) else "dedup_key")):
        return Reading(alerts=(unreadable(source, "body", "dedup_key: expected the key of what is acknowledged.", payload),))
    client = text_of(payload.get("client"), 100) or "its monitor"
    return Reading(notes=(Note(key_of(_key(payload)), f"Acknowledged in {client}"),))


def _second_version(source: str, event: Mapping[str, Any]) -> Alert:
    status = status_of(event.get("event_action"), STATES, "event_action")
    said = event.get("payload") if status is AlertStatus.RESOLVED else object_of(event.get("payload"), "payload")
    if status is AlertStatus.RESOLVED and not text_of(event.get("dedup_key")) and not at(said, "summary"):
        raise Malformed("dedup_key: expected the key of what has ended.")
    details = at(said, "custom_details")
    return Alert(
        source=source,
        fingerprint=key_of(_key(event)),
        status=status,
        title=title_of(read_title(text_of(at(said, "summary"))).text, event.get("dedup_key")),
        starts_at=None,
        labels=canonical(_details(details) | _names(said, event.get("client"))),
        annotations=filled(
            **_links(event.get("links")),
            description=_description(details),
            client=event.get("client"),
            latest_seen=stamp_of(at(said, "timestamp")),
            image_url=link_of(at(event, "images", 0, "src")),
        ),
        url=link_of(event.get("client_url")) or link_of(at(event, "links", 0, "href")),
    )


def _first_version(source: str, event: Mapping[str, Any]) -> Alert:
    status = status_of(event.get("event_type"), STATES, "event_type")
    if status is AlertStatus.RESOLVED and not text_of(event.get("incident_key")) and not text_of(event.get("description")):
        raise Malformed("incident_key: expected the key of what has ended.")
    return Alert(
        source=source,
        fingerprint=key_of(_key(event)),
        status=status,
        title=title_of(read_title(text_of(event.get("description"))).text, event.get("incident_key")),
        starts_at=None,
        labels=canonical(_details(event.get("details"))),
        annotations=filled(**_links(event.get("contexts")), description=_description(event.get("details")), client=event.get("client")),
        url=link_of(event.get("client_url")) or link_of(at(event, "contexts", 0, "href")),
    )


def _details(details: Any) -> dict[str, str]:
    """The labels in an event's details; Alertmanager writes those of its first alert as lines of a text."""
    written = text_of(at(details, "firing")).partition("\nAnnotations:")[0]
    said = {name: text for name, text in scalars_of(details).items() if name not in _COUNTS}
    return tags_of(dict(_LINE.findall(written))) | tags_of(at(details, "tags") or at(details, "labels")) | said


def _names(said: Any, client: Any) -> dict[str, str]:
    """Where an event says it happened; the component is the service, unless the details name one or it is the sender itself."""
    names = {"severity": "severity", "host": "source", "component": "component", "group": "group", "class": "class"}
    found = {label: text for label, name in names.items() if (text := text_of(at(said, name), 200))}
    component = "" if found.get("component") == text_of(client, 200) else found.get("component", "")
    return found | filled(service=text_of(at(said, "custom_details", "service"), 200) or component)


def _description(details: Any) -> str:
    if not isinstance(details, Mapping):
        return text_of(details)
    said = (details.get(name) for name in ("description", "firing", "body", "message", "details", "summary"))
    return first_text(*said)


def _links(links: Any) -> dict[str, str | None]:
    """The first link, and a runbook or dashboard among the links that is called so."""
    entries = [entry for entry in links if isinstance(entry, Mapping)] if isinstance(links, list) else []
    named = {text_of(entry.get("text"), 200).casefold(): link_of(entry.get("href")) for entry in reversed(entries)}
    return {f"{name}_url": next((link for text, link in named.items() if name in text), None) for name in ("runbook", "dashboard")} | {
        "source_url": link_of(at(links, 0, "href"))
    }


def _bare(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in ("routing_key", "service_key")}


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether the event's key is the secret, or PagerDuty signed the webhook with it."""
    if _WEBHOOK.header.lower() in delivery.headers:
        return _WEBHOOK.verify(secret, delivery)
    return is_secret(at(delivery.payload, "routing_key") or at(delivery.payload, "service_key"), secret)


def answer(delivery: Delivery, receipt: str) -> Answer:
    """What PagerDuty would have answered: the key by which the sender speaks of the alert from then on."""
    payload = delivery.payload
    if not isinstance(payload, Mapping) or is_webhook(payload):
        return accepted(delivery, receipt)
    said = {"status": "success", "message": "Event processed"}
    if _is_v1(payload):
        return Answer(200, said | {"incident_key": _key(payload)})
    return Answer(202, said if _is_change(delivery) else said | {"dedup_key": _key(payload)})


SOURCE = Source(
    kind=SourceKind.PAGERDUTY,
    name="PagerDuty (Events API v2 and v1, webhooks v1 to v3)",
    channel=Channel.OTHER,
    documentation="https://developer.pagerduty.com/docs/events-api-v2/overview/",
    setup=(
        "Give whatever speaks the PagerDuty Events API the address {url} and the routing key {secret};\n"
        "for PagerDuty's own webhooks, subscribe {url} and set the subscription's secret as this source's secret."
    ),
    states={"trigger": "fires", "resolve": "recovers", "acknowledge": "is noted"}
    | {"incident.triggered": "fires", "incident.reopened": "fires", "incident.resolved": "recovers", "incident.acknowledged": "is noted"},
    read=read,
    carried_by=(Carrier.SIGNATURE, Carrier.BODY, Carrier.BEARER, Carrier.BASIC, Carrier.PATH),
    forms=frozenset({Form.JSON, Form.TEXT}),
    keeps=(_WEBHOOK.header.lower(),),
    verify=verify,
    sign=_WEBHOOK.sign,
    delivery_id=delivery_id,
    answer=answer,
)
