"""Alertmanager: groups of both versions, one alert each, named as Prometheus names them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.alertmanager import SOURCE, annotations_of, labels_fingerprint
from tests.sources.deliveries import only, payload_of, read

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def test_each_alert_of_a_group_has_its_own_state() -> None:
    orders, refunds = read(SOURCE, "group").alerts
    assert (orders.status, orders.ends_at) == (FIRING, None)
    assert (refunds.status, refunds.ends_at) == (RESOLVED, datetime(2026, 11, 20, 22, 3, 41, tzinfo=UTC))


def test_an_alert_says_what_is_wrong_where_and_since_when() -> None:
    alert = read(SOURCE, "group").alerts[0]
    assert (alert.title, alert.fingerprint) == ("Queue orders grows", "4be1f3c00a5d9e27")
    assert alert.starts_at == datetime(2026, 11, 20, 22, 1, 7, 512000, tzinfo=UTC)
    assert alert.labels.items() >= {"service": "orders", "environment": "prod", "env": "prod", "severity": "critical"}.items()
    assert alert.annotations["description"] == "Orders wait longer than ten minutes."
    assert alert.annotations["dashboard_url"] == "https://grafana.example.com/d/queues"
    assert alert.url == "http://prometheus.example.com:9090/graph?g0.expr=queue_length"


def test_a_recovery_names_the_occurrence_that_fired() -> None:
    fired, recovered = read(SOURCE, "group").alerts[0], only(SOURCE, "resolved")
    assert recovered.status is RESOLVED
    assert (recovered.fingerprint, recovered.starts_at) == (fired.fingerprint, fired.starts_at)


def test_version_3_names_no_fingerprint_so_it_is_reckoned_from_the_labels() -> None:
    alert = only(SOURCE, "version-3")
    assert alert.fingerprint == labels_fingerprint(payload_of(SOURCE.kind, "version-3")["alerts"][0]["labels"])
    assert alert.starts_at == datetime(2026, 11, 20, 22, 1, 7, 512000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("labels", "fingerprint"),
    [({}, "cbf29ce484222325"), ({"alertname": "OnlyAlertname"}, "ede7ad36f73abc53")],
)
def test_labels_have_the_fingerprint_that_alertmanager_gives_them(labels: dict[str, str], fingerprint: str) -> None:
    assert labels_fingerprint(labels) == fingerprint


def test_an_alert_with_an_unknown_state_waits_in_the_inbox_and_costs_its_neighbours_nothing() -> None:
    payload = payload_of(SOURCE.kind, "group")
    payload["alerts"][0]["status"] = "recovering"
    odd, fine = read(SOURCE, payload).alerts
    assert odd.status is FIRING
    assert odd.unreadable == "alerts[0].status: expected one of firing, resolved, got 'recovering'."
    assert (fine.fingerprint, fine.unreadable) == ("9a0c77d1e24b6f35", None)


def test_alerts_that_alertmanager_left_out_are_told_of() -> None:
    assert read(SOURCE, payload_of(SOURCE.kind, "group", truncatedAlerts=12)).ignored == (
        "12 more alerts of this group were left out by the sender (its limit of alerts in a message).",
    )


def test_a_runbook_that_is_no_link_stays_a_text() -> None:
    payload = payload_of(SOURCE.kind, "resolved")
    payload["alerts"][0]["annotations"]["runbook_url"] = "javascript:alert(1)"
    annotations = only(SOURCE, payload).annotations
    assert "runbook_url" not in annotations
    assert annotations["runbook"] == "javascript:alert(1)"


@pytest.mark.parametrize("payload", [{}, {"alerts": None}, {"alerts": {}}, [], 7, None])
def test_a_body_without_a_list_of_alerts_is_malformed(payload: object) -> None:
    with pytest.raises(Malformed, match="expected an"):
        read(SOURCE, payload)


def test_links_of_annotations_are_links() -> None:
    given = {"runbook": "https://runbooks.example.com/cart", "dashboard_url": "see the board", "summary": "Cart is slow"}
    assert annotations_of(given) == {
        "runbook": "https://runbooks.example.com/cart",
        "runbook_url": "https://runbooks.example.com/cart",
        "dashboard": "see the board",
        "summary": "Cart is slow",
    }


@pytest.mark.parametrize(("word", "status"), [("firing", AlertStatus.FIRING), ("resolved", AlertStatus.RESOLVED)])
def test_an_alert_without_a_status_has_that_of_its_group(word: str, status: AlertStatus) -> None:
    alert = only(SOURCE, {"status": word, "alerts": [{"labels": {"alertname": "OrdersWait"}}]})
    assert (alert.status, alert.title) == (status, "OrdersWait")
    assert only(SOURCE, {"status": word, "alerts": [{"status": "odd", "labels": {"alertname": "OrdersWait"}}]}).unreadable is not None
