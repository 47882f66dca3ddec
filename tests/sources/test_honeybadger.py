"""Honeybadger's errors, sites, check-ins and alarms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.errors import Malformed
from bot.sources.honeybadger import SOURCE
from tests.sources.deliveries import only, payload_of, read

PAIRS = [
    ("occurred", "resolved", "fault:60990"),
    ("down", "up", "site:77aa0c1e-0000-4000-8000-123412341234"),
    ("check-in-missing", "check-in-reporting", "check-in:nIgHt1"),
    ("alarm-alert", "alarm-ok", "alarm:al-9"),
]


@pytest.mark.parametrize(("fires", "recovers", "fingerprint"), PAIRS)
def test_what_begins_ends_under_the_same_fingerprint(fires: str, recovers: str, fingerprint: str) -> None:
    begun, over = only(SOURCE, fires), only(SOURCE, recovers)
    assert (begun.status, over.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert (begun.fingerprint, over.fingerprint) == (fingerprint, fingerprint)
    assert begun.starts_at == over.starts_at


def test_an_outage_has_its_start_and_its_end() -> None:
    up = only(SOURCE, "up")
    assert up.starts_at == datetime(2026, 11, 20, 22, 1, 0, 250000, tzinfo=UTC)
    assert up.ends_at == datetime(2026, 11, 20, 22, 10, 0, 500000, tzinfo=UTC)


def test_an_error_brings_the_facts_of_its_triage_and_nothing_of_the_request() -> None:
    alert = only(SOURCE, "occurred")
    assert alert.title == alert.annotations["error"] == "PaymentDeclined: card issuer does not answer"
    assert alert.labels == {"service": "Checkout", "event": "occurred", "environment": "production", "tags": "payments,eu"}
    assert alert.annotations["route"] == "checkout#pay"
    assert alert.annotations["release"] == "f00dfeed"
    assert alert.annotations["first_seen"] == "2026-11-20T21:58:03+00:00"
    assert alert.annotations["latest_seen"] == "2026-11-20T22:04:41+00:00"
    assert alert.url == "https://app.honeybadger.io/projects/4401/faults/60990"
    assert [secret for secret in ("sekret", "ada@example.com", "coupon") if secret in repr(alert)] == []


@pytest.mark.parametrize("event", ["unresolved", "rate_exceeded"])
def test_an_error_that_is_reopened_or_too_frequent_fires(event: str) -> None:
    alert = only(SOURCE, payload_of("honeybadger", "resolved", event=event))
    assert (alert.status, alert.fingerprint) == (AlertStatus.FIRING, "fault:60990")


def test_a_certificate_that_expires_is_another_problem_than_the_site_being_down() -> None:
    alert = only(SOURCE, payload_of("honeybadger", "down", event="cert_will_expire", outage=...))
    assert (alert.status, alert.fingerprint) == (AlertStatus.FIRING, "certificate:77aa0c1e-0000-4000-8000-123412341234")


def test_every_spike_of_a_project_is_the_same_alert() -> None:
    numbered = payload_of(SOURCE.kind, "volume-spike")
    numbered["volume_spike"] = numbered["volume_spike"] | {"id": 991}
    assert only(SOURCE, numbered).fingerprint == only(SOURCE, "volume-spike").fingerprint


def test_a_spike_of_errors_is_about_the_project() -> None:
    alert = only(SOURCE, "volume-spike")
    assert (alert.fingerprint, alert.title) == ("volume:4401", "Errors are 4.7 times the usual")


def test_assigning_an_error_is_a_note() -> None:
    assert read(SOURCE, "assigned").notes == (Note("fault:60990", "Assigned in Honeybadger to Tom Reed by Mira Sand."),)


@pytest.mark.parametrize("name", ["deployed", "tried-out", "site-is-new"])
def test_deploys_the_test_button_and_new_sites_are_ignored_by_name(name: str) -> None:
    reading = read(SOURCE, name)
    assert (reading.alerts, reading.notes, len(reading.ignored)) == ((), (), 1)


def test_an_event_that_nobody_documented_waits_as_unreadable_when_it_is_about_something() -> None:
    alert = only(SOURCE, payload_of("honeybadger", "down", event="upside_down"))
    assert (alert.status, "upside_down" in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


@pytest.mark.parametrize("body", [[], {}, {"message": "x"}, {"event": None}])
def test_a_body_that_honeybadger_never_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_the_address_by_which_a_check_in_reports_is_no_link() -> None:
    body = payload_of("honeybadger", "check-in-missing")
    body["check_in"] = {"id": "nIgHt1", "name": "Nightly books", "url": "https://api.example.com/v1/check_in/nIgHt1"}
    assert only(SOURCE, body).url is None


def test_a_site_links_to_its_outage_and_not_to_itself() -> None:
    body = payload_of("honeybadger", "down")
    body["site"].pop("details_url", None)
    body["outage"] |= {"details_url": "https://app.example.com/sites/77"}
    assert only(SOURCE, body).url == "https://app.example.com/sites/77"


def test_what_is_secret_in_the_address_of_a_site_is_not_kept() -> None:
    body = payload_of("honeybadger", "down")
    body["site"]["url"] = "https://sam:swordfish@shop.example.com/cart?token=swordfish"
    assert only(SOURCE, body).annotations["source_url"] == "https://shop.example.com/cart"
    assert "swordfish" not in str(only(SOURCE, body))


def test_a_certificate_says_when_it_expires() -> None:
    body = payload_of("honeybadger", "down", event="cert_will_expire")
    body["site"]["cert_will_expire_at"] = "2026-12-01T00:00:00Z"
    assert only(SOURCE, body).annotations["expires_at"] == "2026-12-01T00:00:00+00:00"
