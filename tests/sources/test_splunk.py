"""Splunk: saved searches that found something; there is no recovery."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.splunk import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_a_search_that_found_something_fires() -> None:
    alert = only(SOURCE, "found")
    assert (alert.status, alert.title, alert.starts_at) == (AlertStatus.FIRING, "Errors of billing", None)
    wanted = {"host": "billing-2", "sourcetype": "billing", "severity": "error", "search": "Errors of billing"}
    assert alert.labels.items() >= wanted.items()
    assert alert.annotations["description"] == "charge failed: the provider answered 503"
    assert alert.annotations["latest_seen"] == "2026-11-20T22:04:32+00:00"
    assert alert.url is not None
    assert alert.url.startswith("https://splunk.example.com:8000/app/search/")


def test_a_later_run_of_the_search_is_the_same_alert() -> None:
    assert only(SOURCE, "found-again").fingerprint == only(SOURCE, "found").fingerprint


def test_another_host_is_another_alert() -> None:
    result = payload_of(SOURCE.kind, "found")["result"] | {"host": "billing-3"}
    assert only(SOURCE, payload_of(SOURCE.kind, "found", result=result)).fingerprint != only(SOURCE, "found").fingerprint


@pytest.mark.parametrize("missing", ["results_link", "owner", "result"])
def test_every_other_field_may_be_missing(missing: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "found", **{missing: ...}))
    assert (alert.title, alert.unreadable) == ("Errors of billing", None)


@pytest.mark.parametrize(
    ("sid", "name"),
    [
        ("scheduler__ops__search__Errors_at_1795212270_8", "Errors"),
        ("rt_scheduler__ops__search__sign_in_at_1795212270_8.2", "sign_in"),
        ("scheduler__ops__search__RMD5ab12cd34_at_1795212270_8", "RMD5ab12cd34"),
    ],
)
def test_a_search_without_a_name_is_named_as_its_run_is(sid: str, name: str) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "found", search_name=..., sid=sid)).title == name


def test_a_body_that_names_no_search_is_unreadable() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "found", search_name=None, sid="1795212270.8"))
    assert alert.unreadable == "search_name: expected the name of a saved search."


def test_only_known_fields_of_a_result_are_kept() -> None:
    assert "someone@example.com" not in str(only(SOURCE, "found"))


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, 7)


def test_a_run_in_the_short_form_names_its_search_too() -> None:
    assert (
        only(SOURCE, payload_of(SOURCE.kind, "found", search_name=None, sid="scheduler_ops_search_Errors_at_1795212270_8")).title
        == "Errors"
    )


def test_the_raw_event_says_what_no_field_of_the_result_says() -> None:
    raw = '{"message": "No price for the cart", "exception_class": "ValueError", "log_level": "ERROR", "host": "web-9"}'
    alert = only(SOURCE, payload_of(SOURCE.kind, "found", result={"_raw": raw, "host": "web-3", "release": "shop@2.1"}))
    assert alert.labels.items() >= {"severity": "error", "host": "web-3"}.items()
    assert alert.annotations.items() >= {"description": "No price for the cart", "error": "ValueError", "release": "shop@2.1"}.items()


def test_a_detector_fires_and_recovers() -> None:
    alert = only(SOURCE, "detector")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Critical alert: p95 above 2 s (Cart latency)")
    assert alert.labels.items() >= {"severity": "critical", "host": "cart-7", "service": "cart", "environment": "prod"}.items()
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/cart"
    assert alert.url == "https://app.eu0.signalfx.com/#/detector/FbK1"
    ended = only(SOURCE, payload_of(SOURCE.kind, "detector", status="ok", statusExtended=..., incidentId="GQ1", messageTitle="Cleared"))
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)
    assert only(SOURCE, payload_of(SOURCE.kind, "detector", dimensions={"host": "cart-8"})).fingerprint != alert.fingerprint
    assert only(SOURCE, payload_of(SOURCE.kind, "detector", statusExtended="better")).unreadable is not None


def test_a_search_with_a_detector_of_its_own_is_a_search() -> None:
    alert = only(SOURCE, {"search_name": "Errors of billing", "detector": "eu", "result": {}})
    assert (alert.status, alert.title, alert.unreadable) == (AlertStatus.FIRING, "Errors of billing", None)


@pytest.mark.parametrize(
    ("said", "route"),
    [
        ("https://ana:s3cret@shop.example.com/pay?token=s3cret", "/pay"),
        ("https://shop.example.com?token=s3cret", None),
        ("/pay?token=s3cret", "/pay"),
        ("PaymentsController#create", "PaymentsController#create"),
    ],
)
def test_a_route_is_kept_without_its_address_and_secrets(said: str, route: str | None) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "found", result={"endpoint": said})).annotations.get("route") == route
