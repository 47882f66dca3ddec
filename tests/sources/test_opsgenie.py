"""Opsgenie: calls of its Alert API, where the address says what is done, and the webhook that it sends."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.opsgenie import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read

CLOSE = "v2/alerts/orders/queue-age/close"


def test_a_created_alert_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "create", tail="v2/alerts")
    assert (alert.status, alert.title, alert.fingerprint) == (
        AlertStatus.FIRING,
        "Orders wait longer than five minutes",
        "orders/queue-age",
    )
    said = {name: alert.labels[name] for name in ("severity", "service", "environment", "entity", "region", "tags")}
    assert said == {
        "severity": "p2",
        "service": "orders",
        "environment": "production",
        "entity": "orders-worker-3",
        "region": "eu",
        "tags": "shop",
    }
    assert alert.annotations["description"] == "The oldest waits for 412 s."
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/orders"
    assert alert.url == "https://monitor.example.com/queues/orders"


def test_an_alert_is_created_without_the_addresss_end_as_well() -> None:
    assert only(SOURCE, "create") == only(SOURCE, "create", tail="v2/alerts")


def test_a_close_by_alias_ends_it() -> None:
    ended = only(SOURCE, "close", tail=CLOSE, query={"identifierType": "alias"})
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "create").fingerprint)
    assert ended.annotations["note"] == "The queue is empty again"


def test_a_close_without_a_body_ends_it() -> None:
    assert only(SOURCE, {}, tail="v2/alerts/77/close").fingerprint == "77"


def test_a_long_alias_stays_one_alert() -> None:
    alias = "a" * 512
    fired = only(SOURCE, payload_of("opsgenie", "create", alias=alias))
    assert fired.fingerprint == only(SOURCE, {}, tail=f"v2/alerts/{alias}/close").fingerprint
    assert len(fired.fingerprint) <= 200


def test_without_an_alias_an_alert_is_what_it_is_about() -> None:
    first, again = (only(SOURCE, payload_of("opsgenie", "create", alias=..., priority=priority)) for priority in ("P2", "P1"))
    other = only(SOURCE, payload_of("opsgenie", "create", alias=..., entity="orders-worker-4"))
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


def test_an_acknowledgement_is_a_note_with_who_and_why() -> None:
    (note,) = read(SOURCE, {"user": "Kim", "note": "on it"}, tail="v2/alerts/orders/queue-age/acknowledge").notes
    assert (note.fingerprint, note.text) == ("orders/queue-age", "Acknowledged through the Opsgenie API by Kim: on it")


def test_a_remark_is_a_note() -> None:
    (note,) = read(SOURCE, {"user": "Kim", "note": "looks like the database"}, tail="v2/alerts/77/notes").notes
    assert note.text == "Kim at the monitor: looks like the database"


@pytest.mark.parametrize("verb", ["message", "description", "snooze", "unacknowledge", "tags", "assign", "escalate"])
def test_whatever_else_is_done_to_an_alert_is_ignored_visibly(verb: str) -> None:
    reading = read(SOURCE, {"message": "other words"}, tail=f"v2/alerts/orders/queue-age/{verb}", method="PUT")
    assert (reading.alerts, reading.notes) == ((), ())
    assert reading.ignored == (f"Opsgenie's {verb} on orders/queue-age is no alert.",)


def test_a_deleted_alert_is_not_said_to_have_ended() -> None:
    reading = read(SOURCE, {}, tail="v2/alerts/orders/queue-age", method="DELETE")
    assert (reading.alerts, reading.ignored) == ((), ("Opsgenie's delete on orders/queue-age is no alert.",))


def test_a_heartbeat_of_opsgenie_is_ignored_visibly() -> None:
    assert "is no alert" in read(SOURCE, {}, tail="v2/heartbeats/nightly/ping").ignored[0]


@pytest.mark.parametrize("message", [None, "", "  "])
def test_an_alert_without_words_is_unreadable(message: Any) -> None:
    assert "message: expected a text" in str(only(SOURCE, payload_of("opsgenie", "create", message=message), tail="v2/alerts").unreadable)


def test_every_call_is_answered_as_opsgenie_would() -> None:
    for tail in ("v2/alerts", CLOSE):
        answer = SOURCE.answer(delivery("opsgenie", "create", tail=tail), "receipt")
        assert (answer.status, answer.body) == (202, {"result": "Request will be processed", "took": 0.0, "requestId": "receipt"})


def test_a_webhook_fires_and_recovers() -> None:
    fired, ended = only(SOURCE, "webhook_create"), only(SOURCE, "webhook_close")
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert (fired.fingerprint, fired.starts_at) == (ended.fingerprint, ended.starts_at)
    assert fired.starts_at is not None
    assert fired.labels["severity"] == "p2"


def test_a_webhook_says_who_acknowledged() -> None:
    assert [note.text for note in read(SOURCE, "webhook_acknowledge").notes] == ["Acknowledged in Opsgenie by kim@example.com"]


@pytest.mark.parametrize("action", ["AddNote", "Delete", "Escalate", "TestAction", None])
def test_another_action_of_a_webhook_is_ignored_visibly(action: Any) -> None:
    reading = read(SOURCE, payload_of("opsgenie", "webhook_create", action=action))
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


def test_a_webhook_is_answered_with_its_receipt() -> None:
    assert SOURCE.answer(delivery("opsgenie", "webhook_create"), "r").body == {"receipt": "r", "url": "/alerts/receipts/r"}


def test_a_webhook_about_no_alert_cannot_be_understood() -> None:
    with pytest.raises(Malformed, match="alias or alertId"):
        read(SOURCE, {"action": "Create", "alert": {"message": "x"}})
