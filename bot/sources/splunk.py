"""Splunk's saved searches: the webhook of a search that found something, with its first result; a recovery is never sent.

An alert is named by app, search and host. The ``sid`` is of one run, so it names nothing; the search's name is taken from it when missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import filled, fingerprint_of, link_of, object_of, stamp_of, text_of, texts_of, title_of
from bot.sources.labels import canonical
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_SEARCH_OF_RUN = re.compile(r"(?:rt_)?scheduler__[^_].*?__.*?__(?P<name>.+)_at_\d+.*")
_LABELS = ("host", "source", "sourcetype", "index", "service", "service_name", "environment", "env", "app", "application", "severity")
_LEVELS = ("severity", "urgency", "priority", "log_level")


def read(delivery: Delivery) -> Reading:
    """The alert of the search; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _alert(source: str, payload: Mapping[str, Any]) -> Alert:
    result = texts_of(payload.get("result"))
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


def _search_of_run(sid: Any) -> str:
    found = _SEARCH_OF_RUN.fullmatch(text_of(sid, 200))
    return found["name"] if found else ""


def _labels(payload: Mapping[str, Any], result: Mapping[str, str], search: str) -> dict[str, str]:
    found = {name: result[name] for name in _LABELS if result.get(name)}
    level = next((result[name] for name in _LEVELS if result.get(name)), "")
    return canonical(found) | filled(search=search, splunk_app=payload.get("app"), severity=level.lower())


def _annotations(result: Mapping[str, str]) -> dict[str, str]:
    return filled(
        description=result.get("message") or result.get("_raw"),
        latest_seen=stamp_of(result.get("_time")),
        runbook_url=link_of(result.get("runbook_url")),
    )


SOURCE = Source(
    kind=SourceKind.SPLUNK,
    name="Splunk",
    channel=Channel.LOGS,
    documentation="https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks",
    setup=(
        "Give the saved search the trigger action Webhook with the URL {url}/{secret}\n"
        "(this action cannot carry a header; trigger it for each result when several hosts matter)."
    ),
    states={"the search found something": "fires"},
    carried_by=(Carrier.PATH, Carrier.QUERY),
    read=read,
)
