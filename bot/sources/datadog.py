"""Datadog: a body that people write from its variables, under names of their own; a form when they chose that.

An alert is named by its monitor and its scope, as both stay the same over re-triggers and the recovery; event ids and cycle keys do not.
An incident of Datadog is named by its own number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import UNTITLED, at, filled, fingerprint_of, link_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source, is_secret
from bot.sources.templates import first, untouched, unwrapped

_FIRES = ("triggered", "re-triggered", "renotify", "re-notify", "warn", "re-warn", "no data", "re-no data")
_TRANSITIONS = dict.fromkeys(_FIRES, AlertStatus.FIRING) | {"recovered": AlertStatus.RESOLVED}
_TYPES = {"error": AlertStatus.FIRING, "warning": AlertStatus.FIRING, "success": AlertStatus.RESOLVED}
_WORDS = dict.fromkeys(("alert", "alerting", "firing", "trigger"), AlertStatus.FIRING)
_STATES = _TRANSITIONS | _WORDS | dict.fromkeys(("ok", "resolved", "resolve"), AlertStatus.RESOLVED)
_INCIDENT = {"active": AlertStatus.FIRING, "stable": AlertStatus.FIRING} | dict.fromkeys(("resolved", "completed"), AlertStatus.RESOLVED)
_NO_ALERT = ("info", "user_update", "snapshot")
_WRAPPERS = ("labels", "annotations", "metadata", "details", "payload", "data", "monitor", "alert", "event", "incident")
_UNFILLED = re.compile(r"\$[A-Z][A-Z0-9_]*(?:\[.*\])?")
_TEST = re.compile(r"\[TEST\]\s*\S")
_HEADING = re.compile(
    r"(?:\[P[1-5]\]\s*)?(?:\[(?:Monitor|Multi) Alert\]\s*)?(?P<box>\[)?(?P<word>[A-Za-z -]+?)(?: on (?P<scope>\{[^}]*\}))?"
    r"(?(box)\]|:)\s*(?P<title>.*)",
    re.DOTALL,
)
_STATED = ("status", "state", "eventaction", "action")
_MONITOR = re.compile(r"/monitors[#/](\d+)")
_AGGREGATES = ("aggregkey", "aggregationkey", "dedupkey", "deduplicationkey", "alertuid")
_CYCLES = ("alertcyclekey", "cyclekey", "alertcycleid")
_WARNS = ("warn", "re-warn")


def read(delivery: Delivery) -> Reading:
    """The alert of the body; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    fields = unwrapped(payload, _UNFILLED, _WRAPPERS)
    if why := untouched(payload, fields, "Datadog"):
        return Reading(ignored=(why,))
    if _TEST.match(_titled(fields)):
        return Reading(ignored=("Datadog's test notification arrived; it is no alert.",))
    heading = _Heading.of(fields)
    kind = word_of(first(fields, "alerttype", "type"))
    if kind in _NO_ALERT and not (heading.word or _transition(fields)) and first(fields, *_STATED) is None:
        return Reading(ignored=(f"Datadog's event {heading.title!r} is of the kind {kind}, no alert.",))
    return single(delivery.source, payload, lambda: _incident(delivery.source, fields) or _alert(delivery.source, fields, heading))


def _titled(fields: Mapping[str, Any]) -> str:
    return text_of(first(fields, "eventtitle", "title", "alerttitle", "alertname", "monitorname", "name", "summary", "securitysignaltitle"))


class _Heading(NamedTuple):
    """What Datadog puts before a title: the transition and its scope; ``word`` is empty when there is no known transition."""

    word: str
    scope: str
    title: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> _Heading:
        """The heading of the event's title, or of the alert's, and the title without it."""
        named = text_of(first(fields, "alerttitle", "monitorname", "alertname")) or _titled(fields)
        read = [cls._split(text) for text in (_titled(fields), named)]
        word, scope, _ = next((one for one in read if one.word), read[0])
        return cls(word, scope, read[-1].title)

    @classmethod
    def _split(cls, text: str) -> _Heading:
        found = _HEADING.fullmatch(text)
        if found is None or (word := found["word"].casefold()) not in _TRANSITIONS:
            return cls("", "", text)
        return cls(word, found["scope"] or "", found["title"])


def _alert(source: str, fields: Mapping[str, Any], heading: _Heading) -> Alert:
    transition, status = _state(fields, heading.word)
    scope = _scope(first(fields, "alertscope", "scope", "scopes") or heading.scope)
    title = title_of(heading.title, first(fields, "securityrulename"), _titled(fields))
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields, scope, title),
        status=status,
        title=title,
        starts_at=None,
        labels=_labels(fields, scope, transition),
        annotations=_annotations(fields),
        url=link_of(first(fields, "link", "eventlink", "url", "alerturl", "sourceurl", "monitorurl", "linktoupstreamdetails")),
    )


def _scope(value: Any) -> str:
    """The tags that a monitor is grouped by; nothing for one of everything."""
    text = ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
    return ",".join(part for name in text.strip("{}").split(",") if (part := name.strip()) and part != "*")


def _transition(fields: Mapping[str, Any]) -> str:
    """The transition that the template gives; nothing for an event that is no monitor's."""
    given = word_of(first(fields, "alerttransition", "transition"))
    return "" if given == "null" else given


