"""Azure Monitor: the common alert schema, and the older ones of metric, log, activity log and budget alerts.

An alert id is new at every firing, so an alert is named by its rule, what it looks at and the dimensions that split it. Health events of
Azure itself are always "Fired": whether they have ended stands in their context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import (
    at,
    filled,
    fingerprint_of,
    first_text,
    link_of,
    moment_of,
    object_of,
    stamp_of,
    status_of,
    text_of,
    texts_of,
    title_of,
    word_of,
)
from bot.sources.labels import canonical, scalars_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

STATES = {
    "fired": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
    "activated": AlertStatus.FIRING,
    "deactivated": AlertStatus.RESOLVED,
}
_STAGES = {
    **dict.fromkeys(("active", "planned", "inprogress", "rescheduled", "updated"), AlertStatus.FIRING),
    **dict.fromkeys(("resolved", "complete", "rca", "canceled"), AlertStatus.RESOLVED),
}
_EVENT_LABELS = ("service", "region", "incidentType", "stage", "trackingId", "cause", "currentHealthStatus", "category")
_EVENT_NAMES = {"stage": "event_stage"}
_HEALTH = {
    "available": AlertStatus.RESOLVED,
    **dict.fromkeys(("unavailable", "degraded", "unknown"), AlertStatus.FIRING),
}


def read(delivery: Delivery) -> Reading:
    """The alert of a notification; raises Malformed for a body of no known schema."""
    payload = object_of(delivery.payload, "the body")
    if "operation" in payload and "context" in payload:
        return Reading(ignored=(f"Autoscale is no alert: {title_of(at(payload, 'context', 'details'), payload['operation'])}",))
    payload = {"data": payload} if "AlertRuleName" in payload and "data" not in payload else payload
    reader = _reader(payload)
    return single(delivery.source, payload, lambda: reader(delivery.source, payload))


def _reader(payload: Mapping[str, Any]) -> Callable[[str, Mapping[str, Any]], Alert]:
    if "data" not in payload and "context" not in payload:
        raise Malformed("schemaId: expected azureMonitorCommonAlertSchema (or an older schema of Azure Monitor) with its data.")
    if at(payload, "data", "essentials") is not None or payload.get("schemaId") == "azureMonitorCommonAlertSchema":
        return _common
    if at(payload, "data", "context", "activityLog") is not None:
        return _activity
    if "context" in payload or at(payload, "data", "context") is not None:
        return _classic
    return _log if at(payload, "data", "AlertRuleName") is not None or at(payload, "data", "SearchQuery") is not None else _budget


def _common(source: str, payload: Mapping[str, Any]) -> Alert:
    essentials, context = object_of(at(payload, "data", "essentials"), "data.essentials"), at(payload, "data", "alertContext")
    if word_of(essentials.get("monitoringService")) == "costalerts":
        return _budget(source, {"data": {**texts_of(at(context, "AlertData")), **essentials}})
    status = status_of(essentials.get("monitorCondition"), {word: STATES[word] for word in ("fired", "resolved")}, "monitorCondition")
    status = _health(context) or status if status is AlertStatus.FIRING else status
    return Alert(
        source=source,
        fingerprint=_fingerprint(essentials, context),
        status=status,
        title=title_of(_title(context), essentials.get("alertRule"), essentials.get("description")),
        starts_at=moment_of(essentials.get("firedDateTime")) if text_of(essentials.get("signalType")).casefold() == "metric" else None,
        ends_at=moment_of(essentials.get("resolvedDateTime")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(essentials, payload),
        annotations=_annotations(essentials, context),
        url=link_of(essentials.get("investigationLink")) or _portal(essentials.get("alertId")),
    )


def _health(context: Any) -> AlertStatus | None:
    """What a service health or resource health event says about itself; None for any other alert, whose properties are its owner's."""
    stage, health = at(context, "properties", "stage"), at(context, "properties", "currentHealthStatus")
    if at(context, "eventSource") is None or (stage is None and health is None):
        return None
    if health is not None:
        return status_of(health, _HEALTH, "alertContext.properties.currentHealthStatus")
    return status_of(stage, _STAGES, "alertContext.properties.stage")


def _tracked(context: Any) -> str:
    """The id under which Azure follows a trouble of its own."""
    return "" if at(context, "eventSource") is None else text_of(at(context, "properties", "trackingId"))


