"""Prometheus Alertmanager, webhook versions 3 and 4: one body is a group in which some alerts may fire and others have recovered.

The group key stays the same over repeats and returns, so an occurrence is named by fingerprint and start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.sources.fields import at, link_of, list_of, moment_of, object_of, status_of, text_of, texts_of, title_of
from bot.sources.labels import tags_of, with_canonical
from bot.sources.readings import each
from bot.sources.source import Delivery, Source

STATES = {"firing": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
_TITLES = ("summary", "title", "message", "description")
_LINKS = {"runbook_url": "runbook", "dashboard_url": "dashboard"}
_FNV_START, _FNV_PRIME, _FNV_BITS = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def read(delivery: Delivery) -> Reading:
    """The alerts of a group; raises Malformed when there is no list of them."""
    group = object_of(delivery.payload, "the body")
    entries = list_of(group.get("alerts"), "alerts")
    common, told = texts_of(group.get("commonAnnotations")), of_group(group)

    def alert(entry: Mapping[str, Any], place: str) -> Alert:
        return alert_of(delivery.source, {**told, **entry}, common, place)

    return Reading(alerts=tuple(each(delivery.source, entries, "alerts", alert)), ignored=left_out(group))


def of_group(group: Mapping[str, Any]) -> dict[str, Any]:
    """What a group says for alerts of it that do not say it themselves: the status."""
    return {"status": group["status"]} if "status" in group else {}


def left_out(group: Any) -> tuple[str, ...]:
    """The sentence about alerts of a group that were not sent, if there are such."""
    truncated = at(group, "truncatedAlerts")
    if not isinstance(truncated, int) or truncated <= 0:
        return ()
    return (f"{truncated} more alerts of this group were left out by the sender (its limit of alerts in a message).",)


def alert_of(source: str, entry: Mapping[str, Any], common: Mapping[str, str], place: str) -> Alert:
    """One alert of a group; raises Malformed when it does not say whether it fires."""
    raw, annotations = entry.get("labels"), {**common, **texts_of(entry.get("annotations"))}
    labels = tags_of(raw) if isinstance(raw, dict) else {}
    status = status_of(entry.get("status"), STATES, f"{place}.status")
    return Alert(
        source=source,
        fingerprint=text_of(entry.get("fingerprint"), 200) or labels_fingerprint(texts_of(raw)),
        status=status,
        title=title_from(annotations, labels),
        starts_at=moment_of(entry.get("startsAt")),
        ends_at=moment_of(entry.get("endsAt")) if status is AlertStatus.RESOLVED else None,
        labels=with_canonical(labels),
        annotations=annotations_of(annotations),
        url=link_of(entry.get("generatorURL")),
    )


def title_from(annotations: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """What an alert is called: the words of its author before the name of its rule."""
    return title_of(*map(annotations.get, _TITLES), labels.get("alertname"))


def annotations_of(annotations: Mapping[str, str]) -> dict[str, str]:
    """Annotations in which ``runbook_url`` and ``dashboard_url`` are links or not there; other words keep their shorter name."""
    kept = dict(annotations)
    for name, short in _LINKS.items():
        if link := link_of(annotations.get(name)) or link_of(annotations.get(short)):
            kept[name] = link
        elif name in kept:
            kept.setdefault(short, kept.pop(name))
    return kept


def labels_fingerprint(labels: Mapping[str, str]) -> str:
    """The fingerprint that Prometheus and Alertmanager give to labels: FNV-1a of 64 bits over names and values, each ended by 0xFF."""
    value = _FNV_START
    for name, text in sorted(labels.items()):
        for byte in name.encode() + b"\xff" + text.encode() + b"\xff":
            value = (value ^ byte) * _FNV_PRIME & _FNV_BITS
    return f"{value:016x}"


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
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH),
    read=read,
)
