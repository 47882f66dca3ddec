"""Uptime Kuma: JSON, a form with JSON in it, a query with JSON in it, and Liquid templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.sources.uptime_kuma import SOURCE
from tests.sources.deliveries import body_of, only, payload_of, read


def _beat(status: Any, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = payload_of(SOURCE.kind, "down", **changes)
    return payload | {"heartbeat": payload["heartbeat"] | {"status": status}}


def test_a_monitor_that_is_down_fires_with_its_group_and_tags() -> None:
    alert = only(SOURCE, "down")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API is down", "monitor:31")
    assert alert.labels["group"] == "Finance" and alert.labels["environment"] == "production" and alert.labels["tags"] == "finance"
    assert alert.annotations["error"] == "timeout of 48000ms exceeded"


def test_the_recovery_is_of_the_same_monitor() -> None:
    alert = only(SOURCE, "up")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, "monitor:31")
    assert alert.ends_at is not None and alert.ends_at.isoformat() == "2026-11-20T22:07:00.002000+00:00"


def test_a_reminder_is_the_same_alert_again() -> None:
    again = payload_of(SOURCE.kind, "down")
    again["heartbeat"] |= {"time": "2026-11-20 22:10:00.000", "downCount": 10}
    assert (only(SOURCE, again).fingerprint, only(SOURCE, again).starts_at) == ("monitor:31", None)


def test_a_form_says_the_same_as_json() -> None:
    form = only(SOURCE, None, body=body_of(SOURCE.kind, "form-down.txt"), content_type="multipart/form-data; boundary=kumaboundary")
    assert form == only(SOURCE, "down")


def test_a_query_says_the_same_as_json() -> None:
    query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in payload_of(SOURCE.kind, "down").items()}
    assert only(SOURCE, None, method="GET", query=query, body=b"") == only(SOURCE, "down")


def test_a_liquid_template_is_understood_by_uptime_kumas_own_words() -> None:
    down, up = only(SOURCE, "liquid-down"), only(SOURCE, "liquid-up")
    assert (down.status, down.title, down.annotations["error"]) == (AlertStatus.FIRING, "Ledger API is down", "timeout of 48000ms exceeded")
    assert (up.status, up.fingerprint) == (AlertStatus.RESOLVED, down.fingerprint)


def test_a_templates_json_is_read_although_the_sender_calls_it_a_form() -> None:
    body = body_of(SOURCE.kind, "liquid-down")
    assert only(SOURCE, None, body=body, content_type="application/x-www-form-urlencoded") == only(SOURCE, "liquid-down")


def test_a_templates_status_word_is_enough() -> None:
    assert only(SOURCE, {"title": "Ledger API", "status": "✅ Up"}).status is AlertStatus.RESOLVED
    assert only(SOURCE, {"monitorJSON": {"id": 31}, "heartbeatJSON": {"status": 0}}).fingerprint == "monitor:31"


@pytest.mark.parametrize(("state", "said"), [("🔴 Down", AlertStatus.FIRING), ("✅ Up", AlertStatus.RESOLVED)])
def test_what_it_sends_to_pagerduty_names_the_same_monitor(state: str, said: AlertStatus) -> None:
    body = {"payload": {"summary": f"[Uptime Kuma Monitor {state}] [Ledger API] 504"}, "dedup_key": "Uptime Kuma/31", "event_action": "x"}
    assert (only(SOURCE, body).status, only(SOURCE, body).fingerprint) == (said, "monitor:31")


@pytest.mark.parametrize("payload", ["test-button", {"msg": "Muster Testing"}, {"Title": "Uptime Kuma Alert", "Body": "Muster Testing"}])
def test_the_test_button_is_no_alert(payload: Any) -> None:
    reading = read(SOURCE, payload)
    assert reading.alerts == () and "Test button" in reading.ignored[0]


@pytest.mark.parametrize(("status", "said"), [(2, "tried again"), (3, "maintenance"), ("⚠️ Test", "tested")])
def test_what_is_neither_down_nor_up_is_no_alert(status: Any, said: str) -> None:
    reading = read(SOURCE, _beat(status))
    assert reading.alerts == () and said in reading.ignored[0]


def test_a_certificate_that_expires_is_one_alert_however_many_days_are_left() -> None:
    week, day = only(SOURCE, "certificate"), payload_of(SOURCE.kind, "certificate")
    day["msg"] = day["msg"].replace("7 days", "1 days")
    assert week.status is AlertStatus.FIRING and week.title.endswith("will expire in 7 days")
    assert only(SOURCE, day).fingerprint == week.fingerprint != only(SOURCE, "down").fingerprint


@pytest.mark.parametrize("status", [7, "broken", True, 1.5])
def test_an_unknown_status_waits_in_the_inbox_without_the_monitors_secrets(status: Any) -> None:
    alert = only(SOURCE, _beat(status))
    assert alert.unreadable is not None and "Bearer" not in str(alert) and "basic_auth" not in str(alert)


def test_headers_passwords_and_keys_of_the_monitor_are_not_kept() -> None:
    assert "swordfish" not in str(only(SOURCE, "down"))


def test_a_message_about_a_monitor_without_name_and_number_waits_in_the_inbox() -> None:
    assert "monitor.id" in (only(SOURCE, {"heartbeat": {"status": 0}}).unreadable or "")


def test_the_address_in_a_notice_of_expiry_is_a_label_without_its_secrets() -> None:
    body = payload_of(SOURCE.kind, "certificate")
    body["msg"] = body["msg"].replace("https://ledger", "https://sam:swordfish@ledger")
    alert = only(SOURCE, body)
    assert alert.title == "Ledger API: server certificate ledger.example.net will expire in 7 days"
    assert alert.labels["host"] == "ledger.example.net" and "swordfish" not in str(alert)


def test_a_domain_that_expires_is_known_as_a_host() -> None:
    assert only(SOURCE, {"msg": "Domain name example.net will expire in 14 days"}).labels == {"host": "example.net"}


def test_a_recovery_says_since_when_the_monitor_was_down() -> None:
    body = payload_of(SOURCE.kind, "up")
    body["heartbeat"]["lastDownTime"] = "2026-11-20 21:55:00"
    assert only(SOURCE, body).annotations["first_seen"] == "2026-11-20T21:55:00+00:00"


def test_a_monitor_that_is_called_by_its_address_keeps_no_secret_of_it() -> None:
    address = "https://sam:swordfish@ledger.example.net/pay?token=swordfish"
    notice = only(SOURCE, {"msg": f"[{address}][{address}] server certificate ledger.example.net will expire in 7 days"})
    assert notice.title == "https://ledger.example.net/pay: server certificate ledger.example.net will expire in 7 days"
    assert notice.labels["monitor"] == "https://ledger.example.net/pay"
    down = only(SOURCE, {"msg": f"[{address}] [🔴 Down] timeout"})
    assert down.title == "https://ledger.example.net/pay is down"
    assert "swordfish" not in f"{notice} {down}"
