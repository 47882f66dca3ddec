"""Kibana's alerting rules: the webhook connector has no body of its own, so people write one from the rule's variables.

An alert is named by its rule and its own id (the group, such as a host), which come back when it fires again. Whether it fires is in its
action group: every kind of rule has its own, and ``recovered`` ends it. An action of a summary counts its alerts instead. The documents
that alerts are kept as, and what a watch of Watcher says, are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, object_of, stamp_of, status_of, text_of, title_of
from bot.sources.labels import canonical, tags_of
from bot.sources.nested import parsed
from bot.sources.readings import single
from bot.sources.source import Delivery, Source
from bot.sources.templates import MUSTACHE, fields_of, first, outermost, untouched

_FIRES = (
    *("active", "default", "query matched", "threshold met", "threshold_met", "fired", "alert", "warning", "nodata", "no data"),
    *("anomaly_score_match", "anomaly score matched the condition", "tracking.containment", "issue_detected", "transform_issue"),
    *("low", "medium", "high", "critical", "regressed"),
    *("xpack.uptime.alerts.actiongroups.monitorstatus", "xpack.uptime.alerts.actiongroups.tls"),
    *("xpack.uptime.alerts.actiongroups.tlscertificate", "xpack.uptime.alerts.actiongroups.durationanomaly"),
    *("xpack.synthetics.alerts.actiongroups.monitorstatus", "xpack.synthetics.alerts.actiongroups.tls"),
    *("uptime down monitor", "monitor status", "open", "firing", "triggered", "down"),
)
_ENDS = ("recovered", "notgeocontained", "resolved", "closed", "up")
_GROUPS = dict.fromkeys(_FIRES, AlertStatus.FIRING) | dict.fromkeys(_ENDS, AlertStatus.RESOLVED)
_ACTION_GROUPS = ("actiongroup", "alertactiongroup", "actiongroupid")
_ACTION_GROUP_NAMES = ("actiongroupname", "alertactiongroupname")
_STATED = (*_ACTION_GROUPS, "alertstatus", "status", "state", *_ACTION_GROUP_NAMES)
_PAGES = ("alertdetailsurl", "contextalertdetailsurl", "url", "ruleurl", "viewinappurl", "contextviewinappurl", "contextlink", "link")
_PACKED = {"context": "context_info", "alert": "alert_info", "rule": "rule_info"}
_DOCUMENT = "kibanaalert"
_OF_A_RULE = re.compile(r"[a-z_]+(?:\.[a-z_]+)*\.(fired|alert|warning|nodata|low|medium|high|critical|regressed)")


def read(delivery: Delivery) -> Reading:
    """The alert of the body; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    layers = _layers(payload)
    if why := untouched(delivery, MUSTACHE, "Kibana"):
        return Reading(ignored=(why,))
    return single(delivery.source, payload, lambda: _alert(delivery.source, layers))


