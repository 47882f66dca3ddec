"""Kapacitor: an alert of a TICKscript or a topic, as its post handler sends it; the level says whether the trouble is there."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, key_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_LEVELS = {
    "": AlertStatus.FIRING,
    "info": AlertStatus.FIRING,
    "warn": AlertStatus.FIRING,
    "warning": AlertStatus.FIRING,
    "crit": AlertStatus.FIRING,
    "critical": AlertStatus.FIRING,
    "ok": AlertStatus.RESOLVED,
}
_LASTS_AT_MOST = 10**18
"""Nanoseconds, some 31 years."""


def read(delivery: Delivery) -> Reading:
    """The alert that the body is; raises Malformed when it has neither an id nor a message."""
    payload = object_of(delivery.payload, "the body")
    if not text_of(payload.get("id")) and not text_of(payload.get("message")):
        raise Malformed("the body: expected an alert of Kapacitor, with its id, message and level.")
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload))


def _alert(source: str, payload: Mapping[str, Any]) -> Alert:
    level = word_of(payload.get("level"))
    status = status_of(level, _LEVELS, "level")
    tags = _tags(payload)
    firing = status is AlertStatus.FIRING
    return Alert(
        source=source,
        fingerprint=key_of(payload.get("id")) or fingerprint_of(payload.get("message"), tags),
        status=status,
        title=title_of(payload.get("message"), payload.get("id")),
        starts_at=None,
        ends_at=None if firing else moment_of(payload.get("time")),
        labels=canonical(tags | filled(severity=level if firing else None, measurement=at(payload, "data", "series", 0, "name"))),
        annotations=filled(
            description=html.unescape(text_of(payload.get("details"))),
            first_seen=_began(payload),
            latest_seen=stamp_of(payload.get("time")),
            before=word_of(payload.get("previousLevel")),
        ),
    )


def _began(payload: Mapping[str, Any]) -> str:
    """When the trouble began: the time less the duration, which Kapacitor counts in nanoseconds; nothing where one is missing."""
    ends_at, lasted = moment_of(payload.get("time")), payload.get("duration")
    if ends_at is None or isinstance(lasted, bool) or not isinstance(lasted, int) or not 0 <= lasted < _LASTS_AT_MOST:
        return ""
    return stamp_of((ends_at - timedelta(microseconds=lasted // 1000)).isoformat())


def _tags(payload: Mapping[str, Any]) -> dict[str, str]:
    """The tags that all series of the alert have in common."""
    series = at(payload, "data", "series")
    each_has = [tags_of(at(one, "tags")) for one in series] if isinstance(series, list) else []
    return {name: tag for name, tag in each_has[0].items() if all(tags.get(name) == tag for tags in each_has)} if each_has else {}


SOURCE = Source(
    kind=SourceKind.KAPACITOR,
    name="Kapacitor",
    channel=Channel.METRICS,
    documentation="https://docs.influxdata.com/kapacitor/v1/reference/event_handlers/post/",
    setup=(
        'In kapacitor.conf: [[httppost]] endpoint = "muster", url = "{url}", headers = {{ Authorization = "Bearer {secret}" }}.\n'
        "In the TICKscript, or in a topic's handler: |alert() ... .post().endpoint('muster'), without .noRecoveries()."
    ),
    states={
        "INFO": "fires",
        "WARN": "fires",
        "WARNING": "fires",
        "CRIT": "fires",
        "CRITICAL": "fires",
        "no level": "fires",
        "OK": "recovers",
    },
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    read=read,
)