def _state(fields: Mapping[str, Any], heading: str) -> tuple[str, AlertStatus]:
    """The transition and what it means: where a template leaves it out, the title's heading or the alert's type says it.

    A status is a sentence in some templates; then only one that is a word of a state counts.
    """
    given = _transition(fields)
    others = (word_of(fields.get(name)) for name in ("alertstatus", *_STATED, "severity"))
    word = given or heading or next((word for word in others if word in _STATES), "")
    if not word and (kind := first(fields, "alerttype", "type")):
        return "", status_of(kind, _TYPES, "alert_type")
    if not word and (stated := first(fields, *_STATED)):
        return "", status_of(stated, _STATES, "status")
    return word, status_of(word, _TRANSITIONS if given else _STATES, "alert_transition")


def _incident(source: str, fields: Mapping[str, Any]) -> Alert | None:
    """The alert that an incident of Datadog's own is; None for any other body."""
    number = text_of(first(fields, "incidentpublicid", "incidentuuid"), 100)
    if not number or first(fields, "alertid", "alerttransition", "monitorid") is not None:
        return None
    return Alert(
        source=source,
        fingerprint=f"incident:{number}",
        status=status_of(first(fields, "incidentstatus", "status"), _INCIDENT, "incident_status"),
        title=title_of(first(fields, "incidenttitle", "title")),
        starts_at=None,
        labels=canonical(tags_of(first(fields, "tags")) | filled(severity=word_of(first(fields, "incidentseverity", "severity")))),
        annotations=filled(description=first(fields, "incidentmsg", "incidentmessage", "body")),
        url=link_of(first(fields, "incidenturl", "link", "url")),
    )


def _fingerprint(fields: Mapping[str, Any], scope: str, title: str) -> str:
    group = ",".join(sorted(scope.split(",")))
    aggregate, cycle = (text_of(first(fields, *names), 200) for names in (_AGGREGATES, _CYCLES))
    monitor = text_of(first(fields, "alertid", "monitorid", "securityruleid"), 100) or _monitor_in_links(fields)
    if monitor:
        return fingerprint_of("monitor", monitor, group or aggregate or cycle or first(fields, "hostname", "host", "securitygroupbyvalues"))
    if aggregate or cycle:
        return fingerprint_of("aggregate" if aggregate else "cycle", aggregate or cycle)
    if title == UNTITLED:
        raise Malformed("alert_id: expected the template to give $ALERT_ID, $ALERT_SCOPE and $ALERT_TITLE.")
    return fingerprint_of("title", title, group or first(fields, "hostname", "host"))


def _monitor_in_links(fields: Mapping[str, Any]) -> str:
    texts = (
        text_of(first(fields, name), 20_000)
        for name in ("link", "url", "alerturl", "sourceurl", "body", "eventmsg", "textonlymsg", "message")
    )
    return next((found[1] for text in texts if (found := _MONITOR.search(text))), "")


def _labels(fields: Mapping[str, Any], scope: str, transition: str) -> dict[str, str]:
    kind, priority = (word_of(first(fields, *names)) for names in (("alerttype", "type"), ("alertpriority", "priority")))
    said = word_of(first(fields, "severity", "securitysignalseverity"))
    priority = priority or (said if re.fullmatch(r"p[1-5]", said) else "")
    severity = "warning" if transition in _WARNS else priority if re.fullmatch(r"p[1-5]", priority) else ""
    own = {
        "host": first(fields, "hostname", "host"),
        "service": first(fields, "service", "servicename"),
        "environment": first(fields, "environment", "env"),
        "metric": first(fields, "alertmetric", "metric"),
        "test": first(fields, "syntheticstestname"),
        "org": first(fields, "orgname"),
        "transition": transition,
        "priority": priority,
        "severity": severity or (said if said not in _STATES else "") or (kind if _TYPES.get(kind) is AlertStatus.FIRING else ""),
    }
    tags = tags_of(first(fields, "tags", "eventtags")) | tags_of(scope)
    return canonical(tags | filled(**own))


def _said(message: Any) -> str:
    """A message without the fences of Datadog's Markdown and without whom it was sent to."""
    return re.sub(r"^\s*%%%\s*$|^\s*(?:@[\w.@-]+\s*)+$", "", text_of(message), flags=re.MULTILINE).strip()


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=_said(first(fields, "textonlymsg", "body", "eventmsg", "message", "description", "text", "securitysignalmessage")),
        error=first(fields, "error", "errormessage", "syntheticsfailingstepname", "syntheticsfirstfailingstepname"),
        status=first(fields, "alertstatus", "status"),
        query=first(fields, "alertquery", "query"),
        image_url=link_of(first(fields, "snapshot")),
        runbook_url=link_of(first(fields, "runbookurl", "runbook")),
        latest_seen=stamp_of(first(fields, "date", "dateposix", "lastupdated", "timestamp")),
    )


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether the field ``secret`` of the body is the secret, for templates that can only carry it there."""
    return is_secret(at(delivery.payload, "secret"), secret)


SOURCE = Source(
    kind=SourceKind.DATADOG,
    name="Datadog",
    channel=Channel.METRICS,
    documentation="https://docs.datadoghq.com/integrations/webhooks/",
    setup=(
        'Add a webhook with the URL {url}, the custom headers {{"Authorization": "Bearer {secret}"}} and the payload of docs/sources.md\n'
        "(it needs $ALERT_ID, $ALERT_SCOPE, $ALERT_TITLE and $ALERT_TRANSITION); then name it in the monitors: @webhook-muster."
    ),
    states={word: "fires" if status is AlertStatus.FIRING else "recovers" for word, status in _STATES.items()},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.BODY),
    forms=frozenset({Form.JSON, Form.URLENCODED}),
    read=read,
    verify=verify,
)
