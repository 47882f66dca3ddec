"""Grafana: the groups of its unified alerting, and the single rules of the alerting before version 9, told apart by their shape.

A unified alert is an Alertmanager's, with Grafana's own pages and values beside it. A rule of the old kind is named by its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.alertmanager import alert_of, left_out, of_group
from bot.sources.fields import (
    UNTITLED,
    at,
    filled,
    fingerprint_of,
    link_of,
    list_of,
    moment_of,
    object_of,
    status_of,
    text_of,
    texts_of,
    title_of,
    word_of,
)
from bot.sources.grafana_oncall import is_oncall, read_oncall
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import each, guarded, single
from bot.sources.source import Delivery, Form, Hmac, Source
from bot.sources.titles import read_title

_RULE_STATES = {"alerting": AlertStatus.FIRING, "no_data": AlertStatus.FIRING, "ok": AlertStatus.RESOLVED}
_QUIET = {
    "paused": "is paused; what fired before stays as it is",
    "pending": "is pending: not firing yet",
    "unknown": "has not been evaluated yet",
}
_NO_DATA = {"DatasourceNoData": "no data", "DatasourceError": "its query fails"}
_RULE_FIELDS = ("ruleId", "ruleName", "ruleUrl", "evalMatches")
_TESTED = "Grafana's test notification arrived; it is no alert."
_SIGNED = (Hmac("X-Grafana-Alerting-Signature"), Hmac("X-Grafana-Alert-Signature"))
_TIMESTAMPS = ("x-grafana-alerting-timestamp", "x-grafana-alert-timestamp")
_FRESH = timedelta(minutes=5)


def read(delivery: Delivery) -> Reading:
    """The alerts of a group, or the alert of a rule; raises Malformed for a body that is neither."""
    payload = object_of(delivery.payload, "the body")
    if is_oncall(payload):
        return guarded(delivery.source, "body", payload, lambda: read_oncall(delivery.source, payload))
    if "alerts" in payload:
        return _group(delivery.source, payload)
    if any(name in payload for name in _RULE_FIELDS):
        return _rule(delivery.source, payload)
    raise Malformed("alerts: expected Grafana's default body; leave the contact point's custom payload empty.")


def _group(source: str, group: Mapping[str, Any]) -> Reading:
    entries = list_of(group["alerts"], "alerts")
    told = [entry for entry in entries if not _is_test(entry)]
    common, titled = texts_of(group.get("commonAnnotations")), read_title(text_of(group.get("title"))).text

    def alert(entry: Mapping[str, Any], place: str) -> Alert:
        found = _unified(source, {**of_group(group), **entry}, common, place)
        return found._replace(title=title_of(titled)) if found.title == UNTITLED else found

    alerts = tuple(each(source, told, "alerts", alert))
    return Reading(alerts=alerts, ignored=left_out(group) + (_TESTED,) * (len(told) < len(entries)))


def _is_test(entry: Any) -> bool:
    """Whether that is what the Test button of a contact point sends."""
    return text_of(at(entry, "labels", "alertname")) == "TestAlert" and text_of(at(entry, "labels", "instance")) == "Grafana"


def _unified(source: str, entry: Mapping[str, Any], common: Mapping[str, str], place: str) -> Alert:
    alert = _of_rule(alert_of(source, entry, common, place))
    pages = {
        "dashboard_url": link_of(entry.get("panelURL")) or link_of(entry.get("dashboardURL")),
        "silence_url": link_of(entry.get("silenceURL")),
        "image_url": link_of(entry.get("imageURL")),
        "values": _values(entry.get("values")) or entry.get("valueString"),
    }
    url = alert.url or pages["dashboard_url"]
    return alert._replace(annotations={**alert.annotations, **filled(**pages)}, url=url)


def _of_rule(alert: Alert) -> Alert:
    """The alert by the name of its rule where it tells only that the rule's data source is silent or fails."""
    kind, rule = alert.labels.get("alertname", ""), alert.labels.get("rulename", "")
    error = alert.annotations.get("Error", "")
    annotations = {name: text for name, text in alert.annotations.items() if name != "Error"} | filled(error=error)
    title = title_of(f"{rule}: {_NO_DATA[kind]}") if rule and kind in _NO_DATA and alert.title == kind else alert.title
    return alert._replace(title=title, annotations=annotations)


