"""Sentry's issues, alerts, errors and metric alerts, and what its webhook plug-in posts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.alert import Alert, AlertStatus, Note
from bot.errors import Malformed
from bot.sources.sentry import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read

ISSUE = "issue:7301"
FIRING = ("issue-created", "issue-unresolved", "event-alert", "error-created", "plug-in", "plug-in-of-long-ago")


@pytest.mark.parametrize("name", FIRING)
def test_everything_that_is_said_about_an_issue_fires_under_the_id_of_the_issue(name: str) -> None:
    alert = only(SOURCE, name)
    assert (alert.status, alert.fingerprint, alert.starts_at) == (AlertStatus.FIRING, ISSUE, None)


def test_an_issue_that_is_resolved_ends_what_an_issue_alert_fired() -> None:
    fired, resolved = only(SOURCE, "event-alert"), only(SOURCE, "issue-resolved")
    assert (resolved.status, resolved.fingerprint) == (AlertStatus.RESOLVED, fired.fingerprint)


def test_an_issue_brings_the_facts_of_its_triage() -> None:
    alert = only(SOURCE, "issue-created")
    assert alert.title == "PaymentDeclined: card issuer does not answer"
    assert alert.url == "https://acme.sentry.io/issues/7301/"
    assert alert.labels == {
        "severity": "error",
        "service": "checkout",
        "platform": "python",
        "priority": "high",
        "issue": "CHECKOUT-4K",
    }
    assert alert.annotations == {
        "error": "PaymentDeclined: card issuer does not answer",
        "route": "POST /checkout/pay",
        "release": "checkout@4.12.0",
        "users": "17",
        "events": "42",
        "first_seen": "2026-11-20T21:58:03.120000+00:00",
        "latest_seen": "2026-11-20T22:04:41.007000+00:00",
    }


@pytest.mark.parametrize("name", ["event-alert", "error-created", "plug-in"])
def test_an_event_brings_its_last_exception_release_route_and_environment(name: str) -> None:
    alert = only(SOURCE, name)
    said = {name: alert.annotations.get(name) for name in ("error", "release", "route", "latest_seen")}
    assert said == {
        "error": "PaymentDeclined: card issuer does not answer",
        "release": "checkout@4.12.0",
        "route": "POST /checkout/pay",
        "latest_seen": "2026-11-20T22:04:41.007000+00:00",
    }
    assert {"severity": "error", "service": "checkout", "environment": "production", "region": "eu-west-1"}.items() <= alert.labels.items()


@pytest.mark.parametrize("name", ["event-alert", "error-created", "plug-in", "plug-in-of-long-ago"])
def test_what_an_event_knows_of_the_person_and_the_request_is_not_kept(name: str) -> None:
    kept = repr(only(SOURCE, name))
    assert [secret for secret in ("sekret", "ada@example.com", "5501", "4111", "coupon") if secret in kept] == []


def test_where_there_is_no_transaction_the_path_of_the_request_is_the_route() -> None:
    event = payload_of("sentry", "event-alert")
    event["data"]["event"] |= {"transaction": None, "culprit": ""}
    assert only(SOURCE, event).annotations["route"] == "/checkout/pay"


def test_a_metric_alert_fires_recovers_and_keeps_its_rule_and_its_start() -> None:
    critical, warning, resolved = (only(SOURCE, f"metric-{name}") for name in ("critical", "warning", "resolved"))
    start = datetime(2026, 11, 20, 22, 2, tzinfo=UTC)
    assert {(alert.fingerprint, alert.starts_at) for alert in (critical, warning, resolved)} == {("rule:118", start)}
    assert [critical.labels["severity"], warning.labels["severity"]] == ["critical", "warning"]
    assert (resolved.status, resolved.ends_at) == (AlertStatus.RESOLVED, datetime(2026, 11, 20, 22, 21, tzinfo=UTC))
    assert {"service": "checkout", "environment": "production"}.items() <= critical.labels.items()


def test_assigning_and_archiving_an_issue_are_notes() -> None:
    assert read(SOURCE, "issue-assigned").notes == (Note(ISSUE, "Assigned in Sentry to Tom Reed by Mira Sand."),)
    assert read(SOURCE, "issue-archived").notes == (Note(ISSUE, "Archived in Sentry by Mira Sand."),)


@pytest.mark.parametrize(("name", "resource"), [("installation-created", "installation"), ("comment-created", "comment")])
@pytest.mark.parametrize("with_header", [True, False])
def test_installations_and_comments_are_ignored_by_name(name: str, resource: str, with_header: bool) -> None:
    reading = read(SOURCE, name, headers={"sentry-hook-resource": resource} if with_header else {})
    assert (reading.alerts, reading.ignored) == ((), (f"Sentry's resource {resource} (created) is no alert.",))


def test_an_activity_alert_goes_by_the_status_of_the_issue() -> None:
    body = payload_of("sentry", "issue-resolved", action="triggered")
    assert _activity(body).status is AlertStatus.RESOLVED
    body["data"]["issue"]["status"] = "unresolved"
    assert _activity(body).status is AlertStatus.FIRING


def _activity(body: object) -> Alert:
    return only(SOURCE, body, headers={"sentry-hook-resource": "activity_alert"})


def test_an_action_that_nobody_documented_waits_as_unreadable() -> None:
    alert = only(SOURCE, payload_of("sentry", "issue-created", action="resolved_maybe"))
    assert alert.status is AlertStatus.FIRING
    assert "resolved_maybe" in (alert.unreadable or "")


def test_an_event_without_an_issue_goes_by_what_sentry_groups_it_by() -> None:
    event = payload_of("sentry", "event-alert")
    for name in ("issue_id", "issue_url", "web_url"):
        del event["data"]["event"][name]
    again = payload_of("sentry", "event-alert")
    again["data"]["event"] = event["data"]["event"] | {"event_id": "another", "timestamp": 1795213599}
    assert only(SOURCE, event).fingerprint == only(SOURCE, again).fingerprint != ISSUE


@pytest.mark.parametrize("body", [[], 7, {}, {"data": {}}, {"action": "created"}, {"data": {"thing": 1}}])
def test_a_body_that_sentry_never_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_the_signature_is_hex_over_the_raw_body_and_a_delivery_counts_once() -> None:
    assert SOURCE.verify and SOURCE.sign and SOURCE.delivery_id
    posted = delivery("sentry", "issue-created")
    signed = {name.lower(): value for name, value in SOURCE.sign(b"shared", posted.body).items()} | {"request-id": "r-1"}
    posted = delivery("sentry", "issue-created", headers=signed)
    assert SOURCE.verify(b"shared", posted)
    assert not SOURCE.verify(b"other", posted)
    assert not SOURCE.verify(b"shared", delivery("sentry", "issue-resolved", headers=signed))
    assert SOURCE.delivery_id(posted) == "r-1"
    assert set(signed) <= set(SOURCE.keeps)


@pytest.mark.parametrize(
    "around", [lambda event: {"event": event, "id": "7"}, lambda event: {"action": "triggered", "data": {"event": event}}]
)
def test_the_sample_event_of_the_test_buttons_is_no_alert(around: Any) -> None:
    event = {"title": "An example", "issue_id": "7", "tags": [["level", "error"], ["sample_event", "yes"]]}
    reading = read(SOURCE, around(event))
    assert (reading.alerts, reading.ignored) == ((), ("Sentry's sample event arrived, as its test buttons send it; it is no alert.",))
    assert read(SOURCE, around(event | {"tags": [["level", "error"]]})).alerts != ()


def test_a_triggered_alert_that_sends_the_issue_alone_fires_for_it() -> None:
    alert = only(SOURCE, {"action": "triggered", "data": {"issue": {"id": "7301", "title": "No price"}}})
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "issue:7301", "No price")
