"""Checkly: signed, written from a template, and a recovery that may overtake its failure."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.sources.checkly import SOURCE
from bot.sources.source import Delivery
from tests.sources.deliveries import body_of, delivery, only, payload_of, read

_SECRET = b"the secret of the channel"


def _signed(signature: str) -> Delivery:
    return delivery(SOURCE.kind, "failure", headers={"x-checkly-signature": signature})


def test_a_failed_check_fires_with_its_response_and_page() -> None:
    alert = only(SOURCE, "failure")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Ledger API has failed")
    assert alert.annotations["error"] == "HTTP 504 Gateway Timeout" and alert.labels["severity"] == "failure"
    assert alert.labels["service"] == "ledger" and alert.labels["tags"] == "billing"
    assert alert.url is not None and alert.url.startswith("https://app.checklyhq.com/checks/6c2f6e1e")


def test_the_recovery_is_of_the_same_check() -> None:
    alert = only(SOURCE, "recovery")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "failure").fingerprint)


def test_a_recovery_that_overtook_its_failure_can_be_told_by_when_their_runs_began() -> None:
    failed, recovered = only(SOURCE, "failure"), only(SOURCE, "recovery")
    assert recovered.ends_at is not None
    assert failed.annotations["latest_seen"] < recovered.ends_at.isoformat()


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("ALERT_FAILURE_REMAIN", "failure"),
        ("ALERT_DEGRADED_FAILURE", "failure"),
        ("ALERT_DEGRADED", "degraded"),
        ("ALERT_DEGRADED_REMAIN", "degraded"),
        ("ALERT_FAILURE_DEGRADED", "degraded"),
    ],
)
def test_reminders_and_worse_and_better_are_one_alert_in_another_severity(kind: str, severity: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "failure", alert_type=kind, started_at="2026-11-20T22:05:00Z"))
    assert (alert.fingerprint, alert.starts_at) == (only(SOURCE, "failure").fingerprint, None)
    assert (alert.status, alert.labels["severity"]) == (AlertStatus.FIRING, severity)


def test_a_degraded_check_that_recovers_recovers() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "recovery", alert_type="ALERT_DEGRADED_RECOVERY")).status is AlertStatus.RESOLVED


def test_a_certificate_is_another_matter_than_its_check() -> None:
    alert = only(SOURCE, "certificate")
    assert alert.fingerprint == only(SOURCE, "failure").fingerprint + ":ssl"
    assert alert.labels["host"] == "ledger.example.net" and "error" not in alert.annotations


def test_a_template_may_name_its_fields_as_the_variables_are_named() -> None:
    alert = only(SOURCE, {"ALERT_TYPE": "ALERT_RECOVERY", "CHECK_ID": "6c2f", "CHECK_NAME": "Ledger API", "ALERT_TITLE": "All good"})
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.RESOLVED, "6c2f", "All good")


def test_no_alert_is_none() -> None:
    assert read(SOURCE, payload_of(SOURCE.kind, "failure", alert_type="NO_ALERT")).alerts == ()


@pytest.mark.parametrize("kind", ["{{ALERT_TYPE}}", "ALERT_RECOVERED", "", None, 4])
def test_an_unknown_type_waits_in_the_inbox(kind: Any) -> None:
    assert "alert_type" in (only(SOURCE, payload_of(SOURCE.kind, "failure", alert_type=kind)).unreadable or "")


def test_the_signature_is_over_the_raw_body() -> None:
    assert SOURCE.verify is not None and SOURCE.sign is not None
    signature = SOURCE.sign(_SECRET, body_of(SOURCE.kind, "failure"))["x-checkly-signature"]
    assert SOURCE.verify(_SECRET, _signed(signature))
    assert not SOURCE.verify(b"another", _signed(signature))


@pytest.mark.parametrize("signature", ["", "0" * 64, "sha256=" + "0" * 64, "é"])
def test_a_wrong_signature_proves_nothing(signature: str) -> None:
    assert SOURCE.verify is not None and not SOURCE.verify(_SECRET, _signed(signature))


@pytest.mark.parametrize(
    ("failed", "recovered"),
    [
        (
            {"message": 'Check "Ledger API" has failed is ALERT_FAILURE', "timestamp": "2026-11-20T22:00:00Z"},
            {"message": 'Check "Ledger API" has recovered is ALERT_RECOVERY'},
        ),
        (
            {"message": "Ledger API has failed", "alias": "chk-71", "description": "ALERT_FAILURE <br>in Frankfurt"},
            {"message": "Ledger API has recovered", "alias": "chk-71", "description": "ALERT_RECOVERY <br>in Frankfurt"},
        ),
    ],
)
def test_a_template_of_sentences_is_understood_by_the_type_in_them(failed: dict[str, str], recovered: dict[str, str]) -> None:
    fired, ended = only(SOURCE, failed), only(SOURCE, recovered)
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert (fired.title, ended.title) == ("Ledger API has failed", "Ledger API has recovered")
    assert fired.fingerprint == ended.fingerprint


def test_a_template_may_say_service_and_environment() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "failure", service="ledger", environment="production"))
    assert (alert.labels["service"], alert.labels["environment"]) == ("ledger", "production")
