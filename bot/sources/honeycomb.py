"""Honeycomb's triggers and burn alerts: one alert each, whatever groups made it fire, as its recovery names no group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, object_of, status_of, text_of, title_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source, is_secret
from bot.sources.templates import MUSTACHE, fields_of, first

_STATES = {"triggered": AlertStatus.FIRING, "ok": AlertStatus.RESOLVED}
_OF_RECEIVERS = {
    **dict.fromkeys(("firing", "trigger"), AlertStatus.FIRING),
    **dict.fromkeys(("resolved", "resolve"), AlertStatus.RESOLVED),
}
_SAMPLES = ("test trigger", "test burn alert")
_PAGES = ("triggerurl", "url", "alerturl", "burnalerturl", "slourl", "sourceurl", "resourceurl", "clienturl")
_KEYS = ("deduplicationkey", "dedupkey")
_HEADER, _DELIVERY = "X-Honeycomb-Webhook-Token", "x-honeycomb-webhook-delivery-id"
_GROUPS_AT_MOST = 20


def read(delivery: Delivery) -> Reading:
    """The alert of the trigger; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    fields = fields_of(payload, MUSTACHE)
    if text_of(first(fields, "istest", "alertistest")).casefold() == "true" or _is_sample(fields):
        return Reading(ignored=("Honeycomb's test notification arrived; it is no alert.",))
    return single(delivery.source, payload, lambda: _alert(delivery.source, fields))


def _is_sample(fields: Mapping[str, Any]) -> bool:
    """Whether that is what an older Honeycomb's test button sends, which has no flag for it, and no page as a trigger of that name has."""
    named = text_of(first(fields, "name", "triggername")).casefold() in _SAMPLES
    return named and _page(fields) is None


def _alert(source: str, fields: Mapping[str, Any]) -> Alert:
    trigger, name = (
        text_of(first(fields, "id", "triggerid", "burnalertid", "alertid"), 150),
        text_of(first(fields, "name", "triggername", "burnalertname", "title", "sloname", "payloadsummary")),
    )
    if not (trigger or name):
        raise Malformed("id: expected the id of the trigger, or its name.")
    page = _page(fields)
    return Alert(
        source=source,
        fingerprint=f"trigger:{trigger}" if trigger else fingerprint_of("trigger", name, page),
        status=_status(fields),
        title=title_of(name, first(fields, "summary", "alertsummary")),
        starts_at=None,
        labels=_labels(fields, name),
        annotations=filled(
            description=first(fields, "description", "alertdescription", "summary"),
            trigger_description=first(fields, "triggerdescription"),
            groups=_groups(first(fields, "resultgroupstriggered", "resultgroups")),
            dashboard_url=link_of(first(fields, "resulturl", "metadataresulturl")),
            runbook_url=link_of(first(fields, "runbookurl", "runbook")),
        ),
        url=page or link_of(first(fields, "resulturl", "metadataresulturl")),
    )


def _page(fields: Mapping[str, Any]) -> str | None:
    return link_of(first(fields, *_PAGES))


def _status(fields: Mapping[str, Any]) -> AlertStatus:
    """The status in Honeycomb's words, or in those of the receiver that the template was written for, which has a key then."""
    words = _STATES | _OF_RECEIVERS if first(fields, *_KEYS) else _STATES
    return status_of(first(fields, "status", "alertstatus", "eventaction"), words, "status")


def _labels(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    groups = first(fields, "resultgroupstriggered")
    group = tags_of(at(groups, 0, "Group")) if isinstance(groups, list) and len(groups) == 1 else {}
    own = filled(
        trigger=name,
        slo=first(fields, "sloname"),
        severity=first(fields, "severity", "alertseverity", "payloadseverity"),
        dataset=first(fields, "dataset"),
        service=first(fields, "service", "servicename"),
        environment=first(fields, "environment", "env"),
    )
    return canonical(group | tags_of(first(fields, "tags", "triggertags")) | own)


def _groups(groups: Any) -> str:
    """What made it fire, a group to a part: its fields and its result."""
    told = []
    for group in groups[:_GROUPS_AT_MOST] if isinstance(groups, list) else ():
        fields = ", ".join(f"{name} {text}" for name, text in tags_of(at(group, "Group")).items())
        told.append(f"{fields or 'all'}: {text_of(at(group, 'Result'), 100)}")
    return "; ".join(told)


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether the field ``shared_secret`` of the body, where older webhooks carry it, is the secret."""
    return is_secret(at(delivery.payload, "shared_secret"), secret)


def delivery_id(delivery: Delivery) -> str | None:
    """The id that stays the same over the retries of a delivery; None from a Honeycomb that sends none."""
    return text_of(delivery.headers.get(_DELIVERY), 200) or None


SOURCE = Source(
    kind=SourceKind.HONEYCOMB,
    name="Honeycomb",
    channel=Channel.METRICS,
    documentation="https://docs.honeycomb.io/notify/webhooks/",
    setup=(
        "Under Team Settings, Integrations, add a Webhook with the URL {url} and the shared secret {secret};\n"
        "then add it as a recipient to the triggers and burn alerts."
    ),
    states={"TRIGGERED": "fires", "OK": "recovers"},
    carried_by=(Carrier.HEADER, Carrier.BEARER, Carrier.BODY),
    header=_HEADER,
    keeps=(_DELIVERY,),
    read=read,
    verify=verify,
    delivery_id=delivery_id,
)
