"""Anything that can post: the shape that docs/generic-alerts.md describes, or any other by the paths that the policy names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, key_of, link_of, list_of, moment_of, object_of, status_of, text_of, title_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import each
from bot.sources.source import Delivery, Form, Source

_FIRES = ("firing", "alerting", "triggered", "open", "alert", "problem", "down", "active", "trigger", "failed", "unhealthy")
_ENDS = ("resolved", "ok", "closed", "recovered", "recovery", "up", "resolve", "cleared", "healthy")
_STATUSES = {"": AlertStatus.FIRING} | dict.fromkeys(_FIRES, AlertStatus.FIRING) | dict.fromkeys(_ENDS, AlertStatus.RESOLVED)
PATHS: Mapping[str, tuple[str, ...]] = {
    "alerts": ("alerts",),
    "title": (
        "title",
        "subject",
        "summary",
        "alert_name",
        "message",
        "text",
        "annotations.summary",
        "labels.alertname",
        "description",
        "name",
    ),
    "status": ("status", "state"),
    "key": ("key", "alert_uid", "dedup_key", "deduplication_key", "incident_key", "fingerprint"),
    "severity": ("severity", "priority", "level"),
    "service": ("service",),
    "environment": ("environment", "env"),
    "host": ("host", "hostname"),
    "labels": ("labels", "tags"),
    "description": ("description", "message", "text", "annotations.description"),
    "error": ("error",),
    "release": ("release",),
    "route": ("route",),
    "users": ("users",),
    "starts_at": ("starts_at", "startsAt"),
    "ends_at": ("ends_at", "endsAt", "resolved_at"),
    "url": ("url", "link_to_upstream_details", "link", "source_url", "generatorURL"),
    "runbook_url": ("runbook_url", "runbook", "annotations.runbook_url"),
    "dashboard_url": ("dashboard_url",),
}
"""Where each field of an alert lies unless the policy says otherwise."""
WORDS = {"firing": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
"""The fields of a mapping that are words of a status, and what they mean."""
_MARKED = ("severity", "service", "environment", "host")
_INHERITED = frozenset((*_MARKED, "release", "runbook_url", "dashboard_url", "url"))
_DETAILS = ("description", "error", "release", "route", "users", "runbook_url", "dashboard_url")


def read(delivery: Delivery) -> Reading:
    """The alert that the body is, or those of the list in it; one that the mapping does not fit is unreadable and says why."""
    body = delivery.payload
    paths = {**PATHS, **{name: said for name, said in delivery.fields.items() if name not in WORDS}}
    statuses = _STATUSES | {word.casefold(): status for name, status in WORDS.items() for word in delivery.fields.get(name, ())}
    entries, place = _entries(body, paths["alerts"], "alerts" in delivery.fields)

    def alert(entry: Mapping[str, Any], here: str) -> Alert:
        return _alert(delivery.source, _Reader(entry, body, paths), statuses, here)

    return Reading(alerts=tuple(each(delivery.source, entries, place, alert)))


def _entries(body: Any, paths: tuple[str, ...], named: bool) -> tuple[list[Any], str]:
    """The alerts of a body, and where they lie; raises Malformed when a list that has to be there is not."""
    if isinstance(body, list):
        return body, "body"
    found = ((path, dig(object_of(body, "the body"), path)) for path in paths)
    path, entries = next(((path, value) for path, value in found if value is not None), (paths[0], None))
    if entries is None and (named or path in body):
        raise Malformed(f"{path}: expected an array of alerts.")
    return ([body], "body") if entries is None else (list_of(entries, path), path)


def dig(value: Any, path: str) -> Any:
    """What lies at a dotted path such as ``event.tags.0``; a key that holds dots itself comes first. None where there is nothing."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    return at(value, *(int(step) if step.isdecimal() and len(step) < 6 else step for step in path.split(".")))


class _Reader:
    """The fields of one alert, by the first of their paths that leads to something.

    What several alerts of a body share, such as their service, may stand in the body around them; title, state and key may not.
    """

    def __init__(self, entry: Mapping[str, Any], body: Any, paths: Mapping[str, tuple[str, ...]]) -> None:
        self._entry, self._body, self._paths = entry, body, paths

    @property
    def label_names(self) -> list[str]:
        """The fields that become labels: severity, service, environment, host, and every name that the policy made up."""
        return [*_MARKED, *(name for name in self._paths if name not in PATHS)]

    def value(self, name: str) -> Any:
        """What a field holds; None when no path leads to anything."""
        places = (self._entry, self._body) if name in _INHERITED or name not in PATHS else (self._entry,)
        found = (dig(place, path) for place in places for path in self._paths[name])
        return next((value for value in found if value is not None and value != ""), None)

    @property
    def beside(self) -> list[str]:
        """The usual ``name`` where it is not the title: it tells one that fails from another. None where the policy names the title."""
        name = text_of(dig(self._entry, "name")) if "name" in self._paths["title"] else ""
        return [name] if name and name != text_of(self.value("title")) else []

    def where(self, name: str) -> str:
        """The paths of a field, for a sentence."""
        return " or ".join(self._paths[name])


def _alert(source: str, field: _Reader, statuses: Mapping[str, AlertStatus], place: str) -> Alert:
    if not text_of(field.value("title")):
        raise Malformed(f"{place}: expected {field.where('title')} to say what is wrong.")
    title = title_of(field.value("title"))
    labels = canonical(
        tags_of(field.value("labels")) | {name: _plain(field.value(name)) for name in field.label_names if field.value(name)}
    )
    status = status_of(field.value("status"), statuses, f"{place}.{field.where('status')}")
    return Alert(
        source=source,
        fingerprint=key_of(field.value("key"))
        or fingerprint_of(title, {name: text for name, text in labels.items() if name != "severity"}, *field.beside),
        status=status,
        title=title,
        starts_at=moment_of(field.value("starts_at")),
        ends_at=moment_of(field.value("ends_at")),
        labels=labels,
        annotations=filled(**{name: _detail(name, field.value(name)) for name in _DETAILS}),
        url=link_of(field.value("url")),
    )


def _plain(value: Any) -> Any:
    """A label's value; words of a list by commas."""
    return ",".join(map(text_of, value)) if isinstance(value, list) else value


def _detail(name: str, value: Any) -> Any:
    return link_of(value) if name.endswith("_url") else value


SOURCE = Source(
    kind=SourceKind.GENERIC,
    name="Generic JSON",
    channel=Channel.OTHER,
    documentation="https://www.rfc-editor.org/rfc/rfc8259",
    setup=(
        "Post JSON, a form or a query to {url} with the header Authorization: Bearer {secret};\n"
        "docs/generic-alerts.md lists the fields, and how the policy says where they lie in a body of another shape."
    ),
    states=dict.fromkeys((*_FIRES, ""), "fires") | dict.fromkeys(_ENDS, "recovers"),
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    methods=frozenset({"POST", "PUT", "GET"}),
    forms=frozenset({Form.JSON, Form.URLENCODED, Form.MULTIPART, Form.QUERY, Form.TEXT}),
    read=read,
    takes_arrays=True,
)
