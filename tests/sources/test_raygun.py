"""Raygun's error groups."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.raygun import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_a_group_fires_whether_it_is_new_comes_back_or_goes_on() -> None:
    alerts = [only(SOURCE, name) for name in ("new-error", "reoccurred", "hourly-follow-up", "status-active")]
    assert {alert.status for alert in alerts} == {AlertStatus.FIRING}
    assert len({alert.fingerprint for alert in alerts}) == 1


def test_marking_the_group_resolved_ends_it() -> None:
    alert = only(SOURCE, "status-resolved")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "new-error").fingerprint)


def test_another_group_and_another_application_are_other_problems() -> None:
    body = payload_of("raygun", "new-error")
    other = body | {"error": body["error"] | {"url": "https://app.raygun.com/crashreporting/ab12cd/errors/60991"}}
    elsewhere = body | {"application": {"name": "Payouts"}}
    assert len({only(SOURCE, one).fingerprint for one in (body, other, elsewhere)}) == 3


def test_a_group_brings_the_facts_of_its_triage_and_nobody_whom_it_hit() -> None:
    alert = only(SOURCE, "new-error")
    assert alert.labels == {
        "env": "production",
        "region": "eu",
        "service": "Checkout",
        "environment": "production",
        "tags": "payments",
    }
    assert alert.annotations == {
        "error": "PaymentDeclined: card issuer does not answer",
        "users": "17",
        "events": "42",
        "first_seen": "2026-11-20T21:58:03+00:00",
        "latest_seen": "2026-11-20T22:04:41+00:00",
    }
    assert [secret for secret in ("sekret", "ada@example.com") if secret in repr(alert)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [("assigned", "Assigned in Raygun to Tom Reed by Mira Sand."), ("status-ignored", "Ignored in Raygun by Mira Sand.")],
)
def test_what_people_do_with_a_group_is_a_note(name: str, text: str) -> None:
    (note,) = read(SOURCE, name).notes
    assert (note.fingerprint, note.text) == (only(SOURCE, "new-error").fingerprint, text)


def test_a_status_that_nobody_documented_waits_as_unreadable() -> None:
    body = payload_of("raygun", "status-resolved")
    body["error"]["status"] = "Unresolved-ish"
    alert = only(SOURCE, body)
    assert (alert.status, "Unresolved-ish" in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


def test_an_event_about_no_error_is_ignored_by_name() -> None:
    assert read(SOURCE, {"event": "test", "eventType": "Ping"}).ignored == ("Raygun's event ping is about no error.",)


@pytest.mark.parametrize("body", [[], {}, {"eventType": "NewErrorOccurred", "error": None}])
def test_a_body_without_an_error_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)
