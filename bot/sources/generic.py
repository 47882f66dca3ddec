"""Anything that can post JSON, in the shape that docs/generic-alerts.md describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import each, fingerprint_of, link_of, list_of, moment_of, object_of, status_of, text_of, texts_of
from bot.sources.source import Delivery, Source

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


def read(delivery: Delivery) -> Reading:
    """The alert that the body is, or the alerts under ``alerts``."""
    payload = object_of(delivery.payload, "the body")
    entries, place = (list_of(payload["alerts"], "alerts"), "alerts") if "alerts" in payload else ([payload], "body")
    return Reading(alerts=tuple(each(delivery.source, entries, place, lambda entry, here: _alert(delivery.source, entry, here))))


def _alert(source: str, entry: Mapping[str, Any], place: str) -> Alert:
    title = text_of(entry.get("title") or entry.get("message"), 200)
    if not title:
        raise Malformed(f"{place}.title: expected a text that says what is wrong.")
    labels = texts_of(entry.get("labels"))
    if entry.get("severity") is not None:
        labels["severity"] = text_of(entry["severity"], 100)
    description = text_of(entry.get("description"))
    return Alert(
        source=source,
        fingerprint=text_of(entry.get("key"), 200) or fingerprint_of(title, labels),
        status=status_of(entry.get("status"), _STATUSES, f"{place}.status"),
        title=title,
        starts_at=moment_of(entry.get("starts_at")),
        ends_at=moment_of(entry.get("ends_at")),
        labels=labels,
        annotations={"description": description} if description else {},
        url=link_of(entry.get("url")),
    )


SOURCE = Source(
    kind=SourceKind.GENERIC,
    name="Generic JSON",
    channel=Channel.OTHER,
    documentation="https://www.rfc-editor.org/rfc/rfc8259",
    setup="Post JSON to {url}\nwith the header Authorization: Bearer {secret}; docs/generic-alerts.md lists the fields.",
    states={"firing": "fires", "alerting": "fires", "triggered": "fires", "open": "fires", "": "fires"}
    | {"resolved": "recovers", "ok": "recovers", "closed": "recovers"},
    carried_by=(Carrier.BEARER, Carrier.BASIC),
    read=read,
)