def _layers(payload: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """What a body says as a document of alerts, in a template's own names (also as JSON in its texts), and all with the data of a watch.

    A document overrules the names beside it; the data that a watch or a template carries overrules nothing.
    """
    packed = at(payload, "webhook_body") or payload
    opened = {name: parsed(at(packed, info)) for name, info in _PACKED.items() if isinstance(parsed(at(packed, info)), Mapping)}
    own = fields_of({**payload, **opened}, MUSTACHE)
    document = {name.removeprefix(_DOCUMENT): value for name, value in own.items() if name.startswith(_DOCUMENT)}
    document |= fields_of(at(payload, "kibana", "alert"), MUSTACHE)
    carried = fields_of(at(payload, "payload") or at(payload, "ctx"), MUSTACHE)
    return document, own, carried | own | document


def _alert(source: str, layers: Sequence[Mapping[str, Any]]) -> Alert:
    fields, (group, status) = layers[-1], _state(layers)
    rule, alert = _named(fields)
    name = text_of(first(fields, "rulename", "alertname", "metadataname", "name", "title", "watchid"))
    if not (rule or alert or name):
        raise Malformed("rule_id: expected the template to give {{rule.id}} and {{alert.id}}.")
    return Alert(
        source=source,
        fingerprint=fingerprint_of("rule", rule or name, alert),
        status=status,
        title=title_of(name, first(fields, "reason", "contextreason", "message"), alert),
        starts_at=None,
        labels=_labels(fields, name, alert, group),
        annotations=_annotations(fields),
        url=next(filter(None, (link_of(fields.get(name)) for name in _PAGES)), None),
    )


def _named(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The ids of the rule and of its alert; where a rule was called an alert, its alert was called an instance."""
    rule, instance = first(fields, "ruleid", "ruleuuid", "watchid"), first(fields, "alertinstanceid", "instanceid")
    if rule is None and instance is not None:
        rule = first(fields, "alertid")
    if instance is None and "watchid" not in fields:
        instance = first(fields, *(("hostname",) if "ruleuuid" in fields else ("alertid", "contextgroup", "group", "host")))
    return text_of(rule, 200), text_of(instance, 200)


def _state(layers: Sequence[Mapping[str, Any]]) -> tuple[str, AlertStatus]:
    """The action group and what it means; a watch has none and speaks only while its condition is met, whatever its data say."""
    *own, fields = layers
    if "watchid" in fields and outermost(own, *_ACTION_GROUPS, *_ACTION_GROUP_NAMES) is None:
        return "", AlertStatus.FIRING
    given = outermost(layers, *_STATED)
    counted = [_count(fields, kind) for kind in ("new", "ongoing", "recovered")]
    if given is None and any(counted):
        return "summary", AlertStatus.FIRING if counted[0] or counted[1] else AlertStatus.RESOLVED
    group = text_of(given, 100).casefold()
    of_a_rule = _OF_A_RULE.fullmatch(group)
    return group, status_of(of_a_rule[1] if of_a_rule else group, _GROUPS, "action_group")


def _count(fields: Mapping[str, Any], kind: str) -> bool:
    return text_of(first(fields, f"alerts{kind}count", f"{kind}count", f"alerts{kind}"), 20) not in ("", "0")


def _labels(fields: Mapping[str, Any], rule: str, alert: str, group: str) -> dict[str, str]:
    own = filled(
        rule=rule,
        alert=alert,
        action_group=group,
        space=first(fields, "space", "rulespaceid", "spaceid"),
        severity=first(fields, "severity", "contextseverity", "ruleparamsseverity", "priority"),
        service=_word(fields, "servicename", "service", "contextservicename", "contextserviceservicename"),
        environment=_word(fields, "environment", "env", "serviceenvironment", "contextenvironment", "contextserviceenvironment"),
        host=_word(fields, "hostname", "host", "contexthostname"),
        slo=first(fields, "sloname", "contextsloname"),
        monitor=first(fields, "monitorname", "contextmonitorname"),
    )
    return canonical(tags_of(first(fields, "tags", "ruletags")) | own)


def _word(fields: Mapping[str, Any], *names: str) -> Any:
    """The first of the names that is a text, as an object of the same name holds its name deeper."""
    return next((fields[name] for name in names if isinstance(fields.get(name), str)), None)


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=first(fields, "reason", "contextreason", "message", "contextmessage", "text", "ruledescription", "description"),
        error=first(fields, "error", "errorgroupingname", "contexterrorgroupingname"),
        route=first(fields, "transactionname", "contexttransactionname"),
        value=first(fields, "value", "contextvalue", "triggervalue", "contexttriggervalue"),
        first_seen=stamp_of(first(fields, "start", "kibanaalertstart")),
        latest_seen=stamp_of(first(fields, "date", "timestamp", "contexttimestamp", "triggertriggeredtime", "executiontime")),
        dashboard_url=link_of(first(fields, "viewinappurl", "contextviewinappurl", "contextlink", "dashboardurl")),
        runbook_url=link_of(first(fields, "runbookurl", "runbook")),
        source_url=link_of(first(fields, "kibana", "kibanabaseurl")),
    )


SOURCE = Source(
    kind=SourceKind.ELASTIC,
    name="Elastic (Kibana)",
    channel=Channel.LOGS,
    documentation="https://www.elastic.co/guide/en/kibana/current/rule-action-variables.html",
    setup=(
        "Add a Webhook connector that posts to {url} with the header Authorization: Bearer {secret};\n"
        "give the rule two actions with it, when it is active and when it has recovered, with the body of docs/sources.md."
    ),
    states=dict.fromkeys(_FIRES, "fires") | dict.fromkeys(_ENDS, "recovers"),
    carried_by=(Carrier.BEARER, Carrier.BASIC),
    read=read,
)
