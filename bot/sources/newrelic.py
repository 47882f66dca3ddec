"""New Relic: the issues of workflows, and the incidents of the older notification channels.

An issue is named by its id, an incident by its own; what was acknowledged there is a note, not a new alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.sources.fields import at, filled, fingerprint_of, link_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.nested import parsed
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source
from bot.sources.templates import MUSTACHE, first, layers_of, outermost

_FIRES = ("created", "activated", "open", "opened", "active", "firing", "triggered", "alerting", "trigger")
_ENDS = ("closed", "resolved", "resolve", "ok")
_QUIET = "deactivated"
_STATES = dict.fromkeys(_FIRES, AlertStatus.FIRING) | dict.fromkeys(_ENDS, AlertStatus.RESOLVED)
_STATED = ("state", "currentstate", "issuestate", "status", "issuestatus", "eventaction")
_WRAPPERS = ("payload", "data", "description", "alert", "customdetails", "customDetails", "custom_details")
_ISSUE = ("id", "issueid", "alertuid", "dedupkey", "deduplicationkey")
_TITLES = ("title", "issuetitle", "annotationstitle", "name", "payloadsummary", "conditionname", "alertconditionnames")
_DESCRIPTIONS = (
    *("details", "annotationsdescription", "description", "alertconditiondescription", "conditiondescription"),
    *("accumulationsconditiondescription", "message"),
)
_PAGES = (
    "issueurl",
    "issuepageurl",
    "issuelink",
    "incidenturl",
    "violationcallbackurl",
    "url",
    "link",
    "linktoupstreamdetails",
    "clienturl",
)
_CONDITIONS = ("alertconditionnames", "conditionname", "accumulationsconditionname")
_POLICIES = ("alertpolicynames", "policyname", "accumulationspolicyname")
_ACKNOWLEDGED = ("acknowledged", "acknowledge")


def read(delivery: Delivery) -> Reading:
    """The alert of an issue or incident; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    layers = layers_of(payload, MUSTACHE, _WRAPPERS)
    fields, state = {name: parsed(value) for name, value in layers[-1].items()}, outermost(layers, *_STATED)
    word = word_of(state)
    if word == "test" or _is_test(fields):
        return Reading(ignored=("New Relic's test notification arrived; it is no alert.",))
    if word == _QUIET:
        return Reading(ignored=("New Relic has deactivated the issue: it takes no further incidents, and neither fires nor ends.",))
    if "deployment" in payload and not word:
        return Reading(ignored=("New Relic tells of a deployment, which is no alert.",))
    if word in _ACKNOWLEDGED:
        owner = text_of(first(fields, "owner", "acknowledgedby"), 100)
        return Reading(notes=(Note(_fingerprint(fields), f"Acknowledged in New Relic{f' by {owner}' if owner else ''}."),))
    return single(delivery.source, payload, lambda: _alert(delivery.source, fields, state))


def _is_test(fields: Mapping[str, Any]) -> bool:
    """Whether that is what the test button of an older channel sends: an incident 0 of a product that is called so."""
    return text_of(fields.get("incidentid")) == "0" and text_of(at(first(fields, "targets"), 0, "product")).casefold() == "testing"


def _alert(source: str, fields: Mapping[str, Any], state: Any) -> Alert:
    status = status_of(state, _STATES, "state")
    is_issue = first(fields, *_ISSUE) is not None
    ended = first(fields, "closedat", "issueclosedat", "updatedat", "issueupdatedat", "timestamp")
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields),
        status=status,
        title=_title(fields),
        starts_at=moment_of(first(fields, "createdat", "issuecreatedat")) if is_issue else None,
        ends_at=moment_of(ended) if status is AlertStatus.RESOLVED else None,
        labels=_labels(fields),
        annotations=_annotations(fields),
        url=link_of(first(fields, *_PAGES)),
    )


