"""Google Cloud Monitoring, incident schemas 1.1 and 1.2, from its webhook channel or by Pub/Sub; Error Reporting and budgets as well.

An incident id is new at every opening, so an alert is named by its condition and what it looks at, and an occurrence by its start.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import (
    at,
    error_of,
    filled,
    fingerprint_of,
    link_of,
    moment_of,
    object_of,
    path_of,
    stamp_of,
    status_of,
    text_of,
    title_of,
)
from bot.sources.labels import canonical, scalars_of
from bot.sources.nested import parse
from bot.sources.readings import each, single
from bot.sources.source import Delivery, Source

_SERVICES = ("service", "service_name", "module_id", "function_name", "container_name", "job_name", "api_name")
STATES = {"open": AlertStatus.FIRING, "closed": AlertStatus.RESOLVED}


def read(delivery: Delivery) -> Reading:
    """The incident of a notification; raises Malformed when there is none."""
    payload = _pushed(object_of(delivery.payload, "the body"))
    if payload.get("version") == "test":
        return Reading(ignored=("Google Cloud sent its test notification.",))
    if "group_info" in payload or "exception_info" in payload:
        return single(delivery.source, payload, lambda: _error(delivery.source, payload))
    if "budgetDisplayName" in payload:
        return _budget(delivery.source, payload)
    if "incident" not in payload:
        raise Malformed("incident: expected an object.")
    return Reading(
        alerts=tuple(each(delivery.source, [payload["incident"]], "incident", lambda one, place: _alert(delivery.source, one, place)))
    )


def _pushed(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The notification inside a push of Pub/Sub, or the body itself."""
    data = at(payload, "message", "data")
    if not isinstance(data, str):
        return payload
    try:
        decoded = base64.b64decode(data.encode("utf-8", "replace"), validate=True)
    except binascii.Error as error:
        raise Malformed("message.data: expected JSON in base64.") from error
    return object_of(parse(decoded, "message.data"), "message.data")


def _alert(source: str, incident: Mapping[str, Any], place: str) -> Alert:
    status = status_of(incident.get("state"), STATES, f"{place}.state")
    policy, condition = text_of(incident.get("policy_name")), text_of(incident.get("condition_name"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(incident, place),
        status=status,
        title=title_of(f"{policy}: {condition}" if policy and condition else policy or condition, incident.get("summary")),
        starts_at=moment_of(incident.get("started_at")),
        ends_at=moment_of(incident.get("ended_at")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(incident),
        annotations=_annotations(incident),
        url=link_of(incident.get("url")),
    )


def _fingerprint(incident: Mapping[str, Any], place: str) -> str:
    condition = text_of(at(incident, "condition", "name")) or text_of(incident.get("condition_name"))
    if not condition and not text_of(incident.get("policy_name")):
        if not (known := text_of(incident.get("incident_id"), 200)):
            raise Malformed(f"{place}: expected a condition, a policy_name or an incident_id to tell the alert by.")
        return known
    resource = at(incident, "resource")
    looked_at = (at(resource, "type"), at(resource, "labels")) if resource else (incident.get("resource_id"), incident.get("resource_name"))
    return fingerprint_of(incident.get("policy_name"), condition, *looked_at, at(incident, "metric", "labels"))


def _error(source: str, payload: Mapping[str, Any]) -> Alert:
    """An error that Error Reporting has seen for the first time or again; it is named by its group's page."""
    group, event = payload.get("group_info"), payload.get("event_info")
    error = error_of(at(payload, "exception_info", "type"), at(payload, "exception_info", "message"))
    page, subject = link_of(at(group, "detail_link")), text_of(payload.get("subject"))
    if not (error or page or subject):
        raise Malformed("exception_info: expected an error, or group_info with its detail_link.")
    named = (page.partition("?")[0],) if page else (at(event, "service"), error or subject)
    return Alert(
        source=source,
        fingerprint=fingerprint_of("error", *named),
        status=AlertStatus.FIRING,
        title=title_of(error, subject),
        starts_at=None,
        labels=canonical(
            filled(project=at(group, "project_id"), service=at(event, "service"), response_status=at(event, "response_status"))
        ),
        annotations=filled(
            error=error,
            description=at(event, "log_message"),
            route=path_of(at(event, "request_url")),
            release=at(event, "version"),
        ),
        url=page,
    )


def _budget(source: str, payload: Mapping[str, Any]) -> Reading:
    """A budget whose threshold is exceeded; what it says several times a day without one is ignored."""
    name, exceeded = title_of(payload.get("budgetDisplayName")), payload.get("alertThresholdExceeded")
    forecast = payload.get("forecastThresholdExceeded")
    if exceeded is None and forecast is None:
        return Reading(ignored=(f"The budget {name!r} says what it has spent and exceeds no threshold.",))
    cost = f"{text_of(payload.get('costAmount'), 40)} {text_of(payload.get('currencyCode'), 10)}"
    alert = Alert(
        source=source,
        fingerprint=fingerprint_of("budget", name, payload.get("costIntervalStart"), exceeded, forecast),
        status=AlertStatus.FIRING,
        title=title_of(f"Budget {name} has reached {cost}"),
        starts_at=None,
        labels=filled(budget=name),
        annotations=filled(threshold=exceeded if exceeded is not None else forecast, first_seen=stamp_of(payload.get("costIntervalStart"))),
    )
    return Reading(alerts=(alert,))


def _labels(incident: Mapping[str, Any]) -> dict[str, str]:
    severity = text_of(incident.get("severity"))
    labels = scalars_of(at(incident, "resource", "labels")) | scalars_of(at(incident, "metric", "labels"))
    labels |= scalars_of(at(incident, "metadata", "user_labels")) | scalars_of(incident.get("policy_user_labels"))
    named = {
        "policy": incident.get("policy_name"),
        "condition": incident.get("condition_name"),
        "project": incident.get("scoping_project_id"),
        "resource": incident.get("resource_name"),
        "metric": at(incident, "metric", "type"),
        "service": next((labels[name] for name in _SERVICES if name in labels), None),
    }
    if severity and severity.casefold() != "no severity":
        named["severity"] = severity
    return canonical(labels | filled(**named))


def _annotations(incident: Mapping[str, Any]) -> dict[str, str]:
    documentation = incident.get("documentation")
    content = at(documentation, "content") if isinstance(documentation, Mapping) else documentation
    return filled(
        description=incident.get("summary"),
        documentation=content,
        observed=incident.get("observed_value"),
        threshold=incident.get("threshold_value"),
        runbook_url=link_of(at(documentation, "links", 0, "url")),
    )


SOURCE = Source(
    kind=SourceKind.GOOGLE_CLOUD,
    name="Google Cloud Monitoring",
    channel=Channel.METRICS,
    documentation="https://cloud.google.com/monitoring/support/notification-options#webhooks",
    setup=(
        "Under Alerting, Edit notification channels, add a webhook to {url}\n"
        "with Use HTTP Basic Auth and the password {secret} (or without it, and ?auth_token={secret} behind the address)."
    ),
    states={"open": "fires", "closed": "recovers"},
    read=read,
    carried_by=(Carrier.BASIC, Carrier.QUERY, Carrier.BEARER, Carrier.PATH),
    delivery_id=lambda delivery: text_of(at(delivery.payload, "message", "messageId"), 200) or None,
)
