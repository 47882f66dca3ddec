"""Prometheus Alertmanager, webhook version 4: one body is a group in which some alerts may fire and others have recovered.

The group key stays the same over repeats and returns, so an occurrence is named by fingerprint and start.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertStatus
from bot.errors import Malformed
from bot.sources.source import UNTITLED, fingerprint_of, link_of, list_of, moment_of, object_of, text_of, texts_of

_TITLES = ("summary", "title", "message", "description")


def parse(source: str, payload: Mapping[str, Any], received_at: datetime) -> list[Alert]:
    """The alerts of a body, in its order; raises Malformed with the place."""
    entries = list_of(payload.get("alerts"), "alerts")
    common = texts_of(payload.get("commonAnnotations"), "commonAnnotations")
    return [_alert(source, entry, common, f"alerts[{place}]", received_at) for place, entry in enumerate(entries)]


def _alert(source: str, entry: Any, common: Mapping[str, str], place: str, received_at: datetime) -> Alert:
    fields = object_of(entry, place)
    labels = texts_of(fields.get("labels"), f"{place}.labels")
    annotations = {**common, **texts_of(fields.get("annotations"), f"{place}.annotations")}
    return Alert(
        source=source,
        fingerprint=text_of(fields.get("fingerprint"), 200) or fingerprint_of(labels),
        status=_status(fields.get("status"), place),
        title=_title(labels, annotations),
        starts_at=moment_of(fields.get("startsAt"), f"{place}.startsAt") or received_at,
        ends_at=moment_of(fields.get("endsAt"), f"{place}.endsAt"),
        labels=labels,
        annotations=annotations,
        url=link_of(fields.get("generatorURL")),
    )


def _status(value: Any, place: str) -> AlertStatus:
    try:
        return AlertStatus(value)
    except ValueError as error:
        raise Malformed(f"{place}.status: expected firing or resolved, got {text_of(value, 40)!r}.") from error


def _title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    found = next((annotations[name] for name in _TITLES if annotations.get(name)), None)
    return (found or labels.get("alertname") or UNTITLED)[:200]
