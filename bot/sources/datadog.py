"""Datadog: a body that people write from its variables, under names of their own; a form when they chose that.

An alert is named by its monitor and its scope, as both stay the same over re-triggers and the recovery; event ids never do, and a cycle key
counts only where a body gives no scope. An incident of Datadog is named by its own number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import UNTITLED, at, filled, fingerprint_of, link_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import guarded
from bot.sources.source import Delivery, Form, Source, is_secret
from bot.sources.templates import first, layers_of, outermost, untouched

_FIRES = ("triggered", "re-triggered", "renotify", "re-notify", "warn", "re-warn", "no data", "re-no data")
_TRANSITIONS = dict.fromkeys(_FIRES, AlertStatus.FIRING) | {"recovered": AlertStatus.RESOLVED}
_LEVELS = _TRANSITIONS | dict.fromkeys(("alert", "alerting", "firing", "trigger"), AlertStatus.FIRING)
_STATES = _LEVELS | dict.fromkeys(("ok", "resolved", "resolve"), AlertStatus.RESOLVED)
_TYPES = {"error": AlertStatus.FIRING, "warning": AlertStatus.FIRING, "success": AlertStatus.RESOLVED}
_INCIDENT = {"active": AlertStatus.FIRING, "stable": AlertStatus.FIRING} | dict.fromkeys(("resolved", "completed"), AlertStatus.RESOLVED)
_NO_ALERT = ("info", "user_update", "snapshot")
_WRAPPERS = ("labels", "annotations", "metadata", "details", "payload", "data", "monitor", "alert", "event", "incident")
_UNFILLED = re.compile(r"\$[A-Z][A-Z0-9_]*(?:\[.*\])?|(?i:null)")
_TEST = re.compile(r"\[TEST\] (?=\[)")
_HEADING = re.compile(
    r"(?:\[P[1-5]\]\s*)?(?:\[(?:Monitor|Multi) Alert\]\s*)?(?P<box>\[)?(?P<word>[A-Za-z -]+?)(?: on (?P<scope>\{[^}]*\}))?"
    r"(?(box)\]|:)\s*(?P<title>.*)",
    re.DOTALL,
)
_EVENT_TITLES = ("eventtitle", "title")
_MONITOR_TITLES = ("alerttitle", "monitorname", "alertname")
_SCOPES = ("alertscope", "scope", "scopes")
_KINDS = ("alerttype", "type")
_STATED = ("status", "state", "eventaction", "action")
_MONITOR = re.compile(r"/monitors[#/](\d+)")
_AGGREGATES = ("aggregkey", "aggregationkey", "dedupkey", "deduplicationkey", "alertuid")
_CYCLES = ("alertcyclekey", "cyclekey", "alertcycleid")
_WARNS = ("warn", "re-warn")
_NOT_SAID = re.compile(r"^[ \t]*%%%[ \t\r]*$|^[ \t]*@\S+(?:[ \t]+@\S+)*[ \t\r]*$", re.MULTILINE)

_Layers = Sequence[Mapping[str, Any]]


def read(delivery: Delivery) -> Reading:
    """The alert of the body; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    if why := untouched(delivery, _UNFILLED, "Datadog"):
        return Reading(ignored=(why,))
    layers = layers_of(payload, _UNFILLED, _WRAPPERS)
    if _is_test(layers):
        return Reading(ignored=("Datadog's test notification arrived; it is no alert.",))
    return guarded(delivery.source, "body", payload, lambda: _reading(delivery.source, layers))


def _reading(source: str, layers: _Layers) -> Reading:
    if incident := _incident(source, layers):
        return Reading(alerts=(incident,))
    heading = _Heading.of(layers[-1])
    said, kind = _said(layers, heading), word_of(outermost(layers, *_KINDS))
    if said is None and kind in _NO_ALERT and first(layers[-1], *_STATED) is None:
        return Reading(ignored=(f"Datadog's event {heading.title!r} is of the kind {kind}, no alert.",))
    return Reading(alerts=(_alert(source, layers[-1], heading, said or _unknown(layers)),))


def _is_test(layers: _Layers) -> bool:
    """Whether a monitor's test button sent it: that goes before the heading of an event, but may stand in a monitor's own name too."""
    title = text_of(outermost(layers, *_EVENT_TITLES))
    names = (text_of(layers[-1].get(name)) for name in _MONITOR_TITLES)
    found = _TEST.match(title)
    return bool(found and _Heading.split(title[found.end() :]).word) and not any(name.startswith("[TEST]") for name in names)


def _titled(fields: Mapping[str, Any]) -> str:
    return text_of(first(fields, *_EVENT_TITLES, "alerttitle", "alertname", "monitorname", "name", "summary", "securitysignaltitle"))


class _Said(NamedTuple):
    """A word of a state, empty when only a type said it, and what it means."""

    word: str
    status: AlertStatus


class _Heading(NamedTuple):
    """What Datadog puts before a title: the transition and its scope; ``word`` is empty when there is no known transition."""

    word: str
    scope: str
    title: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> _Heading:
        """The heading of the event's title, or of the alert's, and the title without it."""
        named = text_of(first(fields, *_MONITOR_TITLES)) or _titled(fields)
        read = [cls.split(text) for text in (_titled(fields), named)]
        word, scope, _ = next((one for one in read if one.word), read[0])
        return cls(word, scope, read[-1].title)

    @classmethod
    def split(cls, text: str) -> _Heading:
        """The heading of a text, and the text without it."""
        found = _HEADING.fullmatch(text)
        if found is None or (word := found["word"].casefold()) not in _TRANSITIONS:
            return cls("", "", text)
        return cls(word, found["scope"] or "", found["title"])


