"""Datadog: bodies that people wrote themselves, the default one, forms, and templates that nobody filled in."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.datadog import SOURCE, verify
from tests.sources.deliveries import delivery, only, payload_of, read


def test_a_triggered_monitor_fires() -> None:
    alert = only(SOURCE, "triggered")
    assert (alert.status, alert.title, alert.starts_at) == (AlertStatus.FIRING, "Cart is slow on host:cart-7", None)
    wanted = {"service": "cart", "environment": "prod", "severity": "p2", "host": "cart-7", "team": "shop", "tags": "monitor"}
    assert alert.labels.items() >= wanted.items()
    assert alert.annotations["description"] == "Carts take two seconds."
    assert alert.annotations["latest_seen"] == "2026-11-20T22:05:02+00:00"
    assert alert.url == "https://app.datadoghq.eu/event/event?id=55"


@pytest.mark.parametrize("name", ["renotify", "warn", "no-data", "recovered", "nested"])
def test_monitor_and_scope_name_the_alert_in_every_transition(name: str) -> None:
    assert only(SOURCE, name).fingerprint == only(SOURCE, "triggered").fingerprint


def test_another_scope_of_the_monitor_is_another_alert() -> None:
    other = payload_of(SOURCE.kind, "triggered", scope="host:cart-8, role:cart")
    assert only(SOURCE, other).fingerprint != only(SOURCE, "triggered").fingerprint


@pytest.mark.parametrize(
    ("word", "status"),
    [(word, AlertStatus.FIRING) for word in ("Triggered", "Re-Triggered", "Renotify", "Warn", "Re-Warn", "No Data", "Re-No Data")]
    + [("Recovered", AlertStatus.RESOLVED), ("recovered", AlertStatus.RESOLVED)],
)
def test_transitions_are_exact_words(word: str, status: AlertStatus) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "triggered", transition=word)).status is status


@pytest.mark.parametrize("word", ["Recovering", "OK", "Resolved", "not triggered"])
def test_an_unknown_transition_is_unreadable_whatever_the_title_says(word: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "recovered", transition=word))
    assert alert.status is AlertStatus.FIRING
    assert alert.unreadable is not None
    assert "alert_transition" in alert.unreadable


def test_a_warning_of_an_urgent_monitor_is_a_warning() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "warn", priority="P1")).labels.items() >= {"severity": "warning", "priority": "p1"}.items()


def test_the_default_body_fires_and_recovers_by_its_title_and_the_monitor_in_its_link() -> None:
    fired, recovered = only(SOURCE, "default-triggered"), only(SOURCE, "default-recovered")
    assert (fired.status, recovered.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == recovered.fingerprint
    assert fired.title == "Cart is slow"


def test_without_a_transition_the_type_of_the_alert_says_it() -> None:
    bare = payload_of(SOURCE.kind, "triggered", transition="$ALERT_TRANSITION", title=...)
    assert only(SOURCE, bare).status is AlertStatus.FIRING
    assert only(SOURCE, bare | {"type": "success"}).status is AlertStatus.RESOLVED
    assert only(SOURCE, bare | {"type": "info"}).unreadable is not None


def test_variables_that_nobody_filled_in_mean_nothing() -> None:
    reading = read(SOURCE, "template")
    assert reading.alerts == ()
    assert "still a variable" in reading.ignored[0]


def test_an_alert_that_nothing_names_waits_in_the_inbox_with_what_to_do() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "template", transition="Triggered"))
    assert alert.unreadable == "alert_id: expected the template to give $ALERT_ID, $ALERT_SCOPE and $ALERT_TITLE."


def test_a_form_says_the_same_as_json() -> None:
    form = only(SOURCE, payload_of(SOURCE.kind, "triggered"), content_type="application/x-www-form-urlencoded")
    assert form == only(SOURCE, "triggered")


def test_the_secret_may_be_in_the_body_and_is_kept_nowhere() -> None:
    carried = payload_of(SOURCE.kind, "triggered", secret="carried-in-the-body")
    assert verify(b"carried-in-the-body", delivery(SOURCE.kind, carried))
    assert not verify(b"another", delivery(SOURCE.kind, carried))
    assert not verify(b"another", delivery(SOURCE.kind, "triggered"))
    assert "carried-in-the-body" not in str(only(SOURCE, carried))


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, ["Triggered"])
