"""What becomes of the parts of a body when some of them are odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.errors import Malformed
from bot.sources.readings import each, guarded, joined, single, unreadable


def alert_of(entry: Mapping[str, Any], place: str = "body") -> Alert:
    if "id" not in entry:
        raise Malformed(f"{place}.id: expected an id.")
    return Alert("shop", str(entry["id"]), AlertStatus.FIRING, "Orders wait", None)


def test_an_odd_entry_costs_none_of_the_others() -> None:
    alerts = list(each("shop", [{"id": 1}, {"no": "id"}, 7, {"id": 2}], "alerts", alert_of))
    assert [alert.fingerprint for alert in alerts if alert.unreadable is None] == ["1", "2"]
    assert [alert.unreadable for alert in alerts if alert.unreadable] == ["alerts[1].id: expected an id.", "alerts[2]: expected an object."]


def test_a_body_that_is_one_alert_waits_in_the_inbox_when_it_is_odd() -> None:
    odd = {"no": "id"}
    (alert,) = single("shop", odd, lambda: alert_of(odd)).alerts
    assert (alert.unreadable, alert.annotations["place"], alert.annotations["raw"]) == ("body.id: expected an id.", "body", '{"no": "id"}')


def test_the_same_odd_body_is_the_same_alert_and_another_one_is_not() -> None:
    odd, other = {"no": "id"}, {"no": "name"}
    one, again, another = (single("shop", body, lambda: alert_of({})).alerts[0].fingerprint for body in (odd, dict(odd), other))
    assert one == again != another


def test_parts_say_together_what_each_of_them_says() -> None:
    first = Reading(alerts=(alert_of({"id": 1}),), notes=(Note("1", "Acknowledged"),))
    second = guarded("shop", "messages[1]", 7, lambda: Reading(ignored=("A ping.",), confirm="https://example.com/confirm"))
    both = joined([first, second])
    assert both == Reading(first.alerts, first.notes, ("A ping.",), "https://example.com/confirm")


def test_what_cannot_be_read_is_kept_without_what_is_called_a_secret() -> None:
    raw = {
        "title": 7,
        "token": "s3cret",
        "inner": {"api_key": "s3cret", "url": "https://muster.example.com/alerts/orders/s3cret", "kept": "yes"},
    }
    alert = unreadable("orders", "body", "odd", raw)
    assert "s3cret" not in str(alert)
    assert "yes" in alert.annotations["raw"]


def test_secrets_in_lists_and_deep_inside_are_not_kept_and_what_is_too_deep_is_not_shown() -> None:
    deep: Any = {"note": "s3cret"}
    for _ in range(20):
        deep = {"inner": [deep]}
    raw = {
        "lists": [{"token": "s3cret"}, [{"pwd": "s3cret"}], "https://muster.example.com/alerts/orders/s3cret"],
        "o": {"p": {"q": {"r": {"access_key": "s3cret", "private-key": "s3cret", "kept": "yes"}}}},
        "headers": [{"name": "Authorization", "value": "s3cret"}, {"name": "Accept", "value": "text/plain"}],
        "deep": deep,
    }
    alert = unreadable("orders", "body", "odd", raw)
    assert "s3cret" not in str(alert)
    assert "yes" in alert.annotations["raw"] and "text/plain" in alert.annotations["raw"]
