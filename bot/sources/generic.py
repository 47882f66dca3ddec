"""Anything that can post JSON, in the shape that docs/generic-alerts.md describes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertStatus
from bot.errors import Malformed
from bot.sources.source import fingerprint_of, link_of, list_of, moment_of, object_of, text_of, texts_of

_STATUSES = {
    "": AlertStatus.FIRING,
    "firing": AlertStatus.FIRING,
    "alerting": AlertStatus.FIRING,
    "triggered": AlertStatus.FIRING,
    "open": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
    "ok": AlertStatus.RESOLVED,
    "closed": AlertStatus.RESOLVED,
}


def parse(source: str, payload: Mapping[str, Any], received_at: datetime) -> list[Alert]:
    """The alert that the body is, or the alerts under ``alerts``; raises Malformed with the place."""
    if "alerts" not in payload:
        return [_alert(source, payload, "", received_at)]
    entries = list_of(payload["alerts"], "alerts")
    return [_alert(source, entry, f"alerts[{place}].", received_at) for place, entry in enumerate(entries)]


def _alert(source: str, entry: Any, place: str, received_at: datetime) -> Alert:
    fields = object_of(entry, place.rstrip(".") or "the body")
    title = text_of(fields.get("title") or fields.get("message"), 200)
    if not title:
        raise Malformed(f"{place}title: expected a text that says what is wrong.")
    labels = texts_of(fields.get("labels"), f"{place}labels")
    if fields.get("severity") is not None:
        labels["severity"] = text_of(fields["severity"], 100)
    description = text_of(fields.get("description"))
    return Alert(
        source=source,
        fingerprint=text_of(fields.get("key"), 200) or fingerprint_of({"title": title, **labels}),
        status=_status(fields.get("status"), place),
        title=title,
        starts_at=moment_of(fields.get("starts_at"), f"{place}starts_at") or received_at,
        ends_at=moment_of(fields.get("ends_at"), f"{place}ends_at"),
        labels=labels,
        annotations={"description": description} if description else {},
        url=link_of(fields.get("url")),
    )


def _status(value: Any, place: str) -> AlertStatus:
    status = _STATUSES.get(text_of(value, 40).lower())
    if status is None:
        raise Malformed(f"{place}status: expected firing or resolved, got {text_of(value, 40)!r}.")
    return status
