"""Sentry: issues, issue alerts, metric alerts and errors of an integration, and what its older webhook plug-in posts.

An issue and the alerts about it share the issue's id, so that resolving the issue ends whatever fired for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
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
    word_of,
)
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Hmac, Source

_RESOURCE, _REQUEST = "sentry-hook-resource", "request-id"
_SIGNATURE = Hmac("sentry-hook-signature")
_ISSUE = {
    "created": AlertStatus.FIRING,
    "unresolved": AlertStatus.FIRING,
    "triggered": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
}
_NOTED = {"assigned": "Assigned", "unassigned": "Unassigned", "ignored": "Ignored", "archived": "Archived"}
_METRIC = {
    "critical": AlertStatus.FIRING,
    "warning": AlertStatus.FIRING,
    "open": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
}
_TRIGGERED = {"triggered": AlertStatus.FIRING}
_CREATED = {"created": AlertStatus.FIRING}
_ISSUE_ID = re.compile(r"/issues/(\d+)")
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")
_SHAPES = ("comment", "metric_alert", "event", "error", "activity", "issue", "installation")


def read(delivery: Delivery) -> Reading:
    """The alert or the note of a delivery; installations, comments and other resources are ignored by name."""
    payload = object_of(delivery.payload, "the body")
    resource = word_of(delivery.headers.get(_RESOURCE)) or _resource(payload)
    reader = _READERS.get(resource)
    if reader is None:
        return Reading(ignored=(f"Sentry's resource {resource} ({text_of(payload.get('action'), 40) or 'no action'}) is no alert.",))
    if _is_sample(payload):
        return Reading(ignored=("Sentry's sample event arrived, as its test buttons send it; it is no alert.",))
    if reader is _issue and (note := _note(payload)):
        return Reading(notes=(note,))
    return single(delivery.source, payload, lambda: reader(delivery.source, payload))


def _is_sample(payload: Mapping[str, Any]) -> bool:
    """Whether the event is the example that Sentry makes for people who try their set-up."""
    event = at(payload, "data", "event") or at(payload, "data", "error") or payload.get("event")
    return tags_of(at(event, "tags")).get("sample_event") == "yes"


def _resource(payload: Mapping[str, Any]) -> str:
    """The resource that a body without the header is about, told by its shape; raises Malformed when it has none of the known ones."""
    found = next((name for name in _SHAPES if at(payload, "data", name) is not None), "")
    if found:
        return {"event": "event_alert", "activity": "activity_alert"}.get(found, found)
    if isinstance(payload.get("event"), Mapping) or ("culprit" in payload and "level" in payload):
        return "plug-in"
    raise Malformed('the body: expected data with an issue, event, error or metric_alert, or the "event" of the webhook plug-in.')


def _note(payload: Mapping[str, Any]) -> Note | None:
    done = _NOTED.get(word_of(payload.get("action")))
    issue_id = text_of(at(payload, "data", "issue", "id"), 100)
    if done is None or not issue_id:
        return None
    assignee = text_of(at(payload, "data", "issue", "assignedTo", "name") or at(payload, "data", "assignee", "name"), 100)
    whom = f" to {assignee}" if done == "Assigned" and assignee else ""
    return Note(f"issue:{issue_id}", f"{done} in Sentry{whom} by {text_of(at(payload, 'actor', 'name'), 100) or 'somebody'}.")


def _issue(source: str, payload: Mapping[str, Any]) -> Alert:
    issue = object_of(at(payload, "data", "issue"), "data.issue")
    return _issue_alert(source, issue, status_of(payload.get("action"), _ISSUE, "action"))


def _activity(source: str, payload: Mapping[str, Any]) -> Alert:
    issue = object_of(at(payload, "data", "issue"), "data.issue")
    return _issue_alert(source, issue, status_of(issue.get("status"), _ISSUE, "data.issue.status"))


def _issue_alert(source: str, issue: Mapping[str, Any], status: AlertStatus) -> Alert:
    issue_id = text_of(issue.get("id"), 100)
    if not issue_id:
        raise Malformed("data.issue.id: expected the issue's id.")
    metadata = issue.get("metadata")
    error = error_of(at(metadata, "type"), at(metadata, "value"))
    return Alert(
        source=source,
        fingerprint=f"issue:{issue_id}",
        status=status,
        title=title_of(issue.get("title"), error, at(metadata, "title"), issue.get("shortId")),
        starts_at=None,
        labels=filled(
            severity=word_of(issue.get("level")),
            service=at(issue, "project", "slug") or at(issue, "project", "name"),
            platform=issue.get("platform"),
            priority=word_of(issue.get("priority")),
            issue=issue.get("shortId"),
        ),
        annotations=filled(
            error=error or issue.get("title"),
            route=issue.get("culprit"),
            release=at(issue, "lastRelease", "version") or at(issue, "firstRelease", "version"),
            users=issue.get("userCount"),
            events=issue.get("count"),
            first_seen=stamp_of(issue.get("firstSeen")),
            latest_seen=stamp_of(issue.get("lastSeen")),
        ),
        url=link_of(issue.get("web_url")) or link_of(issue.get("permalink")),
    )


def _event_alert(source: str, payload: Mapping[str, Any]) -> Alert:
    status = status_of(payload.get("action"), _TRIGGERED, "action")
    event = object_of(at(payload, "data", "event"), "data.event")
    return _event(source, event, status, {"rule": text_of(at(payload, "data", "triggered_rule"), 200)})


def _error(source: str, payload: Mapping[str, Any]) -> Alert:
    return _event(source, object_of(at(payload, "data", "error"), "data.error"), status_of(payload.get("action"), _CREATED, "action"), {})


def _plug_in(source: str, payload: Mapping[str, Any]) -> Alert:
    """What the plug-in says of the issue stands beside the event; only its event says the rest."""
    group = payload.get("group") if isinstance(payload.get("group"), Mapping) else {}
    said = {name: payload[name] for name in ("level", "culprit") if payload.get(name)}
    event = {**said, **(payload["event"] if isinstance(payload.get("event"), Mapping) else {})}
    event["issue_id"] = at(group, "id") or payload.get("id") or event.get("issue_id")
    event["web_url"] = payload.get("url") or at(group, "url") or event.get("web_url")
    event["title"] = event.get("title") or payload.get("message") or at(event, "metadata", "title")
    project = payload.get("project_slug") or at(payload, "project", "slug") or payload.get("project")
    rules = (
        ", ".join(text_of(rule, 100) for rule in payload["triggering_rules"]) if isinstance(payload.get("triggering_rules"), list) else ""
    )
    return _event(source, event, AlertStatus.FIRING, {"rule": rules, "service": text_of(project, 200)})


def _event(source: str, event: Mapping[str, Any], status: AlertStatus, known: Mapping[str, str]) -> Alert:
    tags = tags_of(event.get("tags"))
    error = _signature(event)
    url = link_of(event.get("web_url"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(event),
        status=status,
        title=title_of(event.get("title"), error, at(event, "metadata", "title"), event.get("message"), event.get("culprit")),
        starts_at=None,
        labels=canonical(
            tags
            | filled(service=_project(event), platform=event.get("platform"), environment=event.get("environment"))
            | filled(severity=event.get("level") or tags.get("level"), **known)
        ),
        annotations=filled(
            error=error or event.get("title"),
            description=at(event, "logentry", "formatted") or event.get("message"),
            route=event.get("transaction") or tags.get("transaction") or event.get("culprit") or _requested(event),
            release=event.get("release") or at(event, "release", "version") or tags.get("release") or tags.get("sentry:release"),
            latest_seen=stamp_of(event.get("datetime")) or stamp_of(event.get("timestamp")) or stamp_of(event.get("received")),
        ),
        url=url,
    )


def _signature(event: Mapping[str, Any]) -> str:
    thrown = at(event, "exception", "values", -1)
    named = error_of(at(thrown, "type"), at(thrown, "value"))
    return named or error_of(at(event, "metadata", "type"), at(event, "metadata", "value"))


def _requested(event: Mapping[str, Any]) -> str:
    return path_of(at(event, "request", "url")) or path_of(at(event, "sentry.interfaces.Http", "url"))


def _project(event: Mapping[str, Any]) -> str:
    found = _PROJECT.search(text_of(event.get("url"), 2000))
    return text_of(event.get("project_slug"), 200) or (found[1] if found else "")


def _fingerprint(event: Mapping[str, Any]) -> str:
    """The issue's id wherever the event names it; else what Sentry groups events by; raises Malformed when it names neither."""
    links = (text_of(event.get(name), 2000) for name in ("issue_url", "web_url"))
    found = next((match[1] for match in map(_ISSUE_ID.search, links) if match), "")
    issue_id = text_of(event.get("issue_id"), 100) or found or text_of(at(event, "issue", "id"), 100)
    if issue_id:
        return f"issue:{issue_id}"
    grouped = [text_of(at(event, "hashes", 0), 100), text_of(event.get("title"), 500), text_of(event.get("culprit"), 500)]
    if not any(grouped):
        raise Malformed("event.issue_id: expected the id of the issue, or a title.")
    return f"event:{fingerprint_of(_project(event), grouped[0] or grouped)}"