def _fingerprint(essentials: Mapping[str, Any], context: Any) -> str:
    if tracked := _tracked(context):
        return fingerprint_of("health", tracked)
    rule = text_of(essentials.get("alertRuleID") or essentials.get("alertRuleId") or essentials.get("alertRule"))
    if not rule and not text_of(essentials.get("alertId")):
        raise Malformed("data.essentials: expected alertRule or alertId to tell the alert by.")
    if not rule:
        return fingerprint_of(essentials.get("alertId"))
    targets = essentials.get("alertTargetIDs")
    looked_at = sorted(text_of(target).casefold() for target in targets) if isinstance(targets, list) else [text_of(targets).casefold()]
    return fingerprint_of(rule.casefold(), *looked_at, "dimensions", *sorted(set(_dimensions(context))))


def _dimensions(context: Any) -> Iterator[str]:
    """What splits a rule into several alerts: dimensions of its criteria, of its query, or the labels of Prometheus."""
    conditions = at(context, "condition", "allOf")
    lists = [at(condition, "dimensions") for condition in conditions] if isinstance(conditions, list) else []
    for dimensions in (*lists, at(context, "Dimensions")):
        for dimension in dimensions if isinstance(dimensions, list) else ():
            yield f"{text_of(at(dimension, 'name'))}={text_of(at(dimension, 'value'))}"
    yield from (f"{name}={value}" for name, value in scalars_of(at(context, "labels")).items())


def _labels(essentials: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, str]:
    context = at(payload, "data", "alertContext")
    own = scalars_of(at(context, "properties")) | scalars_of(at(context, "labels"))
    if at(context, "eventSource") is not None:
        own = {_EVENT_NAMES.get(name, name): own[name] for name in _EVENT_LABELS if name in own}
    target = text_of(at(essentials, "alertTargetIDs", 0))
    named = filled(
        severity=essentials.get("severity"),
        rule=essentials.get("alertRule"),
        web_test=at(context, "condition", "allOf", 0, "webTestName"),
        signal=essentials.get("signalType"),
        monitor=essentials.get("monitoringService"),
        operation=at(context, "operationName"),
        resource=at(essentials, "configurationItems", 0) or target.rsplit("/", 1)[-1],
        resource_group=essentials.get("targetResourceGroup") or _group(target),
        resource_type=essentials.get("targetResourceType"),
    )
    return canonical(own | scalars_of(at(payload, "data", "customProperties")) | named)


def _annotations(essentials: Mapping[str, Any], context: Any) -> dict[str, str]:
    condition = at(context, "condition", "allOf", 0) or {}
    written = at(context, "annotations")
    told = ("communication", "details", "description")
    links = [at(condition, name) for name in ("linkToFilteredSearchResultsUI", "linkToSearchResultsUI")]
    links += [at(context, name) for name in ("LinkToFilteredSearchResultsUI", "LinkToSearchResults")]
    return filled(
        description=first_text(
            essentials.get("description"),
            *(at(written, name) for name in ("description", "summary")),
            *(at(context, "properties", name) for name in told),
        ),
        error=_condition(condition)
        or first_text(*(at(context, name) for name in ("SearchQuery", "expression", "DetectionSummary")))
        or _title(context),
        route=at(context, "FailedRequestName"),
        users=at(context, "AffectedUserCount"),
        first_seen=stamp_of(essentials.get("firedDateTime")),
        runbook_url=link_of(at(written, "runbook_url")),
        source_url=first_text(*map(link_of, links)),
    )


def _title(context: Any) -> str:
    return "" if at(context, "eventSource") is None else text_of(at(context, "properties", "title"), 500)


def _condition(condition: Any) -> str:
    """What a criterion says, such as ``Percentage CPU Average GreaterThan 25: 31.4``; the query of a log alert comes first."""
    words = [text_of(at(condition, name), 500) for name in ("searchQuery", "metricName", "timeAggregation", "operator", "threshold")]
    value, said = text_of(at(condition, "metricValue")), " ".join(word for word in words if word)
    return f"{said}: {value}" if said and value else said


