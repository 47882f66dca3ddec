"""UptimeRobot: a query string, a form or JSON, and fields that people rename."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from bot.domain.alert import AlertStatus
from bot.sources.uptimerobot import SOURCE
from tests.sources.deliveries import only, payload_of, read

_FORM = "application/x-www-form-urlencoded"


def test_a_monitor_that_is_down_fires() -> None:
    alert = only(SOURCE, "down")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API is down", "781200455")
    assert alert.annotations["error"] == "Connection Timeout" and alert.labels["host"] == "ledger.example.net"


def test_a_number_says_up_as_well_as_a_text_does() -> None:
    alert = only(SOURCE, "up")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.RESOLVED, "781200455", "Ledger API is up")
    assert only(SOURCE, payload_of(SOURCE.kind, "up", alertType="2")).status is AlertStatus.RESOLVED


def test_said_again_later_it_is_the_same_alert() -> None:
    again = payload_of(SOURCE.kind, "down", alertDateTime="1795212300", alertDuration="300")
    assert (only(SOURCE, again).fingerprint, only(SOURCE, again).starts_at) == ("781200455", None)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_string_says_the_same_as_json(method: str) -> None:
    query = payload_of(SOURCE.kind, "down")
    assert only(SOURCE, None, method=method, query=query, body=b"", content_type=_FORM) == only(SOURCE, "down")


def test_a_form_says_the_same_as_json() -> None:
    body = urlencode(payload_of(SOURCE.kind, "down")).encode()
    assert only(SOURCE, None, body=body, content_type=_FORM) == only(SOURCE, "down")


def test_renamed_fields_are_understood_and_unfilled_variables_left_out() -> None:
    alert = only(SOURCE, "renamed")
    assert (alert.title, alert.labels["host"]) == ("Ledger host is down", "ledger.example.net")
    assert "*" not in str(alert)
    recovered = only(SOURCE, payload_of(SOURCE.kind, "renamed", alert_type="2", alert_type_friendly_name="Up"))
    assert (recovered.fingerprint, recovered.status) == (alert.fingerprint, AlertStatus.RESOLVED)


def test_a_certificate_that_expires_is_not_the_outage_of_its_monitor() -> None:
    alert = only(SOURCE, "certificate")
    assert (alert.status, alert.fingerprint) == (AlertStatus.FIRING, "781200455:certificate")
    assert alert.title == "Ledger API: The certificate expires in 14 days"
    assert alert.annotations["expires_at"] == "2026-12-04T22:00:00+00:00"


def test_a_domain_that_expires_is_neither() -> None:
    domain = payload_of(SOURCE.kind, "certificate", alertTypeFriendlyName="Domain expiry", sslExpiryDate=..., alertDetails=None)
    assert only(SOURCE, domain).fingerprint == "781200455:domain"
    assert only(SOURCE, domain).title == "Ledger API: the domain expires soon"


def test_the_friendly_name_decides_where_a_template_leaves_the_number_out() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "up", alertType=...)).status is AlertStatus.RESOLVED


@pytest.mark.parametrize("kind", ["7", "", None, {"a": 1}])
def test_an_unknown_type_waits_in_the_inbox(kind: object) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "down", alertType=kind, alertTypeFriendlyName="Wobbly"))
    assert "alertType" in (alert.unreadable or "")


def test_a_secret_in_the_query_is_not_kept() -> None:
    odd = read(SOURCE, payload_of(SOURCE.kind, "down", alertType="9", alertTypeFriendlyName=""), query={"token": "swordfish"})
    assert odd.alerts[0].unreadable and "swordfish" not in str(odd)


@pytest.mark.parametrize(("number", "name", "said"), [("99", "Paused", "is paused"), (None, "Started", "is being watched again")])
def test_a_monitor_that_is_paused_or_started_is_no_alert(number: str | None, name: str, said: str) -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "down", alertType=number, alertTypeFriendlyName=name))
    assert reading.alerts == () and f"Ledger API {said}" in reading.ignored[0]


def test_a_password_that_somebody_wrote_into_the_body_is_not_kept() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "down", alertType="7", alertTypeFriendlyName="", key="swordfish", apiKey="swordfish"))
    assert alert.unreadable is not None and "swordfish" not in str(alert)


def test_the_short_names_that_people_give_their_fields_are_understood() -> None:
    body = {"name": "Ledger API", "url": "https://ledger.example.net", "status": "Down", "reason": "Connection Timeout"}
    fired, ended = only(SOURCE, body), only(SOURCE, body | {"status": "Up"})
    assert (fired.title, fired.annotations["error"], fired.labels["host"]) == (
        "Ledger API is down",
        "Connection Timeout",
        "ledger.example.net",
    )
    assert fired.fingerprint == ended.fingerprint and ended.status is AlertStatus.RESOLVED


@pytest.mark.parametrize("field", ["text", "content"])
def test_a_sentence_for_people_is_understood(field: str) -> None:
    fired, ended = only(SOURCE, {field: "Ledger API is Down"}), only(SOURCE, {field: "Ledger API is Up"})
    assert (fired.title, fired.status, ended.status) == ("Ledger API is down", AlertStatus.FIRING, AlertStatus.RESOLVED)
    again = only(SOURCE, {field: "Monitor is DOWN: Ledger API ( https://ledger.example.net ) - Reason: Timeout"})
    assert fired.fingerprint == ended.fingerprint == again.fingerprint


def test_tags_in_a_list_are_labels() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "down", monitorTags=["env:production"])).labels["environment"] == "production"


@pytest.mark.parametrize(
    "body",
    [
        {"text": "Latency of Checkout is up 300% since ten"},
        {"monitorFriendlyName": "Checkout", "text": "Checkout is up to 5 s slow"},
        {"attachments": [{"text": "Checkout is DOWN"}]},
    ],
)
def test_words_that_name_no_state_for_certain_wait_in_the_inbox(body: dict[str, object]) -> None:
    assert "alertType" in (only(SOURCE, body).unreadable or "")


@pytest.mark.parametrize("body", [{"text": "Database is up is down"}, {"message": "Site is up to date is DOWN"}])
def test_the_name_of_a_monitor_may_sound_like_a_state(body: dict[str, str]) -> None:
    assert only(SOURCE, body).status is AlertStatus.FIRING
