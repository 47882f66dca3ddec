"""PagerDuty: events of both versions as senders of theirs write them, and the webhooks that PagerDuty sends."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.pagerduty import SOURCE, verify
from tests.sources.deliveries import delivery, only, payload_of, read


def event(**changes: Any) -> dict[str, Any]:
    """The trigger of version 2, changed."""
    changed: dict[str, Any] = payload_of("pagerduty", "trigger", **changes)
    return changed


def test_a_trigger_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "trigger")
    assert (alert.status, alert.title, alert.fingerprint) == (
        AlertStatus.FIRING,
        "Orders wait longer than five minutes",
        "orders/queue-age",
    )
    assert alert.labels == {
        "env": "production",
        "oldest": "412 s",
        "severity": "error",
        "host": "orders-worker-3",
        "component": "orders",
        "group": "shop",
        "class": "queue",
        "service": "orders",
        "environment": "production",
    }
    assert alert.url == "https://monitor.example.com/queues/orders"
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/orders"


def test_a_resolve_ends_what_has_its_key() -> None:
    ended = only(SOURCE, {"routing_key": "r0utingk3y", "event_action": "resolve", "dedup_key": "orders/queue-age"})
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "trigger").fingerprint)


def test_an_acknowledgement_is_a_note() -> None:
    reading = read(SOURCE, event(event_action="acknowledge"))
    assert reading.alerts == ()
    assert [(note.fingerprint, note.text) for note in reading.notes] == [("orders/queue-age", "Acknowledged in Queue watch")]


def test_a_repeat_without_a_key_has_the_key_that_the_first_answer_named() -> None:
    said = [SOURCE.answer(delivery("pagerduty", event(dedup_key=...)), "receipt") for _ in range(2)]
    assert said[0] == said[1]
    assert isinstance(said[0].body, dict)
    assert said[0].body["dedup_key"] == only(SOURCE, event(dedup_key=...)).fingerprint
    other = event(dedup_key=..., payload=event()["payload"] | {"component": "payments"})
    assert only(SOURCE, other).fingerprint != said[0].body["dedup_key"]


def test_a_long_key_is_answered_whole_and_stays_one_alert() -> None:
    key = "k" * 255
    answer = SOURCE.answer(delivery("pagerduty", event(dedup_key=key)), "receipt")
    assert (answer.status, answer.body) == (202, {"status": "success", "message": "Event processed", "dedup_key": key})
    assert only(SOURCE, event(dedup_key=key)).fingerprint == only(SOURCE, event(dedup_key=key, event_action="resolve")).fingerprint
    assert len(only(SOURCE, event(dedup_key=key)).fingerprint) <= 200


def test_alertmanagers_labels_come_out_of_its_text() -> None:
    alert = only(SOURCE, "from_alertmanager")
    assert alert.title == "OrdersWait orders (production)"
    assert (alert.labels["alertname"], alert.labels["service"], alert.labels["environment"]) == ("OrdersWait", "orders", "production")
    assert "summary" not in alert.labels


def test_a_change_event_is_ignored_visibly_and_answered() -> None:
    for tail in ("", "v2/change/enqueue"):
        assert read(SOURCE, "change", tail=tail).ignored == ("A change event is no alert: Orders 4.2 was deployed",)
    assert SOURCE.answer(delivery("pagerduty", "change"), "receipt").body == {"status": "success", "message": "Event processed"}


@pytest.mark.parametrize("changes", [{"event_action": "boom"}, {"event_action": None}, {"event_action": ["trigger"]}, {"payload": None}])
def test_an_odd_event_is_unreadable_and_never_ends_anything(changes: dict[str, Any]) -> None:
    alert = only(SOURCE, event(**changes))
    assert (alert.status, bool(alert.unreadable)) == (AlertStatus.FIRING, True)


@pytest.mark.parametrize("action", ["resolve", "acknowledge"])
def test_what_ends_nothing_by_name_is_unreadable(action: str) -> None:
    assert "dedup_key" in str(only(SOURCE, {"event_action": action}).unreadable)


def test_the_routing_key_is_kept_nowhere() -> None:
    for payload in (event(), event(event_action="boom"), event(dedup_key=..., event_action="resolve", payload=None)):
        assert "r0utingk3y" not in repr(read(SOURCE, payload))


def test_the_routing_key_is_the_secret() -> None:
    assert verify(b"r0utingk3y", delivery("pagerduty", "trigger"))
    assert verify(b"r0utingk3y", delivery("pagerduty", "version_1_trigger"))
    assert not verify(b"r0utingk3z", delivery("pagerduty", "trigger"))
    assert not verify(b"", delivery("pagerduty", event(routing_key="")))
    assert not verify(b"1", delivery("pagerduty", event(routing_key=1)))


def test_version_1_fires_and_recovers_and_is_answered_in_its_own_way() -> None:
    fired, payload = only(SOURCE, "version_1_trigger"), payload_of("pagerduty", "version_1_trigger", event_type="resolve")
    assert (fired.status, fired.fingerprint, fired.labels["severity"]) == (AlertStatus.FIRING, "orders/queue-age", "high")
    assert fired.annotations["runbook_url"] == "https://runbooks.example.com/orders"
    assert (only(SOURCE, payload).status, only(SOURCE, payload).fingerprint) == (AlertStatus.RESOLVED, fired.fingerprint)
    answer = SOURCE.answer(delivery("pagerduty", "version_1_trigger"), "receipt")
    assert (answer.status, answer.body) == (200, {"status": "success", "message": "Event processed", "incident_key": "orders/queue-age"})


def test_a_webhook_of_version_3_fires_and_recovers() -> None:
    fired, ended = only(SOURCE, "webhook_3_triggered"), only(SOURCE, "webhook_3_resolved")
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert (fired.fingerprint, fired.starts_at) == (ended.fingerprint, ended.starts_at)
    assert fired.labels == {"severity": "p1", "service": "Orders", "escalation_policy": "Shop"}
    assert fired.url == "https://shop.pagerduty.com/incidents/PINC77"


def test_a_webhook_of_version_2_is_told_by_its_incident_without_a_key() -> None:
    alert = only(SOURCE, "webhook_2_trigger")
    assert (alert.status, alert.fingerprint, alert.labels["severity"]) == (AlertStatus.FIRING, "PINC78", "low")


def test_several_messages_of_version_1_are_read_each_for_itself() -> None:
    reading = read(SOURCE, "webhook_1_several")
    assert [alert.status for alert in reading.alerts] == [AlertStatus.RESOLVED]
    assert [note.text for note in reading.notes] == ["Acknowledged in PagerDuty by Kim Lee"]
    assert reading.ignored == ("PagerDuty's incident.assign is no alert.",)


def test_an_odd_message_costs_none_of_the_others() -> None:
    (good,) = payload_of("pagerduty", "webhook_2_trigger")["messages"]
    alerts = read(SOURCE, {"messages": [None, {"event": "incident.trigger"}, good]}).alerts
    assert [alert.unreadable is None for alert in alerts] == [False, False, True]


def test_an_acknowledgement_at_pagerduty_names_who_did_it() -> None:
    assert [note.text for note in read(SOURCE, "webhook_3_acknowledged").notes] == ["Acknowledged in PagerDuty by Kim Lee"]


def test_a_ping_is_ignored_visibly() -> None:
    assert read(SOURCE, "webhook_3_ping").ignored == ("PagerDuty's pagey.ping is no alert.",)


def test_a_webhook_is_genuine_with_one_good_signature_among_several() -> None:
    plain = delivery("pagerduty", "webhook_3_triggered")
    good = "v1=" + hmac.new(b"key", plain.body, hashlib.sha256).hexdigest()
    for header, genuine in ((good, True), (f"v1=00,{good}", True), ("v1=00", False), (good[3:], False), ("", False)):
        signed = delivery("pagerduty", "webhook_3_triggered", headers={"x-pagerduty-signature": header})
        assert verify(b"key", signed) is genuine
    assert not verify(b"key", plain)


def test_a_webhook_counts_once_by_its_event() -> None:
    assert SOURCE.delivery_id is not None
    assert SOURCE.delivery_id(delivery("pagerduty", "webhook_2_trigger")) == "69a7"
    assert SOURCE.delivery_id(delivery("pagerduty", "webhook_3_ping")) == "01PING"
    assert SOURCE.delivery_id(delivery("pagerduty", "trigger")) is None
    assert SOURCE.answer(delivery("pagerduty", "webhook_3_ping"), "r").body == {"receipt": "r", "url": "/alerts/receipts/r"}


@pytest.mark.parametrize("body", [{}, {"hello": 1}, []])
def test_what_is_no_event_cannot_be_understood(body: Any) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


@pytest.mark.parametrize("tags", ["env:prod, service:orders", ["env:prod", "service:orders"], {"env": "prod", "service": "orders"}])
def test_tags_in_the_details_of_an_event_become_labels(tags: Any) -> None:
    details = {"tags": tags, "query": "avg(orders.waiting)"}
    said = {"summary": "Orders wait", "source": "w1", "severity": "error", "timestamp": "2026-11-20T22:03:12Z", "custom_details": details}
    event = {
        "event_action": "trigger",
        "payload": said,
        "images": [{"src": "https://monitor.example.com/orders.png"}, {"src": "javascript:1"}],
    }
    alert = only(SOURCE, event)
    assert alert.labels.items() >= {"service": "orders", "environment": "prod", "query": "avg(orders.waiting)"}.items()
    assert "tags" not in alert.labels
    wanted = {"latest_seen": "2026-11-20T22:03:12+00:00", "image_url": "https://monitor.example.com/orders.png"}
    assert alert.annotations.items() >= wanted.items()


def test_the_fields_that_people_add_to_incidents_become_labels() -> None:
    incident = {
        "id": "Q1",
        "title": "Orders wait",
        "teams": [{"summary": "Orders"}],
        "custom_fields": [{"name": "environment", "value": "prod"}],
    }
    alert = only(SOURCE, {"event": {"id": "1", "event_type": "incident.triggered", "data": incident}})
    assert alert.labels.items() >= {"environment": "prod", "team": "Orders"}.items()


def test_a_sender_that_names_itself_as_the_component_is_no_service() -> None:
    said = {"summary": "Orders wait", "source": "Grafana", "severity": "error", "component": "Grafana"}
    assert "service" not in only(SOURCE, {"event_action": "trigger", "client": "Grafana", "payload": said}).labels
    assert only(SOURCE, {"event_action": "trigger", "client": "Monitor", "payload": said}).labels["service"] == "Grafana"
