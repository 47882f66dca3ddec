"""Graylog's notifications of event definitions, and the alarm callbacks of old."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.graylog import SOURCE
from tests.sources.deliveries import only, payload_of, read


def _event(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = payload_of("graylog", "event")
    return body | {"event": body["event"] | changes}


def test_an_event_fires_with_its_definition_priority_and_groups() -> None:
    alert = only(SOURCE, "event")
    assert (alert.status, alert.title, alert.starts_at) == (AlertStatus.FIRING, "Payments log errors", None)
    assert alert.labels == {"severity": "high", "environment": "production", "service": "payments", "host": "web-3", "key": "payments"}
    assert alert.annotations["description"] == "More than 50 errors of payments within 5 minutes."
    assert alert.annotations["latest_seen"] == "2026-11-20T22:04:41.007000+00:00"
    assert "sekret" not in repr(alert)


def test_every_event_of_a_definition_and_key_is_the_same_problem() -> None:
    again = _event(id="01JDPAYMENTS0002", timestamp="2026-11-20T22:09:41.007Z", message="count()=400.0")
    assert only(SOURCE, again).fingerprint == only(SOURCE, "event").fingerprint


def test_another_key_or_definition_is_another_problem() -> None:
    other = payload_of("graylog", "event", event_definition_id="66f0aa99")
    grouped = _event(key=None, key_tuple=[], group_by_fields={"service": "orders"})
    assert len({only(SOURCE, body).fingerprint for body in ("event", other, _event(key="orders"), grouped)}) == 4


def test_a_person_among_the_groups_tells_problems_apart_and_is_not_kept() -> None:
    one, other = (only(SOURCE, _event(key=name, group_by_fields={"user": name, "service": "orders"})) for name in ("robin", "kim"))
    assert one.fingerprint != other.fingerprint
    assert one.labels["service"] == "orders"
    assert "robin" not in repr(one)


def test_an_alarm_callback_fires_and_may_say_that_it_is_over() -> None:
    fires, over = only(SOURCE, "callback-triggered"), only(SOURCE, "callback-over")
    assert (fires.status, over.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fires.fingerprint == over.fingerprint == "condition:c0ffee-11"
    assert fires.labels == {"stream": "payments", "condition": "message_count", "host": "web-3"}
    assert "sekret" not in repr(fires)


@pytest.mark.parametrize("triggered", ["perhaps", "", None, 1])
def test_a_triggered_that_is_neither_true_nor_false_waits_as_unreadable(triggered: object) -> None:
    body = payload_of("graylog", "callback-triggered")
    body["check_result"]["triggered"] = triggered
    assert "check_result.triggered: expected one of false, true" in (only(SOURCE, body).unreadable or "")


def test_trying_the_notification_out_is_ignored() -> None:
    reading = read(SOURCE, "tried-out")
    assert (reading.alerts, reading.ignored) == ((), ("Graylog tried out its notification: it reaches us.",))


def test_an_event_that_names_no_definition_waits_as_unreadable() -> None:
    alert = only(SOURCE, {"event": {"id": "01J", "message": "something"}})
    assert "event_definition_id" in (alert.unreadable or "")


@pytest.mark.parametrize("body", [[], {}, {"message": "x"}, {"check_result": None}])
def test_a_body_that_graylog_never_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_the_test_of_an_alarm_callback_is_ignored() -> None:
    body = payload_of("graylog", "callback-triggered")
    body["check_result"]["triggered_condition"] |= {"type": "dummy", "title": "Test Alert"}
    reading = read(SOURCE, body)
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


def test_the_host_is_known_where_all_messages_came_from_one() -> None:
    backlog = [{"message": "login failed", "source": "web-3"}, {"message": "login failed again", "source": "web-3"}]
    assert only(SOURCE, payload_of("graylog", "event", backlog=backlog)).labels["host"] == "web-3"
    backlog[1]["source"] = "web-4"
    assert "host" not in only(SOURCE, payload_of("graylog", "event", backlog=backlog)).labels
