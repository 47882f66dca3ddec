"""ElastAlert and ElastAlert 2: the document that a rule matched, as the post alerters send it; the list of its alertmanager alerter, too.

Every match is another document, so the rule's name makes the fingerprint; without one, the message with its numbers masked. A document
never says that anything is over; a payload that names an alert of its own (``alert_uid`` and ``state``, ``Id`` and ``event_type``) may.
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
    error_of,
    filled,
    fingerprint_of,
    key_of,
    link_of,
    object_of,
    path_of,
    stamp_of,
    status_of,
    text_of,
    title_of,
    word_of,
)
from bot.sources.prometheus import read as read_alertmanager
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_RULE = ("rule_name", "rule", "rulename", "rule.name", "alert_rule", "alert_name", "alertname")
_HEAD = ("alert_subject", "title", "subject", "summary")
_BODY = ("alert_text", "message", "alert_description", "description", "body", "log", "text")
_OF_A_DOCUMENT = ("@timestamp", "_index", "_id", "num_hits", "num_matches")
_COUNTED = ("count", "threshold", "spike_count", "reference_count", "percentage", "new_field")
_STATES = {
    "": AlertStatus.FIRING,
    "alerting": AlertStatus.FIRING,
    "create": AlertStatus.FIRING,
    "ok": AlertStatus.RESOLVED,
    "resolve": AlertStatus.RESOLVED,
}
_ACKNOWLEDGED = "acknowledge"
_EVENTS = ("create", "resolve", _ACKNOWLEDGED)
_SEVERITY = ("severity", "alert_severity", "alert_level", "alarm_level", "rule_level", "priority", "level", "log.level", "loglevel")
_SERVICE = ("service.name", "service", "app", "application", "kubernetes.labels.app")
_ENVIRONMENT = ("environment", "service.environment", "env")
_HOST = ("host.name", "host", "hostname", "agent.hostname")
_SCOPE = ("query_key", "key")
_CHANGING = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b|\d+", re.IGNORECASE)


def read(delivery: Delivery) -> Reading:
    """The alert of a match, or those of a list; raises Malformed when a body names no rule, says nothing and is no match either."""
    if isinstance(delivery.payload, list) and delivery.payload:
        return read_alertmanager(delivery)
    match = _plain(object_of(delivery.payload, "the body"))
    rule, said = _said(match, _RULE), _said(match, _HEAD + _BODY) or _counted(match)
    if not rule and not said:
        raise Malformed("the body: expected the match of a rule; give the rule http_post_static_payload: {rule_name: ...}.")
    uid, state = _own_state(match)
    if uid and state == _ACKNOWLEDGED:
        return Reading(notes=(Note(uid, "Acknowledged in ElastAlert"),))
    return single(delivery.source, {"state": state, "said": said}, lambda: _alert(delivery.source, match, rule, said))


def _plain(match: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by their names in lower case, too, for people write ``Title`` into their payloads."""
    return {text_of(name, 200).casefold(): value for name, value in match.items()} | dict(match)


def _counted(match: Mapping[str, Any]) -> str:
    """What a rule counted, for a match whose document has no text; nothing for what is no match."""
    if "@timestamp" not in match and "num_hits" not in match:
        return ""
    names = [name for name in match if name == name.casefold() and (name in _COUNTED or name.startswith("metric_"))]
    counted = ", ".join(f"{name} {text_of(match[name], 60)}" for name in names[:5])
    return f"Match in {text_of(match.get('_index'), 100) or 'Elasticsearch'}" + (f": {counted}" if counted else "")


def _is_document(match: Mapping[str, Any]) -> bool:
    """Whether a body is, or holds, the document that a rule matched, with what that document says of other things."""
    return any(name in match for name in _OF_A_DOCUMENT)


def _own_state(match: Mapping[str, Any]) -> tuple[str, str]:
    """The name of an alert of its own, as a fingerprint, and its state; nothing for the document of a match."""
    uid, event = _said(match, ("alert_uid",)), word_of(match.get("event_type"))
    if uid:
        return key_of(f"alert:{uid}"), "" if _is_document(match) else word_of(match.get("state"))
    named = _said(match, ("id",)) if event in _EVENTS and not _is_document(match) else ""
    return (key_of(f"alert:{named}"), event) if named else ("", "")


def _alert(source: str, match: Mapping[str, Any], rule: str, said: str) -> Alert:
    service, scope = _said(match, _SERVICE), _said(match, _SCOPE)
    named = f"rule:{fingerprint_of(rule, service, scope)}" if rule else f"text:{fingerprint_of(_steady(said), service, scope)}"
    uid, state = _own_state(match)
    return Alert(
        source=source,
        fingerprint=uid or named,
        status=status_of(state, _STATES, "state"),
        title=title_of(_said(match, _HEAD), rule, said),
        starts_at=None,
        labels=filled(
            severity=word_of(_said(match, _SEVERITY)),
            service=service,
            environment=_said(match, _ENVIRONMENT),
            host=_said(match, _HOST),
            rule=rule,
            index=match.get("_index"),
        ),
        annotations=filled(
            description=_said(match, _BODY) or said,
            error=error_of(_field(match, "error.type"), _field(match, "error.message")),
            route=path_of(_field(match, "url.full")) or _field(match, "url.path") or _visited(match),
            events=match.get("num_hits") or match.get("num_matches"),
            latest_seen=stamp_of(match.get("@timestamp")) or stamp_of(match.get("alert_time")),
            runbook_url=link_of(match.get("runbook_url")),
            dashboard_url=link_of(match.get("kibana_discover_url")) or link_of(match.get("kibana_link")),
        ),
        url=link_of(match.get("kibana_discover_url")) or link_of(match.get("kibana_link")) or _page(match),
    )


def _page(match: Mapping[str, Any]) -> str | None:
    """The page that a payload links to; in the document of a match ``url`` is what somebody visited."""
    return None if _is_document(match) else link_of(match.get("url"))


def _visited(match: Mapping[str, Any]) -> str:
    return path_of(match.get("url")) if _is_document(match) else ""


def _said(match: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of some fields that holds a text or a number."""
    found = (_field(match, name) for name in names)
    return next((text_of(value) for value in found if isinstance(value, str | int | float) and text_of(value)), "")


def _steady(said: str) -> str:
    """A message whose numbers and identifiers are masked, so that repeats of it are the same."""
    return _CHANGING.sub("#", " ".join(said.split()))


def _field(match: Mapping[str, Any], name: str) -> Any:
    """A field by its dotted name, whether the document is flat or nested."""
    return match[name] if name in match else at(match, *name.split("."))


SOURCE = Source(
    kind=SourceKind.ELASTALERT,
    name="ElastAlert",
    channel=Channel.LOGS,
    documentation="https://elastalert2.readthedocs.io/en/latest/alerts.html#http-post-2",
    setup=(
        "In the rule: alert: [post2], http_post2_url: {url}, http_post2_headers: {{Authorization: Bearer {secret}}},\n"
        "http_post2_all_values: true, http_post2_payload: {{rule_name: NAME, severity: critical}}."
    ),
    states={"any match": "fires", "alert_uid with state ok, Id with event_type resolve": "recovers"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    takes_arrays=True,
    read=read,
)
