"""updown.io: an array of events."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.updown import SOURCE
from tests.sources.deliveries import delivery, only, read


def _event(name: str, **changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = delivery(SOURCE.kind, name).payload[0]
    return event | changes


def test_a_check_that_is_down_fires_since_its_downtime_began() -> None:
    alert = only(SOURCE, "down")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API is down", "p4xz")
    assert alert.starts_at is not None and alert.starts_at.isoformat() == "2026-11-20T22:00:00+00:00"
    assert alert.url == "https://updown.io/downtimes/673e5d1f9903903b4c0912aa" and alert.annotations["error"] == "Timeout"


def test_its_recovery_names_the_same_occurrence() -> None:
    down, up = only(SOURCE, "down"), only(SOURCE, "up")
    assert (up.status, up.fingerprint, up.starts_at) == (AlertStatus.RESOLVED, down.fingerprint, down.starts_at)
    assert up.ends_at is not None and up.ends_at.isoformat() == "2026-11-20T22:07:00+00:00"


def test_a_reminder_is_the_same_occurrence() -> None:
    again = only(SOURCE, [_event("down", event="check.still_down", time="2026-11-20T23:00:00Z")])
    assert (again.status, again.fingerprint, again.starts_at) == (AlertStatus.FIRING, "p4xz", only(SOURCE, "down").starts_at)


def test_a_new_check_that_is_up_for_the_first_time_is_no_alert() -> None:
    reading = read(SOURCE, "first-up")
    assert reading.alerts == () and reading.ignored == ("Ledger API is up for the first time.",)


def test_several_events_are_several_alerts_and_an_unknown_one_costs_none_of_them() -> None:
    certificate, unknown, down = read(SOURCE, "several").alerts
    assert (certificate.fingerprint, certificate.title[:15]) == ("p4xz:expiration", "The certificate")
    assert "body[1].event" in (unknown.unreadable or "")
    assert (down.fingerprint, down.title, down.labels["host"]) == ("t7mm", "https://shop.example.net is down", "shop.example.net")


@pytest.mark.parametrize(("fires", "recovers"), [("check.ssl_invalid", "check.ssl_valid"), ("check.ssl_expiration", "check.ssl_renewed")])
def test_a_certificate_recovers_by_itself_and_not_with_its_check(fires: str, recovers: str) -> None:
    bad, good = only(SOURCE, [_event("down", event=fires)]), only(SOURCE, [_event("down", event=recovers)])
    assert (bad.status, good.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert bad.fingerprint == good.fingerprint != only(SOURCE, "down").fingerprint


def test_a_performance_drop_is_an_alert_of_its_own() -> None:
    alert = only(SOURCE, [_event("down", event="check.performance_drop", description="Apdex dropped 40%")])
    assert (alert.fingerprint, alert.title, alert.starts_at) == ("p4xz:performance", "Apdex dropped 40%", None)


def test_headers_of_the_check_are_not_kept() -> None:
    assert "swordfish" not in str(only(SOURCE, "down"))
    odd = only(SOURCE, [_event("down", event="check.moved")])
    assert odd.unreadable is not None and "swordfish" not in str(odd)


def test_a_single_event_outside_an_array_is_understood() -> None:
    assert only(SOURCE, _event("down")) == only(SOURCE, "down")


@pytest.mark.parametrize("payload", [[], [1, None], None, 7])
def test_a_body_without_events_is_kept_for_another_try(payload: Any) -> None:
    with pytest.raises(Malformed, match="array of events"):
        read(SOURCE, payload)


def test_a_check_without_token_and_address_waits_in_the_inbox() -> None:
    assert "token" in (only(SOURCE, [{"event": "check.down", "check": None}]).unreadable or "")


def test_a_token_that_was_taken_for_a_secret_leaves_the_checks_apart() -> None:
    hidden = _event("down", check={"token": "[secret]", "url": "https://ledger.example.net"})
    other = _event("down", check={"token": "[secret]", "url": "https://shop.example.net"})
    assert only(SOURCE, [hidden]).fingerprint != only(SOURCE, [other]).fingerprint
    assert only(SOURCE, [hidden | {"event": "check.up"}]).fingerprint == only(SOURCE, [hidden]).fingerprint
    assert "secret" not in str(only(SOURCE, [hidden]))


def test_a_certificate_says_when_it_expires() -> None:
    certificate = {"cert": {"subject": "ledger.example.net", "to": "2026-12-07T21:00:18Z"}, "days_before_expiration": 7}
    alert = only(SOURCE, [_event("down", event="check.ssl_expiration", ssl=certificate)])
    assert alert.annotations["expires_at"] == "2026-12-07T21:00:18+00:00"


def test_a_certificate_tells_its_check_where_the_event_does_not() -> None:
    renewed = {"new_cert": {"subject": "ledger.example.net"}, "old_cert": {"subject": "ledger.example.net"}}
    bad = only(SOURCE, [{"event": "check.ssl_expiration", "check": {}, "ssl": {"cert": {"subject": "ledger.example.net"}}}])
    good = only(SOURCE, [{"event": "check.ssl_renewed", "check": {}, "ssl": renewed}])
    assert bad.labels["monitor"] == "ledger.example.net" and bad.fingerprint == good.fingerprint