def _metric(source: str, payload: Mapping[str, Any]) -> Alert:
    metric = object_of(at(payload, "data", "metric_alert"), "data.metric_alert")
    action = word_of(payload.get("action"))
    status = status_of(action, _METRIC, "action")
    rule = metric.get("alert_rule")
    rule_id, metric_id = text_of(at(rule, "id"), 100), text_of(metric.get("id"), 100)
    if not rule_id and not metric_id:
        raise Malformed("data.metric_alert.id: expected the id of the alert or of its rule.")
    return Alert(
        source=source,
        fingerprint=f"rule:{rule_id}" if rule_id else f"metric:{metric_id}",
        status=status,
        title=title_of(at(rule, "name"), at(payload, "data", "description_title"), metric.get("title")),
        starts_at=moment_of(metric.get("date_started")),
        ends_at=moment_of(metric.get("date_closed")) if status is AlertStatus.RESOLVED else None,
        labels=filled(
            severity=action if status is AlertStatus.FIRING else None,
            service=_one(metric.get("projects")) or _one(at(rule, "projects")),
            environment=at(rule, "environment", "name") or at(rule, "environment"),
        ),
        annotations=filled(
            description=text_of(at(payload, "data", "description_text")).replace("\\n", "\n"),
            query=at(rule, "query"),
            measured=at(rule, "aggregate"),
            first_seen=stamp_of(metric.get("date_started")),
        ),
        url=link_of(at(payload, "data", "web_url")),
    )


