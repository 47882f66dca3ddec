"""Prometheus itself, which takes us for an Alertmanager: a list of alerts that fire until the end they name has passed.

While an alert fires, Prometheus sends it again every minute with an end in the future; a recovery is sent for 15 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.alertmanager import annotations_of, labels_fingerprint, title_from
from bot.sources.alertmanager import read as read_group
from bot.sources.fields import link_of, list_of, moment_of, texts_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import each
from bot.sources.source import Answer, Delivery, Source


def read(delivery: Delivery) -> Reading:
    """The alerts of the list, or of an Alertmanager's group that was sent here; raises Malformed for any other body."""
    if isinstance(delivery.payload, Mapping) and "alerts" in delivery.payload:
        return read_group(delivery)
    source, received_at, entries = delivery.source, delivery.received_at, list_of(delivery.payload, "the body")
    return Reading(alerts=tuple(each(source, entries, "body", lambda entry, place: _alert(source, entry, received_at, place))))


def _alert(source: str, entry: Mapping[str, Any], received_at: datetime, place: str) -> Alert:
    labels = {name: text for name, text in texts_of(entry.get("labels")).items() if text}
    if not labels:
        raise Malformed(f"{place}.labels: expected at least one label, such as alertname.")
    annotations = texts_of(entry.get("annotations"))
    ends_at = moment_of(entry.get("endsAt"))
    over = ends_at is not None and ends_at <= received_at
    return Alert(
        source=source,
        fingerprint=labels_fingerprint(labels),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        title=title_from(annotations, labels),
        starts_at=moment_of(entry.get("startsAt")),
        ends_at=ends_at if over else None,
        labels=canonical(tags_of(labels)),
        annotations=annotations_of(annotations),
        url=link_of(entry.get("generatorURL")),
    )


def answer(_delivery: Delivery, _receipt: str) -> Answer:
    """What an Alertmanager answers: 200 and nothing more."""
    return Answer(200, "")


SOURCE = Source(
    kind=SourceKind.PROMETHEUS,
    name="Prometheus",
    channel=Channel.METRICS,
    documentation="https://prometheus.io/docs/prometheus/latest/configuration/configuration/#alertmanager_config",
    setup=(
        "In prometheus.yml, under alerting.alertmanagers, put the host of {url} in static_configs and its path in path_prefix\n"
        "(api/v2/alerts is added to it), with scheme: https and authorization: {{credentials: {secret}}}; then reload it."
    ),
    states={"endsAt in the future": "fires", "endsAt in the past": "recovers"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH),
    read=read,
    answer=answer,
    takes_arrays=True,
)
