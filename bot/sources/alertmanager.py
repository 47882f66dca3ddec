"""Prometheus Alertmanager, webhook versions 3 and 4: one body is a group in which some alerts may fire and others have recovered.

The group key stays the same over repeats and returns, so an occurrence is named by fingerprint and start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Channel, SourceKind
from bot.sources.fields import at, each, fingerprint_of, link_of, list_of, moment_of, status_of, text_of, texts_of, title_of
from bot.sources.source import Delivery, Source

STATES = {"firing": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
_TITLES = ("summary", "title", "message", "description")


def read(delivery: Delivery) -> Reading:
    """The alerts of a group; raises Malformed when there is no list of them."""
    entries = list_of(at(delivery.payload, "alerts"), "alerts")
    common = texts_of(at(delivery.payload, "commonAnnotations"))
    truncated = at(delivery.payload, "truncatedAlerts")
    cut = f"Alertmanager left out {truncated} more alerts of this group (max_alerts)."
    return Reading(
        alerts=tuple(each(delivery.source, entries, "alerts", lambda entry, place: _alert(delivery.source, entry, common, place))),
        ignored=(cut,) if isinstance(truncated, int) and truncated > 0 else (),
    )


def _alert(source: str, entry: Mapping[str, Any], common: Mapping[str, str], place: str) -> Alert:
    labels = texts_of(entry.get("labels"))
    annotations = {**common, **texts_of(entry.get("annotations"))}
    status = status_of(entry.get("status"), STATES, f"{place}.status")
    return Alert(
        source=source,
        fingerprint=text_of(entry.get("fingerprint"), 200) or fingerprint_of(labels),
        status=status,
        title=title_of(*(annotations.get(name) for name in _TITLES), labels.get("alertname")),
        starts_at=moment_of(entry.get("startsAt")),
        ends_at=moment_of(entry.get("endsAt")) if status is AlertStatus.RESOLVED else None,
        labels=labels,
        annotations=annotations,
        url=link_of(entry.get("generatorURL")),
    )


SOURCE = Source(
    kind=SourceKind.ALERTMANAGER,
    name="Prometheus Alertmanager",
    channel=Channel.METRICS,
    documentation="https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
    setup=(
        "In alertmanager.yml, give a receiver webhook_configs: [{{url: {url}, send_resolved: true,\n"
        "http_config: {{authorization: {{credentials: {secret}}}}}}}] and reload it."
    ),
    states={"firing": "fires", "resolved": "recovers"},
    read=read,
)