def _one(value: Any) -> str:
    return text_of(value[0], 200) if isinstance(value, list) and len(value) == 1 else ""


_READERS: Mapping[str, Callable[[str, Mapping[str, Any]], Alert]] = {
    "issue": _issue,
    "activity_alert": _activity,
    "event_alert": _event_alert,
    "error": _error,
    "metric_alert": _metric,
    "plug-in": _plug_in,
}

SOURCE = Source(
    kind=SourceKind.SENTRY,
    name="Sentry",
    channel=Channel.ERRORS,
    documentation="https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
    setup=(
        "Settings, Developer Settings, a new internal integration: Webhook URL {url}, webhooks for issue, and Alert Rule Action on.\n"
        "Sentry makes the secret itself: set this source's ({secret}) to its client secret, and add the integration to your alert rules."
    ),
    states={
        "created": "fires",
        "unresolved": "fires",
        "triggered": "fires",
        "critical": "fires",
        "warning": "fires",
        "open": "fires",
        "resolved": "recovers",
        "assigned": "is noted",
        "unassigned": "is noted",
        "archived": "is noted",
        "ignored": "is noted",
    },
    carried_by=(Carrier.SIGNATURE, Carrier.PATH, Carrier.QUERY),
    keeps=(_RESOURCE, _SIGNATURE.header, _REQUEST),
    verify=_SIGNATURE.verify,
    sign=_SIGNATURE.sign,
    delivery_id=lambda delivery: text_of(delivery.headers.get(_REQUEST), 200) or None,
    read=read,
)
