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
