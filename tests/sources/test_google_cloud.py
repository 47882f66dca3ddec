"""Google Cloud Monitoring: open and closed, named by what is looked at, told apart by their start."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.google_cloud import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read


def incident(name: str = "open", **changes: Any) -> dict[str, Any]:
    """A notification with fields of its incident changed."""
    payload = payload_of("google-cloud", name)
    return {**payload, "incident": payload["incident"] | changes}


def test_an_open_incident_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "open")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Orders wait: Backlog above 1000")
    assert alert.starts_at == datetime.fromtimestamp(1795212180, UTC)
    said = {name: alert.labels[name] for name in ("severity", "service", "environment", "project", "team", "subscription_id")}
    assert said == {
        "severity": "error",
        "service": "orders",
        "environment": "production",
        "project": "orders-prod",
        "team": "orders",
        "subscription_id": "orders",
    }
    assert alert.annotations["description"].startswith("Backlog of orders-prod")
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/orders"
    assert alert.url == "https://console.cloud.google.com/monitoring/alerting/incidents/0.mz41qa7plk2v?project=orders-prod"


def test_a_closed_incident_ends_the_same_occurrence() -> None:
    fired, ended = only(SOURCE, "open"), only(SOURCE, "closed")
    assert ended.status is AlertStatus.RESOLVED
    assert (ended.fingerprint, ended.starts_at) == (fired.fingerprint, fired.starts_at)
    assert ended.ends_at == datetime.fromtimestamp(1795213500, UTC)


def test_the_same_condition_keeps_its_fingerprint_in_its_next_incident() -> None:
    again = only(SOURCE, incident(incident_id="0.other", started_at=1795219999, observed_value="5"))
    assert again.fingerprint == only(SOURCE, "open").fingerprint
    assert again.starts_at != only(SOURCE, "open").starts_at


def test_another_resource_is_another_alert() -> None:
    other = {"type": "pubsub_subscription", "labels": {"project_id": "orders-prod", "subscription_id": "payments"}}
    assert only(SOURCE, incident(resource=other)).fingerprint != only(SOURCE, "open").fingerprint


def test_version_1_1_is_told_by_its_resource_name() -> None:
    alert = only(SOURCE, "open_version_1_1")
    assert alert.title == "Worker health: CPU usage"
    other = incident("open_version_1_1", resource_name="worker-4", resource_id="i-77aa02")
    assert only(SOURCE, other).fingerprint != alert.fingerprint


def test_an_incident_without_a_condition_is_told_by_its_id() -> None:
    assert only(SOURCE, incident(condition=None, condition_name=None, policy_name=None)).fingerprint == "0.mz41qa7plk2v"


def test_no_severity_is_no_label() -> None:
    assert "severity" not in only(SOURCE, incident(severity="No severity")).labels


def test_the_test_button_is_ignored_visibly() -> None:
    assert read(SOURCE, "test").alerts == ()
    assert read(SOURCE, "test").ignored == ("Google Cloud sent its test notification.",)


@pytest.mark.parametrize("word", ["acknowledged", "closed!", None, 1])
def test_a_state_nobody_documented_is_unreadable(word: Any) -> None:
    alert = only(SOURCE, incident(state=word))
    assert (alert.status, "expected one of closed, open" in str(alert.unreadable)) == (AlertStatus.FIRING, True)


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00Z", 253402300799])
def test_a_start_beyond_this_century_is_no_start(year: Any) -> None:
    assert only(SOURCE, incident(started_at=year)).starts_at is None


def test_a_push_of_pub_sub_carries_the_same_and_counts_once() -> None:
    data = base64.b64encode(json.dumps(payload_of("google-cloud", "open")).encode()).decode()
    pushed = {"message": {"data": data, "messageId": "136969346945"}, "subscription": "projects/p/subscriptions/s"}
    assert only(SOURCE, pushed) == only(SOURCE, "open")
    assert SOURCE.delivery_id is not None
    assert SOURCE.delivery_id(delivery("google-cloud", pushed)) == "136969346945"


@pytest.mark.parametrize("data", ["%%%", base64.b64encode(b"no json").decode(), base64.b64encode(b"[" * 99 + b"]" * 99).decode(), "é"])
def test_a_push_that_is_no_notification_cannot_be_understood(data: str) -> None:
    with pytest.raises(Malformed, match=r"message\.data"):
        read(SOURCE, {"message": {"data": data}})


def test_a_body_without_an_incident_cannot_be_understood() -> None:
    with pytest.raises(Malformed, match="incident"):
        read(SOURCE, {"version": "1.2"})


def test_an_error_of_error_reporting_is_named_by_its_group() -> None:
    alert = only(SOURCE, "error")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "KeyError: 'price'")
    assert alert.labels == {"project": "shop-prod", "service": "orders", "response_status": "500"}
    assert alert.annotations.items() >= {"error": "KeyError: 'price'", "route": "/orders", "release": "2026-11-20-a"}.items()
    assert "91" not in str(alert.annotations)
    again = payload_of("google-cloud", "error", subject="[orders] It is back", event_info={"service": "orders"})
    assert only(SOURCE, again).fingerprint == alert.fingerprint


def test_a_budget_fires_only_over_a_threshold() -> None:
    alert = only(SOURCE, "budget")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Budget shop-monthly has reached 901.2 EUR")
    assert only(SOURCE, payload_of("google-cloud", "budget", costAmount=950.0)).fingerprint == alert.fingerprint
    reading = read(SOURCE, payload_of("google-cloud", "budget", alertThresholdExceeded=...))
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


def test_errors_that_only_their_subjects_name_are_told_apart_by_them() -> None:
    first, again, other = (
        only(SOURCE, payload_of("google-cloud", "error", group_info={}, exception_info={}, subject=subject))
        for subject in ("Orders: new error", "Orders: new error", "Payments: new error")
    )
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint
