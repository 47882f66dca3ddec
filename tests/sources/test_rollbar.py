"""Rollbar's items."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.rollbar import SOURCE
from tests.sources.deliveries import only, payload_of, read


@pytest.mark.parametrize("name", ["new-item", "exp-repeat-item", "item-velocity", "occurrence"])
def test_whatever_makes_rollbar_speak_of_an_item_fires_under_the_id_of_the_item(name: str) -> None:
    alert = only(SOURCE, name)
    assert (alert.status, alert.fingerprint, alert.starts_at) == (AlertStatus.FIRING, "item:880123", None)


@pytest.mark.parametrize("event", ["reactivated_item", "reopened_item"])
def test_an_item_that_comes_back_fires_again(event: str) -> None:
    assert only(SOURCE, payload_of("rollbar", "resolved-item", event_name=event)).status is AlertStatus.FIRING


def test_resolving_the_item_ends_it() -> None:
    alert = only(SOURCE, "resolved-item")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, "item:880123")


def test_an_item_brings_the_facts_of_its_triage_and_nothing_of_the_request() -> None:
    alert = only(SOURCE, "new-item")
    assert alert.title == "PaymentDeclined: card issuer does not answer"
    assert alert.labels == {
        "severity": "error",
        "environment": "production",
        "project": "5150",
        "language": "python 3.12",
        "host": "web-3",
    }
    assert alert.annotations == {
        "error": "PaymentDeclined: card issuer does not answer",
        "route": "checkout#pay",
        "release": "4.12.0",
        "users": "17",
        "events": "42",
        "first_seen": "2026-11-20T21:58:03+00:00",
        "latest_seen": "2026-11-20T22:04:41+00:00",
    }


def test_a_level_may_be_a_number_or_a_word_and_the_rate_is_said() -> None:
    alert = only(SOURCE, "item-velocity")
    assert (alert.labels["severity"], alert.annotations["description"]) == ("critical", "50 occurrences within 5 minutes.")


@pytest.mark.parametrize("name", ["deploy", "test"])
def test_deploys_and_the_test_button_are_ignored_by_name(name: str) -> None:
    reading = read(SOURCE, name)
    assert (reading.alerts, reading.ignored) == ((), (f"Rollbar's event {name} is no alert.",))


def test_an_event_that_nobody_documented_waits_as_unreadable_when_it_names_an_item() -> None:
    alert = only(SOURCE, payload_of("rollbar", "new-item", event_name="muted_item"))
    assert (alert.status, "muted_item" in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


def test_an_item_without_its_id_waits_as_unreadable() -> None:
    body = payload_of("rollbar", "new-item")
    body["data"]["item"]["id"] = None
    assert "data.item.id" in (only(SOURCE, body).unreadable or "")


@pytest.mark.parametrize("body", [[], {}, {"title": "x"}])
def test_a_body_that_rollbar_never_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)