def _classic(source: str, payload: Mapping[str, Any]) -> Alert:
    data = payload if "context" in payload else object_of(payload["data"], "data")
    context = object_of(data.get("context"), "context")
    if not text_of(context.get("id")) and not text_of(context.get("name")):
        raise Malformed("context: expected the id or the name of the alert's rule.")
    condition = at(context, "condition", "allOf", 0) or at(context, "condition")
    return Alert(
        source=source,
        fingerprint=fingerprint_of(
            text_of(context.get("id")).casefold() or context.get("name"),
            text_of(context.get("resourceId")).casefold(),
            *sorted(set(_dimensions(context))),
        ),
        status=status_of(data.get("status"), STATES, "status"),
        title=title_of(context.get("name"), context.get("description")),
        starts_at=None,
        labels=canonical(
            scalars_of(data.get("properties"))
            | filled(
                severity=context.get("severity"),
                resource=context.get("resourceName"),
                resource_group=context.get("resourceGroupName"),
                resource_type=context.get("resourceType"),
                region=context.get("resourceRegion"),
            )
        ),
        annotations=filled(description=context.get("description"), error=_condition(condition)),
        url=link_of(context.get("portalLink")),
    )


def _activity(source: str, payload: Mapping[str, Any]) -> Alert:
    log = object_of(at(payload, "data", "context", "activityLog"), "data.context.activityLog")
    status = status_of(at(payload, "data", "status"), STATES, "data.status")
    title = title_of(at(log, "properties", "title"), log.get("description"), log.get("operationName"))
    operation, resource = text_of(log.get("operationName")), text_of(log.get("resourceId"))
    tracked = _tracked(log)
    if not (tracked or operation or resource):
        raise Malformed("data.context.activityLog: expected an operationName or a resourceId to tell the alert by.")
    return Alert(
        source=source,
        fingerprint=fingerprint_of("health", tracked) if tracked else fingerprint_of("activity", operation, resource.casefold(), title),
        status=_health(log) or status,
        title=title,
        starts_at=None,
        labels=canonical(
            filled(severity=log.get("level"), signal=log.get("eventSource"), resource=resource.rsplit("/", 1)[-1], operation=operation)
        ),
        annotations=filled(description=log.get("description") or at(log, "properties", "communication")),
        url=_portal(resource),
    )


def _log(source: str, payload: Mapping[str, Any]) -> Alert:
    data = object_of(payload["data"], "data")
    return Alert(
        source=source,
        fingerprint=fingerprint_of(
            "log", data.get("SubscriptionId"), data.get("AlertRuleName"), data.get("SearchQuery"), *sorted(set(_dimensions(data)))
        ),
        status=AlertStatus.FIRING,
        title=title_of(data.get("AlertRuleName"), data.get("Description")),
        starts_at=None,
        labels=canonical(filled(severity=data.get("Severity"), signal="Log", rule_type=data.get("AlertType"))),
        annotations=filled(description=data.get("Description"), error=data.get("SearchQuery"), count=data.get("ResultCount")),
        url=link_of(data.get("LinkToSearchResults")),
    )


def _budget(source: str, payload: Mapping[str, Any]) -> Alert:
    data = object_of(payload.get("data"), "data")
    budget = text_of(data.get("BudgetName"))
    if not budget:
        raise Malformed("data: expected essentials, a context, an AlertRuleName or a BudgetName.")
    return Alert(
        source=source,
        fingerprint=fingerprint_of(
            "budget", data.get("SubscriptionId") or data.get("BudgetId"), budget, data.get("NotificationThresholdAmount")
        ),
        status=AlertStatus.FIRING,
        title=title_of(f"Budget {budget} has reached {text_of(data.get('SpendingAmount'), 40)} {text_of(data.get('Unit'), 10)}"),
        starts_at=None,
        labels=canonical(filled(signal="Budget", subscription=data.get("SubscriptionName"), resource_group=data.get("ResourceGroup"))),
        annotations=filled(description=data.get("description"), first_seen=stamp_of(data.get("firedDateTime"))),
    )


def _group(target: str) -> str:
    parts = target.casefold().split("/")
    return target.split("/")[parts.index("resourcegroups") + 1] if "resourcegroups" in parts[:-1] else ""


def _portal(resource: Any) -> str | None:
    """The page of an alert or a resource in the portal, from its id."""
    path = text_of(resource, 1000)
    return link_of(f"https://portal.azure.com/#resource{path}") if path.startswith("/subscriptions/") else None


SOURCE = Source(
    kind=SourceKind.AZURE,
    name="Azure Monitor",
    channel=Channel.METRICS,
    documentation="https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema",
    setup=(
        "In an action group, add a webhook to {url}/{secret}\n"
        "with the common alert schema enabled; alert rules that use the group post from then on."
    ),
    states={"Fired": "fires", "Activated": "fires", "Resolved": "recovers", "Deactivated": "recovers"},
    read=read,
    carried_by=(Carrier.PATH, Carrier.QUERY),
)
