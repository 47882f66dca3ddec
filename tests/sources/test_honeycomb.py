"""Honeycomb: triggers, named by their id, with their token in a header of its own."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.domain.routing import Carrier
from bot.errors import Malformed
from bot.sources.honeycomb import SOURCE, delivery_id, verify
from tests.sources.deliveries import delivery, only, payload_of, read


def test_a_trigger_fires_with_the_groups_that_made_it() -> None:
    alert = only(SOURCE, "triggered")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "trigger:tG9yZb41qLs", "Slow searches")
    assert alert.labels.items() >= {"service": "search", "region": "eu"}.items()
    assert alert.annotations["groups"] == "service.name search, region eu: 712"
    assert alert.url == "https://ui.honeycomb.io/shop/datasets/web/triggers/tG9yZb41qLs"


def test_ok_ends_the_alert_of_the_trigger() -> None:
    recovered = only(SOURCE, "ok")
    assert (recovered.status, recovered.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "triggered").fingerprint)


@pytest.mark.parametrize("status", ["RESOLVED", "OKAY", "", None])
def test_an_unknown_status_is_unreadable(status: str | None) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "ok", status=status))
    assert (alert.status, alert.unreadable is None) == (AlertStatus.FIRING, False)


def test_a_test_notification_is_no_alert() -> None:
    assert read(SOURCE, "test").ignored == ("Honeycomb's test notification arrived; it is no alert.",)
    assert read(SOURCE, "test").alerts == ()


def test_the_token_is_in_honeycombs_header_or_in_the_body_of_older_webhooks() -> None:
    assert (SOURCE.carried_by[0], SOURCE.header) == (Carrier.HEADER, "X-Honeycomb-Webhook-Token")
    assert verify(b"kept-nowhere", delivery(SOURCE.kind, "triggered"))
    assert not verify(b"another", delivery(SOURCE.kind, "triggered"))
    assert not verify(b"kept-nowhere", delivery(SOURCE.kind, payload_of(SOURCE.kind, "triggered", shared_secret=...)))


def test_the_shared_secret_is_kept_nowhere() -> None:
    assert "kept-nowhere" not in str(only(SOURCE, "triggered"))


def test_a_delivery_that_is_repeated_has_one_name() -> None:
    named = delivery(SOURCE.kind, "triggered", headers={"x-honeycomb-webhook-delivery-id": "d-17"})
    assert delivery_id(named) == "d-17"
    assert delivery_id(delivery(SOURCE.kind, "triggered")) is None


def test_a_trigger_that_nothing_names_is_unreadable() -> None:
    assert only(SOURCE, {"status": "TRIGGERED"}).unreadable == "id: expected the id of the trigger, or its name."


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, None)


def test_a_burn_alert_names_its_objective_and_links_to_it() -> None:
    burn = {
        "id": "b7",
        "name": "Carts within a second",
        "status": "TRIGGERED",
        "slo": {"id": "s1", "name": "Cart latency"},
        "slo_url": "https://ui.honeycomb.io/shop/slo/s1",
    }
    alert = only(SOURCE, burn)
    assert (alert.fingerprint, alert.labels["slo"], alert.url) == ("trigger:b7", "Cart latency", "https://ui.honeycomb.io/shop/slo/s1")


def test_the_test_button_of_an_older_honeycomb_is_no_alert() -> None:
    reading = read(SOURCE, {"version": "v0.1.0", "name": "TEST TRIGGER", "id": "abcd", "status": "TRIGGERED"})
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


@pytest.mark.parametrize(("word", "status"), [("firing", AlertStatus.FIRING), ("resolved", AlertStatus.RESOLVED)])
def test_a_template_for_another_receiver_is_understood(word: str, status: AlertStatus) -> None:
    page = "https://ui.honeycomb.io/shop/triggers/t1"
    body = {
        "deduplication_key": f"i-{word}",
        "title": "[prod] Carts are slow",
        "source_url": page,
        "metadata": {"result_url": f"{page}/result"},
    }
    alert = only(SOURCE, body | {"status": word})
    assert (alert.status, alert.title, alert.url) == (status, "[prod] Carts are slow", page)
    assert alert.annotations["dashboard_url"] == f"{page}/result"
    assert alert.fingerprint == only(SOURCE, body | {"status": "firing", "deduplication_key": "another"}).fingerprint


def test_a_trigger_that_is_called_like_a_sample_and_has_a_page_is_an_alert() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "triggered") | {"name": "Test trigger"})
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Test trigger")