def _fingerprint(fields: Mapping[str, Any]) -> str:
    issue, incident = text_of(first(fields, *_ISSUE), 150), text_of(first(fields, "incidentid"), 150)
    if issue or incident:
        return f"issue:{issue}" if issue else f"incident:{incident}"
    return fingerprint_of(
        *(fields.get(name) for name in ("accountid", "conditionid", "conditionname", "policyname", "title")), _entities(fields)
    )


def _title(fields: Mapping[str, Any]) -> str:
    written = (
        _one(first(fields, name)) for name in (*_TITLES, "accumulationsconditionname", "details", "annotationsdescription", "description")
    )
    return title_of(*(text for text in map(text_of, written) if text not in ("[]", "null")))


def _one(value: Any) -> Any:
    """The first of a list, as several variables are lists even when there is only one of it."""
    return at(value, 0) if isinstance(value, list) else value


def _entities(fields: Mapping[str, Any]) -> str:
    """The names of what is affected, by commas."""
    targets = first(fields, "targets")
    named = [at(target, "name") for target in targets] if isinstance(targets, list) else []
    return _several(first(fields, "impactedentities", "entitiesdatanames", "entitynames", "entities") or named)


def _several(value: Any) -> str:
    return ", ".join(filter(None, map(text_of, value))) if isinstance(value, list) else text_of(value)


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    targets = first(fields, "targets")
    application = at(targets, 0, "name") if text_of(at(targets, 0, "type")).casefold() in ("application", "service") else None
    own = filled(
        severity=first(fields, "priority", "severity", "issuepriority", "prioritytext", "payloadseverity"),
        service=first(fields, "service", "servicename", "applicationname") or application or _only_service(fields),
        environment=_one(first(fields, "environment", "env")),
        entity=_entities(fields),
        condition=_several(first(fields, *_CONDITIONS)),
        policy=_several(first(fields, *_POLICIES)),
        account=first(fields, "accountname"),
    )
    given = (at(targets, 0, "labels"), first(fields, "labels"), first(fields, "tags"), first(fields, "accumulationstag"))
    tags = {name: text for one in given for name, text in tags_of(_flat(one)).items()}
    return canonical(tags | own)


def _flat(tags: Any) -> Any:
    """Tags with the first of their values where they hold several; ids of New Relic's own are none."""
    if not isinstance(tags, Mapping):
        return tags
    return {
        name: _one(value) for name, value in tags.items() if name not in ("accountIds", "policyIds", "conditionIds", "originalAccountIds")
    }


def _only_service(fields: Mapping[str, Any]) -> Any:
    """The name of what is affected where New Relic says that it is a service or an application; nothing for a host or several things."""
    names, kinds = first(fields, "entitiesdatanames", "impactedentities"), first(fields, "entitiesdatatypes", "entitiesdatakinds")
    is_service = (
        isinstance(kinds, list) and len(kinds) == 1 and text_of(kinds[0]).casefold() in ("application", "service", "apm-application")
    )
    return _one(names) if is_service else None


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=_one(first(fields, *_DESCRIPTIONS)),
        query=_one(first(fields, "nrqlquery", "accumulationsnrqlquery")),
        runbook_url=link_of(_one(first(fields, "runbookurl", "accumulationsrunbookurl"))),
        image_url=link_of(first(fields, "violationcharturl", "charturl")),
        workflow=first(fields, "workflowname"),
        latest_seen=stamp_of(first(fields, "updatedat", "issueupdatedat", "timestamp", "lastreceived")),
    )


SOURCE = Source(
    kind=SourceKind.NEW_RELIC,
    name="New Relic",
    channel=Channel.METRICS,
    documentation="https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/#webhook",
    setup=(
        "Add a webhook destination with the endpoint {url} and, as authorization, the bearer token {secret};\n"
        "then name it in a workflow and leave the payload as it is proposed."
    ),
    states=dict.fromkeys(_FIRES, "fires")
    | dict.fromkeys(_ENDS, "recovers")
    | dict.fromkeys(_ACKNOWLEDGED, "is noted")
    | {_QUIET: "is said in the receipt only"},
    carried_by=(Carrier.BEARER, Carrier.BASIC),
    forms=frozenset({Form.JSON, Form.URLENCODED}),
    read=read,
)
