"""Prometheus that takes us for its Alertmanager: whether an alert fires is in its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources import alertmanager
from bot.sources.prometheus import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read


def listed(name: str, **changes: Any) -> list[dict[str, Any]]:
    """The list of a file, its one alert changed."""
    (entry,) = delivery(SOURCE.kind, name).payload
    return [entry | changes]


def test_an_alert_fires_while_its_end_is_ahead() -> None:
    alert = only(SOURCE, "firing")
    assert (alert.status, alert.ends_at) == (AlertStatus.FIRING, None)
    assert alert.title == "The disk of db-1 is full in four hours"
    assert alert.starts_at == datetime(2026, 11, 20, 21, 58, 30, 250000, tzinfo=UTC)
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/disk"


def test_repeats_and_the_recovery_name_the_same_occurrence() -> None:
    alerts = [only(SOURCE, name) for name in ("firing", "repeated", "resolved")]
    assert len({(alert.fingerprint, alert.starts_at) for alert in alerts}) == 1


def test_an_alert_has_recovered_once_its_end_has_passed() -> None:
    alert = only(SOURCE, "resolved")
    assert (alert.status, alert.ends_at) == (AlertStatus.RESOLVED, datetime(2026, 11, 20, 22, 4, 30, 250000, tzinfo=UTC))


@pytest.mark.parametrize("end", [None, "0001-01-01T00:00:00Z", "soon"])
def test_an_alert_without_an_end_fires(end: str | None) -> None:
    assert only(SOURCE, listed("firing", endsAt=end)).status is AlertStatus.FIRING


def test_the_fingerprint_is_the_one_that_alertmanager_would_send() -> None:
    entry = listed("firing")[0]
    kept = {name: text for name, text in entry["labels"].items() if text}
    sent_on = {"status": "firing", "alerts": [entry | {"status": "firing", "labels": kept}]}
    assert only(SOURCE, [entry]).fingerprint == only(alertmanager.SOURCE, sent_on).fingerprint


def test_an_alert_without_labels_is_unreadable() -> None:
    alert = only(SOURCE, listed("firing", labels={"team": ""}))
    assert alert.unreadable == "body[0].labels: expected at least one label, such as alertname."


def test_a_body_without_alerts_cannot_be_understood() -> None:
    assert SOURCE.takes_arrays
    with pytest.raises(Malformed, match="the body: expected an array"):
        read(SOURCE, payload_of("alertmanager", "group", alerts=...))


def test_the_answer_is_an_alertmanagers() -> None:
    answer = SOURCE.answer(delivery(SOURCE.kind, "firing"), "receipt-1")
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize(("word", "status"), [("firing", AlertStatus.FIRING), ("resolved", AlertStatus.RESOLVED)])
def test_the_group_of_an_alertmanager_that_was_sent_here_counts(word: str, status: AlertStatus) -> None:
    entry = {
        "status": word,
        "labels": {"alertname": "OrdersWait"},
        "annotations": {"summary": "Orders wait"},
        "startsAt": "2026-11-20T22:03:12Z",
    }
    alert = only(SOURCE, {"version": "4", "receiver": "muster", "status": word, "alerts": [entry]})
    assert (alert.status, alert.title) == (status, "Orders wait")