def _values(values: Any) -> str:
    return ", ".join(f"{name} = {text}" for name, text in texts_of(values).items())


def _rule(source: str, rule: Mapping[str, Any]) -> Reading:
    word, name = word_of(rule.get("state")), title_of(rule.get("ruleName"), rule.get("title"))
    if rule.get("ruleId") == 0 and "test" in title_of(rule.get("title"), rule.get("ruleName")).casefold():
        return Reading(ignored=(_TESTED,))
    if word in _QUIET:
        return Reading(ignored=(f"Grafana says that the rule {name!r} {_QUIET[word]}.",))
    return single(source, rule, lambda: _rule_alert(source, rule, name))


def _rule_alert(source: str, rule: Mapping[str, Any], name: str) -> Alert:
    word = word_of(rule.get("state"))
    rule_id = text_of(rule.get("ruleId"), 100)
    measured = rule.get("evalMatches")
    shared = _shared([tags_of(at(match, "tags")) for match in measured] if isinstance(measured, list) else [])
    matches = [(text_of(at(match, "metric")), text_of(at(match, "value"))) for match in (measured if isinstance(measured, list) else [])]
    annotations = {"description": rule.get("message"), "image_url": link_of(rule.get("imageUrl"))}
    return Alert(
        source=source,
        fingerprint=f"rule:{rule_id}" if rule_id else fingerprint_of("rule", name, rule.get("ruleUrl")),
        status=status_of(word, _RULE_STATES, "state"),
        title=name,
        starts_at=None,
        labels=canonical(shared | tags_of(rule.get("tags")) | {"alertname": name, "grafana_state": word}),
        annotations=filled(**annotations, values=", ".join(f"{metric} = {value}" for metric, value in dict(matches).items())),
        url=link_of(rule.get("ruleUrl")),
    )


def _shared(several: list[dict[str, str]]) -> dict[str, str]:
    """The tags that everything measured has in common."""
    first, *others = several or [{}]
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether the body is signed with the secret: alone, or behind the Unix time of a timestamp header that is five minutes old at most."""
    given = [delivery._replace(body=signed) for signed in (delivery.body, *_with_timestamps(delivery))]
    return sum(hmac.verify(secret, one) for hmac in _SIGNED for one in given) > 0


def _with_timestamps(delivery: Delivery) -> list[bytes]:
    times = [text for name in _TIMESTAMPS if (text := delivery.headers.get(name, ""))]
    return [f"{text}:".encode() + delivery.body for text in times if _is_fresh(text, delivery)]


def _is_fresh(text: str, delivery: Delivery) -> bool:
    moment = moment_of(text)
    return moment is not None and abs(delivery.received_at - moment) <= _FRESH


SOURCE = Source(
    kind=SourceKind.GRAFANA,
    name="Grafana",
    channel=Channel.METRICS,
    documentation="https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
    setup=(
        "Add a contact point of type Webhook with the URL {url} and, under Authorization header, the scheme Bearer\n"
        "and the credentials {secret} (from Grafana 12 on, better: put the same under HMAC signature)."
    ),
    states={"firing": "fires", "resolved": "recovers", "alerting": "fires", "no_data": "fires", "ok": "recovers"}
    | dict.fromkeys(_QUIET, "is said in the receipt only"),
    carried_by=(Carrier.SIGNATURE, Carrier.BEARER, Carrier.BASIC),
    methods=frozenset({"POST", "PUT"}),
    forms=frozenset({Form.JSON}),
    keeps=tuple(one.header.lower() for one in _SIGNED) + _TIMESTAMPS,
    read=read,
    verify=verify,
    sign=_SIGNED[0].sign,
)
