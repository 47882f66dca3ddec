"""Pingdom: one change of one check a body."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.pingdom import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_a_check_that_is_down_fires_with_what_the_probe_saw() -> None:
    alert = only(SOURCE, "http-down")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API is down", "5120044")
    assert alert.labels["severity"] == "high" and alert.labels["service"] == "ledger" and alert.labels["tags"] == "billing"
    assert alert.annotations["error"] == "Timeout (> 30s)" and alert.annotations["location"] == "Warsaw, Poland"


def test_the_recovery_is_of_the_same_check_and_says_when() -> None:
    alert = only(SOURCE, "http-up")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "http-down").fingerprint)
    assert alert.ends_at is not None and alert.ends_at.isoformat() == "2026-11-20T22:07:00+00:00"
    assert "error" not in alert.annotations


def test_another_reminder_of_the_same_outage_is_the_same_alert() -> None:
    again = payload_of(SOURCE.kind, "http-down", previous_state="DOWN", state_changed_timestamp=1795212900)
    assert only(SOURCE, again).fingerprint == only(SOURCE, "http-down").fingerprint
    assert only(SOURCE, again).starts_at is None


def test_a_transaction_fails_with_its_runbook() -> None:
    alert = only(SOURCE, "transaction-failing")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Sign up and pay is failing")
    assert alert.annotations["runbook_url"] == "https://runbooks.example.net/sign-up"
    recovered = only(SOURCE, payload_of(SOURCE.kind, "transaction-failing", current_state="SUCCESS"))
    assert (recovered.status, recovered.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)


def test_passwords_and_keys_in_the_watched_address_are_not_kept() -> None:
    alert = only(SOURCE, "http-down")
    assert alert.labels["url"] == "https://ledger.example.net/healthz" and alert.labels["host"] == "ledger.example.net"
    assert "swordfish" not in str(alert)


@pytest.mark.parametrize("state", ["UNKNOWN", "UNCONFIRMED_DOWN", "PAUSED"])
def test_a_state_in_which_pingdom_knows_nothing_is_no_alert(state: str) -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "http-down", current_state=state))
    assert reading.alerts == () and "Ledger API" in reading.ignored[0]


@pytest.mark.parametrize("state", ["MAYBE", None, 0, ["UP"]])
def test_a_state_that_nobody_documented_waits_in_the_inbox(state: object) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "http-down", current_state=state))
    assert alert.unreadable is not None and alert.status is AlertStatus.FIRING


def test_a_check_without_a_number_is_known_by_its_name_and_address() -> None:
    nameless = payload_of(SOURCE.kind, "http-down", check_id=None)
    assert only(SOURCE, nameless).fingerprint == only(SOURCE, nameless | {"current_state": "UP"}).fingerprint
    assert only(SOURCE, nameless).fingerprint != only(SOURCE, nameless | {"check_name": "Shop"}).fingerprint


def test_a_check_that_says_nothing_of_itself_waits_in_the_inbox() -> None:
    assert "check_id" in (only(SOURCE, {"current_state": "DOWN"}).unreadable or "")


def test_a_body_that_is_no_object_is_kept_for_another_try() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, [1])


def test_a_transaction_fails_and_succeeds_again() -> None:
    failing = only(SOURCE, payload_of(SOURCE.kind, "transaction-failing", check_name="Sign in"))
    success = only(SOURCE, payload_of(SOURCE.kind, "transaction-failing", check_name="Sign in", current_state="SUCCESS"))
    assert (failing.title, success.title) == ("Sign in is failing", "Sign in succeeds again")
    assert failing.fingerprint == success.fingerprint and success.status is AlertStatus.RESOLVED
