"""Datadog: a body that people write from its variables, under names of their own; a form when they chose that.

An alert is named by its monitor and its scope, as both stay the same over re-triggers and the recovery; event ids and cycle keys do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source, is_secret
from bot.sources.templates import fields_of, first, untouched

_FIRES = ("triggered", "re-triggered", "renotify", "re-notify", "warn", "re-warn", "no data", "re-no data")
_TRANSITIONS = dict.fromkeys(_FIRES, AlertStatus.FIRING) | {"recovered": AlertStatus.RESOLVED}
_TYPES = {"error": AlertStatus.FIRING, "warning": AlertStatus.FIRING, "success": AlertStatus.RESOLVED}
_UNFILLED = re.compile(r"\$[A-Z][A-Z0-9_]*(?:\[.*\])?")
_HEADING = re.compile(r"\[(?P<transition>[A-Za-z -]+?)(?: on (?P<scope>\{[^}]*\}))?\]\s*(?P<title>.*)", re.DOTALL)
_MONITOR = re.compile(r"/monitors[#/](\d+)")
_WARNS = ("warn", "re-warn")


def read(delivery: Delivery) -> Reading:
    """The alert of the body; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    fields = fields_of(payload, _UNFILLED)
    if why := untouched(payload, fields, "Datadog"):
        return Reading(ignored=(why,))
    return single(delivery.source, payload, lambda: _alert(delivery.source, fields))


def _alert(source: str, fields: Mapping[str, Any]) -> Alert:
    heading = _HEADING.fullmatch(text_of(first(fields, "eventtitle", "title")))
    marked, group, named = heading.group("transition", "scope", "title") if heading else ("", "", "")
    transition, status = _state(fields, marked)
    scope = text_of(first(fields, "alertscope", "scope") or group)
    title = title_of(first(fields, "alerttitle", "monitorname"), named, first(fields, "eventtitle", "title"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields, scope, title),
        status=status,
        title=title,
        starts_at=None,
        labels=_labels(fields, scope, transition),
        annotations=_annotations(fields),
        url=link_of(first(fields, "link", "eventlink", "url")),
    )


def _state(fields: Mapping[str, Any], heading: str) -> tuple[str, AlertStatus]:
    """The transition and what it means: where a template leaves it out, the title's heading or the alert's type says it."""
    given = text_of(first(fields, "alerttransition", "transition"), 60)
    if not given and heading.casefold() not in _TRANSITIONS and (kind := first(fields, "alerttype", "type")):
        return "", status_of(kind, _TYPES, "alert_type")
    transition = (given or heading).casefold()
    return transition, status_of(transition, _TRANSITIONS, "alert_transition")


def _fingerprint(fields: Mapping[str, Any], scope: str, title: str) -> str:
    group = ",".join(sorted(part.strip() for part in scope.strip("{}").split(",")))
    aggregate, cycle = (text_of(first(fields, name), 200) for name in ("aggregkey", "alertcyclekey"))
    monitor = text_of(first(fields, "alertid", "monitorid"), 100) or _monitor_in_links(fields)
    if monitor:
        return fingerprint_of("monitor", monitor, group or aggregate or cycle or first(fields, "hostname", "host"))
    if aggregate or cycle:
        return fingerprint_of("aggregate" if aggregate else "cycle", aggregate or cycle)
    if first(fields, "alerttitle", "monitorname", "eventtitle", "title") is None:
        raise Malformed("alert_id: expected the template to give $ALERT_ID, $ALERT_SCOPE and $ALERT_TITLE.")
    return fingerprint_of("title", title, group or first(fields, "hostname", "host"))


def _monitor_in_links(fields: Mapping[str, Any]) -> str:
    texts = (text_of(first(fields, name), 20_000) for name in ("link", "body", "eventmsg", "textonlymsg"))
    return next((found[1] for text in texts if (found := _MONITOR.search(text))), "")


def _labels(fields: Mapping[str, Any], scope: str, transition: str) -> dict[str, str]:
    kind, priority = (word_of(first(fields, *names)) for names in (("alerttype", "type"), ("alertpriority", "priority")))
    severity = "warning" if transition in _WARNS else priority if re.fullmatch(r"p[1-5]", priority) else ""
    own = {
        "host": first(fields, "hostname", "host"),
        "service": first(fields, "service", "servicename"),
        "environment": first(fields, "environment", "env"),
        "metric": first(fields, "alertmetric", "metric"),
        "org": first(fields, "orgname"),
        "transition": transition,
        "priority": priority,
        "severity": severity or text_of(first(fields, "severity")) or (kind if _TYPES.get(kind) is AlertStatus.FIRING else ""),
    }
    tags = tags_of(first(fields, "tags", "eventtags")) | tags_of(scope.strip("{}"))
    return canonical(tags | filled(**own))


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=first(fields, "textonlymsg", "body", "eventmsg", "message"),
        status=first(fields, "alertstatus", "status"),
        query=first(fields, "alertquery", "query"),
        image_url=link_of(first(fields, "snapshot")),
        runbook_url=link_of(first(fields, "runbookurl", "runbook")),
        latest_seen=stamp_of(first(fields, "date", "lastupdated")),
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
    states={word: "fires" if status is AlertStatus.FIRING else "recovers" for word, status in _TRANSITIONS.items()},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.BODY),
    forms=frozenset({Form.JSON, Form.URLENCODED}),
    read=read,
    verify=verify,
)
