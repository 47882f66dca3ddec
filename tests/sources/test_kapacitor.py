"""Kapacitor's alerts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.kapacitor import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_every_level_but_ok_fires_under_the_id_and_is_its_severity() -> None:
    levels = ("INFO", "WARNING", "CRITICAL")
    alerts = [only(SOURCE, payload_of("kapacitor", "critical", level=level)) for level in levels]
    assert [(alert.status, alert.labels["severity"]) for alert in alerts] == [(AlertStatus.FIRING, level.lower()) for level in levels]
    assert {alert.fingerprint for alert in alerts} == {"cpu:host=db-1"}


def test_ok_ends_it() -> None:
    alert = only(SOURCE, "ok")
    assert (alert.status, alert.fingerprint, alert.starts_at) == (AlertStatus.RESOLVED, "cpu:host=db-1", None)
    assert alert.ends_at == datetime(2026, 11, 20, 22, 4, 41, 7123, tzinfo=UTC)
    assert "severity" not in alert.labels


def test_the_tags_of_the_series_are_labels() -> None:
    alert = only(SOURCE, "critical")
    assert alert.title == "cpu of db-1 is CRITICAL: 97.2 %"
    assert alert.labels == {
        "host": "db-1",
        "service": "orders",
        "env": "production",
        "severity": "critical",
        "measurement": "cpu",
        "environment": "production",
    }
    assert alert.annotations["description"] == "Look at the slow queries first."


def test_only_tags_that_all_series_share_are_labels() -> None:
    body = payload_of("kapacitor", "warning")
    body["data"]["series"].append({"name": "cpu", "tags": {"host": "db-2", "service": "orders"}})
    alert = only(SOURCE, body)
    assert ("host" in alert.labels, alert.labels["service"]) == (False, "orders")


def test_an_alert_without_a_level_fires_and_an_unknown_level_waits_as_unreadable() -> None:
    assert only(SOURCE, payload_of("kapacitor", "critical", level=...)).unreadable is None
    alert = only(SOURCE, payload_of("kapacitor", "critical", level="OKAY"))
    assert (alert.status, "OKAY".lower() in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


def test_data_that_is_no_object_costs_only_the_tags() -> None:
    alert = only(SOURCE, payload_of("kapacitor", "critical", data="{foo: bar}"))
    assert (alert.unreadable, alert.labels) == (None, {"severity": "critical"})


@pytest.mark.parametrize("body", [[], {}, {"series": [{"name": "cpu"}]}])
def test_a_body_that_is_no_alert_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


@pytest.mark.parametrize("level", ["WARN", "CRIT"])
def test_the_words_of_a_tickscript_are_levels_too(level: str) -> None:
    alert = only(SOURCE, payload_of("kapacitor", "critical", level=level))
    assert (alert.status, alert.unreadable, alert.labels["severity"]) == (AlertStatus.FIRING, None, level.lower())


def test_the_trouble_began_as_long_ago_as_it_lasts() -> None:
    body = payload_of("kapacitor", "critical", time="2026-11-20T22:05:00Z", duration=300_000_000_000)
    assert only(SOURCE, body).annotations["first_seen"] == "2026-11-20T22:00:00+00:00"


@pytest.mark.parametrize("duration", [None, -1, 10**30, "5m", True])
def test_an_odd_duration_says_nothing_of_the_beginning(duration: object) -> None:
    assert "first_seen" not in only(SOURCE, payload_of("kapacitor", "critical", duration=duration)).annotations


def test_details_are_read_without_their_html_marks() -> None:
    body = payload_of("kapacitor", "critical", details="cpu of &#34;db-1&#34; &gt; 90")
    assert only(SOURCE, body).annotations["description"] == 'cpu of "db-1" > 90'
