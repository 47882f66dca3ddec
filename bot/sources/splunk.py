"""Splunk's saved searches: the webhook of a search that found something, with its first result; a recovery is never sent.

An alert is named by app, search and host. The ``sid`` is of one run, so it names nothing; the search's name is taken from it when missing.
Detectors of Splunk Observability Cloud (SignalFx) post another shape: they recover, too, and are named by detector, rule and dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import (
    address_of,
    at,
    error_of,
    filled,
    fingerprint_of,
    first_text,
    link_of,
    object_of,
    path_of,
    stamp_of,
    status_of,
    text_of,
    texts_of,
    title_of,
)
from bot.sources.labels import canonical, tags_of
from bot.sources.nested import parsed
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_SEARCH_OF_RUN = re.compile(r"(?:rt_)?scheduler(?:__[^_].*?__.*?__|_[^_]+_[^_]+_)(?P<name>.+)_at_\d+.*")
_ENDS = ("ok", "manually resolved", "auto-resolved", "stopped")
_DETECTED = {"anomalous": AlertStatus.FIRING} | dict.fromkeys(_ENDS, AlertStatus.RESOLVED)
_LABELS = ("host", "source", "sourcetype", "index", "service", "service_name", "environment", "env", "app", "application", "severity")
_ERRORS = (("exception", "exception_class", "error_type"), ("exception_message", "error_message"))
_LEVELS = ("urgency", "severity", "severity_label", "priority", "log_level", "level")


def read(delivery: Delivery) -> Reading:
    """The alert of the search; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    if "search_name" not in payload and (at(payload, "detector") is not None or at(payload, "detectorId") is not None):
        return single(delivery.source, payload, lambda: _detected(delivery.source, payload))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _alert(source: str, payload: Mapping[str, Any]) -> Alert:
    result = _result(payload)
    search = text_of(payload.get("search_name")) or _search_of_run(payload.get("sid"))
    if not search:
        raise Malformed("search_name: expected the name of a saved search.")
    return Alert(
        source=source,
        fingerprint=fingerprint_of("search", payload.get("app"), search, result.get("host")),
        status=AlertStatus.FIRING,
        title=title_of(search),
        starts_at=None,
        labels=_labels(payload, result, search),
        annotations=_annotations(result),
        url=link_of(payload.get("results_link")),
    )


def _result(payload: Mapping[str, Any]) -> dict[str, str]:
    """The first result, and what its raw event says in JSON where no field of the result says it."""
    result = texts_of(payload.get("result"))
    event = parsed(result.get("_raw"))
    return {**texts_of(event), **result} if isinstance(event, Mapping) else result


def _detected(source: str, payload: Mapping[str, Any]) -> Alert:
    dimensions = tags_of(payload.get("dimensions"))
    detector, rule = (first_text(*(payload.get(name) for name in names)) for names in (("detectorId", "detector"), ("rule", "eventType")))
    return Alert(
        source=source,
        fingerprint=fingerprint_of("detector", detector, rule, dimensions),
        status=status_of(first_text(payload.get("statusExtended"), payload.get("status")), _DETECTED, "status"),
        title=title_of(payload.get("messageTitle"), payload.get("detector"), rule),
        starts_at=None,
        labels=canonical(
            dimensions
            | filled(
                severity=payload.get("severity"),
                detector=payload.get("detector"),
                rule=payload.get("rule"),
                metric=payload.get("originatingMetric"),
            )
        ),
        annotations=filled(
            description=first_text(payload.get("messageBody"), payload.get("description")),
            tip=payload.get("tip"),
            latest_seen=stamp_of(first_text(payload.get("timestampISO8601"), payload.get("timestamp"))),
            runbook_url=link_of(payload.get("runbookUrl")),
            image_url=link_of(payload.get("imageUrl")),
        ),
        url=link_of(payload.get("detectorUrl")),
    )


def _search_of_run(sid: Any) -> str:
    found = _SEARCH_OF_RUN.fullmatch(text_of(sid, 200))
    return found["name"] if found else ""


def _labels(payload: Mapping[str, Any], result: Mapping[str, str], search: str) -> dict[str, str]:
    found = {name: result[name] for name in _LABELS if result.get(name)}
    level = next((result[name] for name in _LEVELS if result.get(name)), "")
    return canonical(found) | filled(search=search, splunk_app=payload.get("app"), severity=level.lower())


def _annotations(result: Mapping[str, str]) -> dict[str, str]:
    return filled(
        description=first_text(*(result.get(name) for name in ("message", "rule_description", "description", "_raw"))),
        error=error_of(*(first_text(*(result.get(name) for name in names)) for names in _ERRORS)),
        route=_route(first_text(*(result.get(name) for name in ("route", "uri_path", "endpoint")))),
        release=first_text(result.get("release"), result.get("version")),
        count=result.get("count"),
        latest_seen=stamp_of(first_text(result.get("_time"), result.get("orig_time"))),
        runbook_url=link_of(result.get("runbook_url")),
    )


def _route(said: str) -> str:
    """The route without what may be secret: the path of an address, and no query."""
    return path_of(said) if address_of(said) else said.partition("?")[0]


SOURCE = Source(
    kind=SourceKind.SPLUNK,
    name="Splunk",
    channel=Channel.LOGS,
    documentation="https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks",
    setup=(
        "Give the saved search the trigger action Webhook with the URL {url}/{secret}\n"
        "(this action cannot carry a header; trigger it for each result when several hosts matter)."
    ),
    states={"the search found something": "fires", "anomalous": "fires"} | dict.fromkeys(_ENDS, "recovers"),
    carried_by=(Carrier.PATH, Carrier.QUERY),
    read=read,
)
