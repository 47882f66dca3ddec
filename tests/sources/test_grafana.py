"""Grafana: groups of unified alerting and rules of the old kind, under one address."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.errors import Malformed
from bot.sources.grafana import SOURCE, verify
from tests.sources.deliveries import RECEIVED_AT, body_of, delivery, only, payload_of, read

SECRET = b"secret-of-the-contact-point"


def signed(message: bytes) -> str:
    return hmac.new(SECRET, message, hashlib.sha256).hexdigest()


def test_a_unified_alert_brings_its_pages_and_values() -> None:
    alert = only(SOURCE, "unified-firing")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Search is slow", "d0a7c5e91f2b4638")
    assert alert.starts_at == datetime(2026, 11, 20, 22, 2, 10, tzinfo=UTC)
    assert alert.url == "https://grafana.example.com/alerting/grafana/ab12/view?orgId=3"
    assert alert.annotations["dashboard_url"] == "https://grafana.example.com/d/search?viewPanel=2"
    assert alert.annotations["values"] == "B = 2.75, C = 1"
    assert alert.labels.items() >= {"severity": "high", "environment": "prod"}.items()


def test_a_unified_recovery_names_the_occurrence_that_fired() -> None:
    fired, recovered = only(SOURCE, "unified-firing"), only(SOURCE, "unified-resolved", method="PUT")
    assert recovered.status is AlertStatus.RESOLVED
    assert (recovered.fingerprint, recovered.starts_at) == (fired.fingerprint, fired.starts_at)
    assert recovered.ends_at == datetime(2026, 11, 20, 22, 9, 10, tzinfo=UTC)


def test_values_may_be_null_and_the_start_unset() -> None:
    alert = only(SOURCE, "unified-values-null")
    assert (alert.status, alert.starts_at, alert.unreadable) == (AlertStatus.FIRING, None, None)
    assert "values" not in alert.annotations
    assert alert.url == "https://grafana.example.com/d/search?viewPanel=2"


def test_the_group_of_an_alertmanager_is_read_as_well() -> None:
    assert only(SOURCE, "unified-version-4").fingerprint == only(SOURCE, "unified-firing").fingerprint


@pytest.mark.parametrize("name", ["unified-test-button", "legacy-test-button"])
def test_the_test_button_is_no_alert_but_is_told_of(name: str) -> None:
    reading = read(SOURCE, name)
    assert reading.alerts == ()
    assert reading.ignored == ("Grafana's test notification arrived; it is no alert.",)


def test_a_rule_of_the_old_kind_is_named_by_its_id() -> None:
    alert = only(SOURCE, "legacy-alerting")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Latency of the shop", "rule:31")
    assert alert.labels.items() >= {"severity": "critical", "environment": "prod", "grafana_state": "alerting"}.items()
    assert alert.annotations["values"] == "p95 = 412"
    assert alert.url == "https://grafana.example.com/d/shop?panelId=4"


@pytest.mark.parametrize(("name", "status"), [("legacy-no-data", AlertStatus.FIRING), ("legacy-ok", AlertStatus.RESOLVED)])
def test_a_rule_without_data_fires_and_an_ok_ends_it(name: str, status: AlertStatus) -> None:
    alert = only(SOURCE, name)
    assert (alert.status, alert.fingerprint) == (status, "rule:31")


@pytest.mark.parametrize("state", ["paused", "pending"])
def test_a_quiet_rule_is_told_of_and_ends_nothing(state: str) -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "legacy-alerting", state=state))
    assert reading.alerts == ()
    assert f"'Latency of the shop' is {state}" in reading.ignored[0]


def test_an_unknown_state_of_a_rule_is_unreadable() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "legacy-alerting", state="okay"))
    assert alert.unreadable == "state: expected one of alerting, no_data, ok, got 'okay'."


@pytest.mark.parametrize("payload", [{}, {"title": "x", "state": "alerting"}, {"alerts": {}}, []])
def test_a_body_of_neither_kind_is_malformed(payload: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, payload)


@pytest.mark.parametrize("header", ["x-grafana-alerting-signature", "x-grafana-alert-signature"])
def test_a_signature_over_the_body_is_taken(header: str) -> None:
    signature = signed(body_of("grafana", "unified-firing"))
    assert verify(SECRET, delivery(SOURCE.kind, "unified-firing", headers={header: signature}))
    assert not verify(b"another", delivery(SOURCE.kind, "unified-firing", headers={header: signature}))


def test_what_sign_adds_is_what_verify_takes() -> None:
    assert SOURCE.sign is not None
    headers = {name.lower(): value for name, value in SOURCE.sign(SECRET, body_of("grafana", "legacy-ok")).items()}
    assert set(headers) <= set(SOURCE.keeps)
    assert verify(SECRET, delivery(SOURCE.kind, "legacy-ok", headers=headers))


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (-299, True), (-301, False), (301, False)])
def test_a_signature_with_a_timestamp_is_taken_while_it_is_fresh(seconds: int, taken: bool) -> None:
    at = str(int(RECEIVED_AT.timestamp()) + seconds)
    headers = {
        "x-grafana-alerting-timestamp": at,
        "x-grafana-alerting-signature": signed(at.encode() + b":" + body_of("grafana", "unified-firing")),
    }
    assert verify(SECRET, delivery(SOURCE.kind, "unified-firing", headers=headers)) is taken


def test_no_signature_is_a_wrong_one() -> None:
    assert not verify(SECRET, delivery(SOURCE.kind, "unified-firing"))


@pytest.mark.parametrize(
    ("kind", "title"), [("DatasourceNoData", "Orders wait: no data"), ("DatasourceError", "Orders wait: its query fails")]
)
def test_a_silent_data_source_is_told_by_the_rule_that_asks_it(kind: str, title: str) -> None:
    entry = {"status": "firing", "labels": {"alertname": kind, "rulename": "Orders wait"}, "annotations": {"Error": "connection refused"}}
    alert = only(SOURCE, {"alerts": [entry], "status": "firing"})
    assert (alert.title, alert.annotations) == (title, {"error": "connection refused"})


def test_an_alert_that_nothing_names_is_called_as_its_group_is() -> None:
    alert = only(SOURCE, {"alerts": [{"status": "resolved", "labels": {}}], "title": "[RESOLVED] Orders wait", "status": "resolved"})
    assert (alert.status, alert.title) == (AlertStatus.RESOLVED, "Orders wait")


def test_a_group_of_grafana_oncall_fires_is_acknowledged_and_ends() -> None:
    payload = payload_of(SOURCE.kind, "oncall")
    alert = only(SOURCE, payload)
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Orders wait", "oncall:IQ7")
    assert alert.labels == {"service": "orders", "integration": "Orders"}
    assert alert.url == "https://grafana.example.com/a/grafana-oncall-app/alert-groups/IQ7"
    assert "s3cret" not in str(alert)
    resolved = only(SOURCE, payload | {"event": {"type": "resolve"}})
    assert (resolved.status, resolved.fingerprint, resolved.starts_at) == (AlertStatus.RESOLVED, alert.fingerprint, alert.starts_at)
    (note,) = read(SOURCE, payload | {"event": {"type": "acknowledge"}, "user": {"username": "ana"}}).notes
    assert note == Note("oncall:IQ7", "Acknowledged in Grafana OnCall by ana")
    assert len(read(SOURCE, payload | {"event": {"type": "silence"}}).ignored) == 1
    assert only(SOURCE, payload | {"alert_group": {}, "alert_group_id": None}).unreadable is not None


def test_the_tags_that_everything_measured_shares_become_labels_of_a_rule() -> None:
    matches = [{"metric": f"w{number}", "value": number, "tags": {"service": "orders", "host": f"w{number}"}} for number in (1, 2)]
    rule = {"ruleId": 7, "ruleName": "Orders wait", "state": "alerting"}
    assert only(SOURCE, rule | {"evalMatches": matches}).labels.items() >= {"service": "orders"}.items()
    assert "host" not in only(SOURCE, rule | {"evalMatches": matches}).labels
    assert only(SOURCE, rule | {"evalMatches": matches[:1]}).labels["host"] == "w1"
    assert only(SOURCE, rule | {"evalMatches": matches}).fingerprint == only(SOURCE, rule | {"evalMatches": None}).fingerprint


@pytest.mark.parametrize("kind", ["manual", "escalation"])
def test_an_event_of_oncall_that_comes_in_any_state_says_the_state_of_its_group(kind: str) -> None:
    payload = payload_of(SOURCE.kind, "oncall", event={"type": kind})
    resolved = payload | {"alert_group": payload["alert_group"] | {"state": "resolved"}}
    assert (only(SOURCE, payload).status, only(SOURCE, resolved).status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert only(SOURCE, payload).fingerprint == only(SOURCE, resolved).fingerprint
    assert only(SOURCE, payload | {"alert_group": payload["alert_group"] | {"state": "better"}}).unreadable is not None
