"""What ElastAlert's rules match."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.elastalert import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_a_match_fires_with_its_rule_and_the_facts_of_its_triage() -> None:
    alert = only(SOURCE, "match")
    assert (alert.status, alert.title, alert.starts_at) == (AlertStatus.FIRING, "Payments log errors", None)
    assert alert.labels == {
        "severity": "critical",
        "service": "payments",
        "environment": "production",
        "host": "web-3",
        "rule": "Payments log errors",
        "index": "logs-payments-2026.11.20",
    }
    assert alert.annotations["error"] == "PaymentDeclined: card issuer does not answer"
    assert alert.annotations["route"] == "/checkout/pay"
    assert alert.annotations["latest_seen"] == "2026-11-20T22:04:41.007000+00:00"
    assert alert.url == "https://kibana.example.com/app/discover#/?x=1"
    assert [secret for secret in ("sekret", "coupon") if secret in repr(alert)] == []


def test_every_match_of_a_rule_is_the_same_problem() -> None:
    again = payload_of("elastalert", "match", message="PaymentDeclined, order 55103", _id="Zk9", _index="logs-payments-2026.11.21")
    assert only(SOURCE, again).fingerprint == only(SOURCE, "match").fingerprint


def test_another_rule_or_service_is_another_problem() -> None:
    bodies = ("match", payload_of("elastalert", "match", rule_name="Slow"), payload_of("elastalert", "match", service={"name": "orders"}))
    assert len({only(SOURCE, body).fingerprint for body in bodies}) == 3


def test_without_a_rule_messages_that_differ_only_in_numbers_are_the_same_problem() -> None:
    again = payload_of("elastalert", "match-without-a-rule", message="no answer from 10.0.9.1 after 7000 ms, order 8")
    other = payload_of("elastalert", "match-without-a-rule", message="no memory left on web-3")
    assert only(SOURCE, again).fingerprint == only(SOURCE, "match-without-a-rule").fingerprint != only(SOURCE, other).fingerprint


def test_what_the_document_calls_its_status_says_nothing_about_the_alert() -> None:
    assert only(SOURCE, payload_of("elastalert", "match", status="resolved")).status is AlertStatus.FIRING


def test_dotted_fields_are_read_like_nested_ones() -> None:
    alert = only(SOURCE, {"rule.name": "Slow", "service.name": "orders", "log.level": "ERROR", "message": "slow"})
    assert alert.labels == {"rule": "Slow", "service": "orders", "severity": "error"}


@pytest.mark.parametrize("body", [[], {}, {"_index": "logs"}, {"message": {"a": 1}}])
def test_a_match_that_names_no_rule_and_says_nothing_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_a_payload_may_name_an_alert_of_its_own_and_end_it() -> None:
    fired, ended = only(SOURCE, "own-alert"), only(SOURCE, payload_of("elastalert", "own-alert", event_type="resolve"))
    assert (fired.title, fired.annotations["description"]) == ("The ledger falls behind", "4100 entries wait for the ledger")
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == ended.fingerprint == "alert:ledger-backlog"
    (note,) = read(SOURCE, payload_of("elastalert", "own-alert", event_type="acknowledge")).notes
    assert (note.fingerprint, note.text) == (fired.fingerprint, "Acknowledged in ElastAlert")


@pytest.mark.parametrize(("state", "status"), [("alerting", AlertStatus.FIRING), ("ok", AlertStatus.RESOLVED), (None, AlertStatus.FIRING)])
def test_a_payload_with_an_alert_uid_says_its_state(state: str | None, status: AlertStatus) -> None:
    alert = only(SOURCE, {"alert_uid": "lg-7", "title": "The ledger falls behind", "state": state})
    assert (alert.status, alert.fingerprint) == (status, "alert:lg-7")


def test_an_unknown_state_of_its_own_waits_as_unreadable() -> None:
    alert = only(SOURCE, {"alert_uid": "lg-7", "title": "The ledger falls behind", "state": "paused", "apikey": "sekret-key"})
    assert "state" in (alert.unreadable or "") and "sekret" not in str(alert)


def test_a_document_with_an_event_type_of_its_own_is_still_a_match() -> None:
    match = payload_of("elastalert", "match", event_type="resolve", id="doc-1")
    assert only(SOURCE, match) == only(SOURCE, "match")
    assert only(SOURCE, payload_of("elastalert", "match", alert_uid="lg-7", state="ok")).status is AlertStatus.FIRING


def test_a_match_without_words_is_named_by_what_was_counted() -> None:
    alert = only(SOURCE, "flatline")
    assert alert.title == "Match in logs-ledger-2026.11.20: count 0, threshold 12"
    tomorrow = payload_of("elastalert", "flatline", _index="logs-ledger-2026.11.21", count=3)
    other = payload_of("elastalert", "flatline", key="ledger-3")
    assert only(SOURCE, tomorrow).fingerprint == alert.fingerprint != only(SOURCE, other).fingerprint


def test_what_a_rule_describes_without_a_message_is_kept() -> None:
    alert = only(SOURCE, {"description": "Logins fail from 10.3.0.7", "username": "kim"})
    assert (alert.title, "kim" in str(alert)) == ("Logins fail from 10.3.0.7", False)


def test_the_list_of_the_alertmanager_alerter_is_read_like_one_of_prometheus() -> None:
    alert = only(SOURCE, "alertmanager-alerter")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Payments log errors")
    assert (alert.labels["severity"], alert.labels["service"]) == ("critical", "payments")


def test_an_address_that_somebody_visited_is_a_route_and_no_link() -> None:
    match = payload_of("elastalert", "match", url="https://shop.example.com/checkout?token=sekret-token", kibana_discover_url=...)
    alert = only(SOURCE, match)
    assert (alert.url, alert.annotations["route"], "sekret" in str(alert)) == (None, "/checkout", False)
    assert only(SOURCE, {"rule": "Slow", "url": "https://kibana.example.com/app?x=1"}).url == "https://kibana.example.com/app?x=1"


@pytest.mark.parametrize("mark", [{"num_hits": 3}, {"num_matches": 1}, {"_index": "logs"}, {"_id": "Zk9"}])
@pytest.mark.parametrize("said", [{"event_type": "resolve", "id": "order-9"}, {"event_type": "acknowledge", "id": "order-9"}])
def test_what_a_document_says_of_other_things_ends_no_alert(mark: dict[str, object], said: dict[str, str]) -> None:
    alert = only(SOURCE, {"rule_name": "Orders"} | said | mark)
    assert (alert.status, alert.fingerprint) == (AlertStatus.FIRING, only(SOURCE, {"rule_name": "Orders"}).fingerprint)
    assert only(SOURCE, {"rule_name": "Orders", "alert_uid": "o", "state": "ok"} | mark).status is AlertStatus.FIRING
