"""The REST endpoint of VictorOps, now Splunk On-Call, for whatever posts to it: the key and then the routing key in the address."""

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
from bot.sources.labels import canonical, is_secret_name, scalars_of, tags_of
from bot.sources.readings import single
from bot.sources.source import Answer, Delivery, Form, Source
from bot.sources.titles import read_title

STATES = {"critical": AlertStatus.FIRING, "warning": AlertStatus.FIRING, "recovery": AlertStatus.RESOLVED, "ok": AlertStatus.RESOLVED}
_ACKNOWLEDGED = ("acknowledgement", "acknowledgment")
_LINK = "vo_annotate.u."
_LINE = re.compile(r"^ - ([A-Za-z_]\w*) = (.+)$", re.MULTILINE)
_LONG = ("summary", "description", "message", "title")
_TAGS = (
    *("environment", "env", "stage", "tier", "stack", "site", "region", "zone", "availability_zone", "datacenter", "cluster", "namespace"),
    *("team", "project", "group", "service", "service_name", "app", "application", "component", "deployment", "pod", "container", "node"),
    *("host", "hostname", "host_name", "device", "instance", "job", "alertname", "check", "metric", "monitor", "severity"),
)
"""What monitors tag a message with; a field of another name may say who is called, or how, and is no label."""
_LINKS = ("alert_url", "incident_url", "issue_url", "event_url", "detector_url", "results_link", "view_report")


def read(delivery: Delivery) -> Reading:
    """The alert of an entity's message, or the note of its acknowledgement; INFO is none."""
    payload = _public(object_of(delivery.payload, "the body"))
    word = word_of(payload.get("message_type"))
    if word == "info":
        return Reading(ignored=(f"{_name(payload)}: INFO is for the timeline of VictorOps and opens nothing.",))
    if word in _ACKNOWLEDGED:
        return Reading(notes=(_acknowledged(payload),))
    routing = delivery.tail.rstrip("/").rpartition("/")[2]
    return single(
        delivery.source,
        {**payload, **filled(routing_key=routing)},
        lambda: _alert(delivery.source, {**payload, **filled(routing_key=routing)}),
    )


def _public(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A message without the keys that some tools send along, such as Splunk's ``session_key``."""
    return {name: value for name, value in entity.items() if name == "routing_key" or not is_secret_name(name)}


def answer(delivery: Delivery, receipt: str) -> Answer:
    """What VictorOps itself says: the id of the entity, whichever it is."""
    entity = text_of(at(delivery.payload, "entity_id"), 512)
    return Answer(200, {"result": "success", "entity_id": entity or receipt})


def _acknowledged(entity: Mapping[str, Any]) -> Note:
    who = text_of(entity.get("ack_author") or entity.get("acknowledger"), 200)
    tool = text_of(entity.get("monitoring_tool"), 100) or "the monitor"
    return Note(_fingerprint(entity), f"Acknowledged in {tool}" + (f" by {who}" if who else ""))


def _name(entity: Mapping[str, Any]) -> str:
    said = text_of(entity.get("state_message")).partition("\n")[0]
    return title_of(entity.get("entity_display_name"), said, entity.get("search_name"), entity.get("entity_id"))


def _alert(source: str, entity: Mapping[str, Any]) -> Alert:
    status = status_of(entity.get("message_type"), STATES, "message_type")
    return Alert(
        source=source,
        fingerprint=_fingerprint(entity),
        status=status,
        title=title_of(read_title(_name(entity)).text),
        starts_at=None,
        ends_at=moment_of(entity.get("state_start_time")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(entity, status),
        annotations=filled(
            description=entity.get("state_message"),
            first_seen=stamp_of(entity.get("state_start_time")) if status is AlertStatus.FIRING else "",
            latest_seen=stamp_of(entity.get("timestamp") or entity.get("state_start_time")),
            runbook_url=_annotated(entity, "runbook") or link_of(entity.get("runbook_url")) or link_of(_listed(entity).get("runbook_url")),
            dashboard_url=_annotated(entity, "dashboard")
            or link_of(entity.get("dashboard_url"))
            or link_of(_listed(entity).get("dashboard_url")),
        ),
        url=_page(entity) or _annotated(entity, "alert"),
    )


def _page(entity: Mapping[str, Any]) -> str | None:
    return next((link for link in (link_of(entity.get(name)) for name in _LINKS) if link), None)


def _annotated(entity: Mapping[str, Any], word: str) -> str | None:
    """The first link among the annotations whose name holds the word."""
    named = (link_of(value) for key, value in entity.items() if key.startswith(_LINK) and word in key.removeprefix(_LINK).casefold())
    return next((link for link in named if link), None)


def _fingerprint(entity: Mapping[str, Any]) -> str:
    identity = key_of(entity.get("entity_id"))
    if not identity and not text_of(entity.get("entity_display_name")):
        raise Malformed("entity_id: expected a text that stays the same until the recovery.")
    return identity or fingerprint_of(entity.get("entity_display_name"), entity.get("monitoring_tool"))


def _listed(entity: Mapping[str, Any]) -> dict[str, str]:
    """The labels and annotations that Alertmanager writes into its text, where all alerts of the group share them."""
    said: dict[str, set[str]] = {}
    for name, value in _LINE.findall(text_of(entity.get("state_message"))):
        said.setdefault(name, set()).add(value.strip())
    return {name: min(values) for name, values in said.items() if len(values) == 1}


def _labels(entity: Mapping[str, Any], status: AlertStatus) -> dict[str, str]:
    shared = {name: value for name, value in _listed(entity).items() if name not in _LONG and not name.endswith("_url")}
    named = filled(
        severity=word_of(entity.get("message_type")) if status is AlertStatus.FIRING else "",
        service=entity.get("service") or entity.get("SERVICEDESC"),
        host=entity.get("host_name") or entity.get("hostname") or entity.get("HOSTNAME"),
        monitoring_tool=entity.get("monitoring_tool"),
        routing_key=entity.get("routing_key"),
    )
    return canonical(_custom(entity) | named | tags_of(shared))


def _custom(entity: Mapping[str, Any]) -> dict[str, str]:
    """The tags that somebody added to a message; Splunk's app is no service."""
    tags = {name: entity[name] for name in _TAGS if name in entity and not (name == "app" and "search_name" in entity)}
    return scalars_of({name: value for name, value in tags.items() if isinstance(value, str) and link_of(value) is None})


SOURCE = Source(
    kind=SourceKind.VICTOROPS,
    name="VictorOps (Splunk On-Call)",
    channel=Channel.OTHER,
    documentation="https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/",
    setup=(
        "Where a tool asks for the VictorOps REST endpoint, give {url}/{secret}/ and a routing key of your choice; in alertmanager.yml:\n"
        "victorops_configs: [{{api_url: {url}/, api_key: {secret}, routing_key: payments}}]."
    ),
    states={"CRITICAL": "fires", "WARNING": "fires", "RECOVERY": "recovers", "OK": "recovers"}
    | {"ACKNOWLEDGEMENT": "a note", "INFO": "ignored"},
    carried_by=(Carrier.PATH, Carrier.BEARER, Carrier.BASIC, Carrier.QUERY),
    forms=frozenset({Form.JSON, Form.TEXT}),
    answer=answer,
    read=read,
)
