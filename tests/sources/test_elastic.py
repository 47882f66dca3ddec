"""Kibana: bodies that people wrote from a rule's variables; the action group decides."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.elastic import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_an_active_alert_fires() -> None:
    alert = only(SOURCE, "active")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Log errors of search")
    assert alert.labels.items() >= {"alert": "host-3", "tags": "prod,search", "space": "shop"}.items()
    assert alert.annotations["description"] == "Log entries is 92 in the last 5 mins for host-3"
    assert alert.url == "https://kibana.example.com/app/rules/rule/a91c0c5e"


def test_recovered_ends_the_alert_of_the_same_rule_and_group() -> None:
    fired, recovered = only(SOURCE, "active"), only(SOURCE, "recovered")
    assert recovered.status is AlertStatus.RESOLVED
    assert recovered.fingerprint == fired.fingerprint
    assert only(SOURCE, payload_of(SOURCE.kind, "recovered", alert_id="host-4")).fingerprint != fired.fingerprint


@pytest.mark.parametrize(
    "group",
    [
        "query matched",
        "Threshold Met",
        "threshold_met",
        "default",
        "metrics.inventory_threshold.warning",
        "slo.burnRate.high",
        "custom_threshold.nodata",
        "xpack.uptime.alerts.actionGroups.monitorStatus",
    ],
)
def test_the_groups_of_every_kind_of_rule_fire(group: str) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "active", action_group=group)).status is AlertStatus.FIRING


@pytest.mark.parametrize("group", ["recovering", "not recovered", "", None, "metrics.threshold.recovered"])
def test_an_unknown_group_is_unreadable(group: str | None) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "active", action_group=group, action_group_name=...))
    assert alert.status is AlertStatus.FIRING
    assert alert.unreadable is not None
    assert "action_group" in alert.unreadable


def test_a_body_in_the_shape_of_the_variables_is_the_same_alert() -> None:
    alert = only(SOURCE, "nested")
    assert (alert.status, alert.fingerprint) == (AlertStatus.FIRING, only(SOURCE, "active").fingerprint)
    assert alert.labels["service"] == "search"
    assert alert.annotations["description"] == "Log entries is 92"


def test_a_summary_fires_while_any_of_its_alerts_does() -> None:
    assert only(SOURCE, "summary").status is AlertStatus.FIRING
    ended = {"new": {"count": 0}, "ongoing": {"count": "0"}, "recovered": {"count": 2}}
    assert only(SOURCE, payload_of(SOURCE.kind, "summary", alerts=ended)).status is AlertStatus.RESOLVED


def test_a_template_that_nobody_filled_in_is_no_alert() -> None:
    reading = read(SOURCE, "template")
    assert reading.alerts == ()
    assert "still a variable" in reading.ignored[0]


def test_an_alert_that_nothing_names_says_what_to_put_into_the_template() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "template", action_group="query matched"))
    assert alert.unreadable == "rule_id: expected the template to give {{rule.id}} and {{alert.id}}."


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, [])


def test_variables_that_travel_as_json_in_texts_are_read() -> None:
    alert = only(SOURCE, "packed")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Queue is long")
    assert alert.labels.items() >= {"alert": "host-3", "host": "host-3", "service": "search", "environment": "prod"}.items()
    assert alert.annotations["description"] == "Queue length is 900 for host-3"
    packed = payload_of(SOURCE.kind, "packed")["webhook_body"]
    ended = {"webhook_body": packed | {"alert_info": '{"id": "host-3", "actionGroup": "recovered"}'}}
    assert (only(SOURCE, ended).status, only(SOURCE, ended).fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)


def test_a_document_of_a_detection_rule_is_told_by_its_rule_and_host() -> None:
    alert = only(SOURCE, "document")
    assert (alert.status, alert.title, alert.url) == (
        AlertStatus.FIRING,
        "Shell in a container",
        "https://kibana.example.com/app/security/alerts/9c02",
    )
    assert alert.labels.items() >= {"severity": "high", "service": "search", "host": "host-3", "team": "search"}.items()
    assert "root" not in alert.labels.values()
    again = payload_of(SOURCE.kind, "document")
    again["kibana"]["alert"]["uuid"] = "aa11"
    assert only(SOURCE, again).fingerprint == alert.fingerprint
    assert only(SOURCE, again | {"host": {"name": "host-4"}}).fingerprint != alert.fingerprint


def test_a_document_with_dots_in_its_names_ends_by_its_status() -> None:
    alert, ended = (
        only(SOURCE, "document_flat"),
        only(SOURCE, payload_of(SOURCE.kind, "document_flat", **{"kibana.alert.status": "recovered"})),
    )
    assert (alert.status, alert.title, alert.labels["severity"]) == (AlertStatus.FIRING, "Log errors of search", "critical")
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)


def test_a_watch_is_one_alert_whatever_its_run() -> None:
    alert = only(SOURCE, "watch")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "No orders for ten minutes")
    assert only(SOURCE, {"watch_id": "orders_watch", "id": "orders_watch_99", "text": "None"}).fingerprint == alert.fingerprint


def test_the_older_names_of_the_variables_mean_the_same() -> None:
    alert = only(SOURCE, "instance")
    assert (alert.status, alert.title, alert.labels["alert"]) == (AlertStatus.FIRING, "Log errors of search", "host-3")
    ended = only(SOURCE, payload_of(SOURCE.kind, "instance", alertActionGroupName="Recovered"))
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)
    assert only(SOURCE, payload_of(SOURCE.kind, "instance", alertInstanceId="host-4")).fingerprint != alert.fingerprint


def test_an_error_rate_says_its_service_transaction_and_error() -> None:
    context = {
        "serviceName": "checkout",
        "environment": "prod",
        "transactionName": "GET /cart",
        "errorGroupingName": "ValueError: no price",
    }
    alert = only(SOURCE, payload_of(SOURCE.kind, "active", context=context))
    assert alert.labels.items() >= {"service": "checkout", "environment": "prod"}.items()
    assert (alert.annotations["route"], alert.annotations["error"]) == ("GET /cart", "ValueError: no price")


@pytest.mark.parametrize(
    "said",
    [
        {"status": "active", "payload": {"status": "closed"}},
        {"action_group": "default", "payload": {"actionGroup": "recovered"}},
        {"status": "active", "payload": {"actionGroup": "recovered"}},
        {"alert": {"actionGroup": "default"}, "ctx": {"actionGroup": "recovered"}},
    ],
)
def test_what_a_body_carries_ends_nothing_that_the_body_says_fires(said: dict[str, object]) -> None:
    alert = only(SOURCE, {"rule": {"id": "a91c0c5e", "name": "Queue is long"}} | said)
    assert (alert.status, alert.unreadable, alert.title) == (AlertStatus.FIRING, None, "Queue is long")


@pytest.mark.parametrize("data", [{"status": "up"}, {"status": "red"}, {"actionGroup": "recovered"}, {"recovered": {"count": 3}}])
def test_a_watch_fires_whatever_its_data_say(data: dict[str, object]) -> None:
    alert = only(SOURCE, {"watch_id": "shop-health", "payload": data})
    assert (alert.status, alert.unreadable, alert.title) == (AlertStatus.FIRING, None, "shop-health")


def test_the_id_of_an_event_names_no_alert() -> None:
    rule = {"rule": {"id": "a91c0c5e", "name": "Queue is long"}}
    fired, ended = (
        only(SOURCE, rule | {"id": "evt-1", "actionGroup": "default"}),
        only(SOURCE, rule | {"id": "evt-2", "actionGroup": "recovered"}),
    )
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert ended.fingerprint == fired.fingerprint
