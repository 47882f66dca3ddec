"""ElastAlert and ElastAlert 2: the document that a rule matched, as the post alerters send it; it never says that anything is over.

Every match is another document, so the rule's name makes the fingerprint; without one, the message with its numbers masked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, error_of, filled, fingerprint_of, link_of, object_of, path_of, stamp_of, text_of, title_of, word_of
from bot.sources.source import Delivery, Source

_RULE = ("rule_name", "rule", "ruleName", "rule.name", "alert_rule", "alert_name")
_TEXT = ("alert_subject", "title", "subject", "alert_text", "message", "log", "text")
_SEVERITY = ("severity", "alert_severity", "alert_level", "alarm_level", "priority", "level", "log.level", "loglevel")
_SERVICE = ("service.name", "service", "app", "application", "kubernetes.labels.app")
_ENVIRONMENT = ("environment", "service.environment", "env")
_HOST = ("host.name", "host", "hostname", "agent.hostname")
_SCOPE = ("query_key", "key")
_CHANGING = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b|\d+", re.IGNORECASE)


def read(delivery: Delivery) -> Reading:
    """The alert of a match; raises Malformed when it names no rule and says nothing."""
    match = object_of(delivery.payload, "the body")
    rule, said = _said(match, _RULE), _said(match, _TEXT)
    if not rule and not said:
        raise Malformed("the body: expected the match of a rule; give the rule http_post_static_payload: {rule_name: ...}.")
    return Reading(alerts=(_alert(delivery.source, match, rule, said),))


def _alert(source: str, match: Mapping[str, Any], rule: str, said: str) -> Alert:
    service, scope = _said(match, _SERVICE), _said(match, _SCOPE)
    return Alert(
        source=source,
        fingerprint=f"rule:{fingerprint_of(rule, service, scope)}" if rule else f"text:{fingerprint_of(_steady(said), service, scope)}",
        status=AlertStatus.FIRING,
        title=title_of(_said(match, _TEXT[:3]), rule, said),
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
            description=said,
            error=error_of(_field(match, "error.type"), _field(match, "error.message")),
            route=path_of(_field(match, "url.full")) or _field(match, "url.path"),
            events=match.get("num_hits") or match.get("num_matches"),
            latest_seen=stamp_of(match.get("@timestamp")) or stamp_of(match.get("alert_time")),
            runbook_url=link_of(match.get("runbook_url")),
            dashboard_url=link_of(match.get("kibana_discover_url")) or link_of(match.get("kibana_link")),
        ),
        url=link_of(match.get("kibana_discover_url")) or link_of(match.get("kibana_link")) or link_of(match.get("url")),
    )


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
    states={"any match": "fires"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    read=read,
)