def _alert(source: str, fields: Mapping[str, Any], heading: _Heading, said: _Said) -> Alert:
    given = first(fields, *_SCOPES) or heading.scope
    scope = _scope(given)
    title = title_of(heading.title, first(fields, "securityrulename"), _titled(fields))
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields, scope if given else None, title),
        status=said.status,
        title=title,
        starts_at=None,
        labels=_labels(fields, scope, _transition(fields) or said.word),
        annotations=_annotations(fields),
        url=link_of(first(fields, "link", "eventlink", "url", "alerturl", "sourceurl", "monitorurl", "linktoupstreamdetails")),
    )


def _scope(value: Any) -> str:
    """The tags that a monitor is grouped by; nothing for one of everything."""
    text = ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
    return ",".join(part for name in text.strip("{}").split(",") if (part := name.strip()) and part != "*")


def _transition(fields: Mapping[str, Any]) -> str:
    """The transition that the template gives; nothing for an event that is no monitor's."""
    return word_of(first(fields, "alerttransition", "transition"))


def _said(layers: _Layers, heading: _Heading) -> _Said | None:
    """What the body says of its state, what is deeper only where nothing above it does; None when it says nothing.

    The transition under its own name comes first, and a heading in a monitor's name last, as people may have written that.
    """
    own = (layer for layer in layers[:2] if _transition(layer))
    found = next(filter(None, map(_stated, (*own, *layers))), None)
    return found or (_Said(heading.word, _TRANSITIONS[heading.word]) if heading.word else None)


def _stated(fields: Mapping[str, Any]) -> _Said | None:
    """The transition, the heading of the event, a status that is a word of a state (it may be a sentence), or the type of the alert.

    Only a transition ends what the type says fires, and not under the name of a severity; there it is the only word that ends anything.
    """
    if given := _transition(fields):
        return _Said(given, status_of(given, _TRANSITIONS, "alert_transition"))
    kind, severity = _TYPES.get(word_of(first(fields, *_KINDS))), word_of(fields.get("severity"))
    known, levels = (_TRANSITIONS, _FIRES) if kind is AlertStatus.FIRING else (_STATES, (*_LEVELS,))
    words = [_Heading.split(text_of(first(fields, *_EVENT_TITLES))).word]
    words += [word_of(fields.get(name)) for name in ("alertstatus", *_STATED)]
    words += [severity] if severity in levels else []
    word = next((word for word in words if word in known), "")
    return _Said(word, known[word]) if word else _Said("", kind) if kind else None


def _unknown(layers: _Layers) -> _Said:
    """Raises Malformed with the word that should have said the state and is not known."""
    if kind := outermost(layers, *_KINDS):
        return _Said("", status_of(kind, _TYPES, "alert_type"))
    if stated := outermost(layers, *_STATED):
        return _Said("", status_of(stated, _STATES, "status"))
    return _Said("", status_of("", _TRANSITIONS, "alert_transition"))


def _incident(source: str, layers: _Layers) -> Alert | None:
    """The alert that an incident of Datadog's own is; None for any other body."""
    fields = layers[-1]
    number = text_of(first(fields, "incidentpublicid", "incidentuuid"), 100)
    if not number or first(fields, "alertid", "alerttransition", "monitorid") is not None:
        return None
    return Alert(
        source=source,
        fingerprint=f"incident:{number}",
        status=status_of(outermost(layers, "incidentstatus", "status"), _INCIDENT, "incident_status"),
        title=title_of(first(fields, "incidenttitle", "title")),
        starts_at=None,
        labels=canonical(tags_of(first(fields, "tags")) | filled(severity=word_of(first(fields, "incidentseverity", "severity")))),
        annotations=filled(description=first(fields, "incidentmsg", "incidentmessage", "body")),
        url=link_of(first(fields, "incidenturl", "link", "url")),
    )


def _fingerprint(fields: Mapping[str, Any], scope: str | None, title: str) -> str:
    """The monitor and its scope; only where no scope is given at all (of everything is one) what links its events, or its host."""
    group = ",".join(sorted(scope.split(","))) if scope else ""
    aggregate, cycle = (text_of(first(fields, *names), 200) for names in (_AGGREGATES, _CYCLES))
    monitor = text_of(first(fields, "alertid", "monitorid", "securityruleid"), 100) or _monitor_in_links(fields)
    if monitor:
        instead = aggregate or cycle or first(fields, "hostname", "host") if scope is None else ""
        return fingerprint_of("monitor", monitor, group or instead or first(fields, "securitygroupbyvalues"))
    if aggregate or cycle:
        return fingerprint_of("aggregate" if aggregate else "cycle", aggregate or cycle)
    if title == UNTITLED:
        raise Malformed("alert_id: expected the template to give $ALERT_ID, $ALERT_SCOPE and $ALERT_TITLE.")
    return fingerprint_of("title", title, group or (first(fields, "hostname", "host") if scope is None else ""))


def _monitor_in_links(fields: Mapping[str, Any]) -> str:
    texts = (
        text_of(first(fields, name), 20_000)
        for name in ("link", "url", "alerturl", "sourceurl", "body", "eventmsg", "textonlymsg", "message")
    )
    return next((found[1] for text in texts if (found := _MONITOR.search(text))), "")


def _labels(fields: Mapping[str, Any], scope: str, transition: str) -> dict[str, str]:
    kind, priority = (word_of(first(fields, *names)) for names in (_KINDS, ("alertpriority", "priority")))
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


def _text(message: Any) -> str:
    """A message without the fences of Datadog's Markdown and without whom it was sent to."""
    return _NOT_SAID.sub("", text_of(message)).strip()


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=_text(first(fields, "textonlymsg", "body", "eventmsg", "message", "description", "text", "securitysignalmessage")),
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
