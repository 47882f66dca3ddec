"""Azure Monitor: the common schema and the older ones; health events of Azure by what their context says."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.azure import SOURCE
from tests.sources.deliveries import only, payload_of, read


def common(name: str, properties: dict[str, Any] | None = None, **essentials: Any) -> dict[str, Any]:
    """A notification in the common schema, with essentials or properties of its context changed."""
    payload: dict[str, Any] = payload_of("azure", name)
    payload["data"]["essentials"] |= essentials
    payload["data"]["alertContext"]["properties"] = (payload["data"]["alertContext"]["properties"] or {}) | (properties or {})
    return payload


def test_a_fired_metric_alert_says_what_a_person_needs() -> None:
    alert = only(SOURCE, "metric_fired")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "orders-queue-length")
    said = {name: alert.labels[name] for name in ("severity", "service", "environment", "resource", "resource_group", "signal")}
    assert said == {
        "severity": "sev2",
        "service": "orders",
        "environment": "production",
        "resource": "orders",
        "resource_group": "Orders",
        "signal": "Metric",
    }
    assert alert.annotations["description"] == "More than 1000 orders wait"
    assert alert.annotations["error"] == "ActiveMessages Average GreaterThan 1000: 4200.0"
    assert alert.annotations["first_seen"] == "2026-11-20T22:03:12.371321+00:00"
    assert str(alert.url).startswith("https://portal.azure.com/#resource/subscriptions/")


def test_a_resolved_metric_alert_ends_the_same_occurrence() -> None:
    fired, ended = only(SOURCE, "metric_fired"), only(SOURCE, "metric_resolved")
    assert ended.status is AlertStatus.RESOLVED
    assert (ended.fingerprint, ended.starts_at) == (fired.fingerprint, fired.starts_at)
    assert ended.ends_at is not None


def test_the_next_firing_of_a_rule_has_the_same_fingerprint() -> None:
    again = common("metric_fired", alertId="/subscriptions/x/other", originAlertId="x", firedDateTime="2026-11-21T04:00:00Z")
    assert only(SOURCE, again).fingerprint == only(SOURCE, "metric_fired").fingerprint


def test_another_target_or_dimension_is_another_alert() -> None:
    prints = {
        only(SOURCE, "metric_fired").fingerprint,
        only(SOURCE, common("metric_fired", alertTargetIDs=["/subscriptions/y"])).fingerprint,
    }
    split = common("metric_fired")
    split["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["value"] = "payments"
    assert len(prints | {only(SOURCE, split).fingerprint}) == 3


def test_a_log_alert_names_no_start_and_links_to_its_results() -> None:
    alert = only(SOURCE, "log_fired")
    assert alert.starts_at is None
    assert alert.annotations["source_url"] == "https://portal.azure.com/logs/filtered"
    assert alert.annotations["error"].startswith("requests | where resultCode == 500")


@pytest.mark.parametrize(
    ("stage", "status"), [("Active", AlertStatus.FIRING), ("Resolved", AlertStatus.RESOLVED), ("RCA", AlertStatus.RESOLVED)]
)
def test_a_service_health_event_ends_by_its_stage(stage: str, status: AlertStatus) -> None:
    alert = only(SOURCE, common("service_health", {"stage": stage}))
    assert (alert.status, alert.fingerprint) == (status, only(SOURCE, "service_health").fingerprint)
    assert (alert.labels["region"], alert.labels["service"]) == ("West Europe", "orders")


@pytest.mark.parametrize(("health", "status"), [("Unavailable", AlertStatus.FIRING), ("Available", AlertStatus.RESOLVED)])
def test_a_resource_health_event_ends_when_the_resource_is_available(health: str, status: AlertStatus) -> None:
    alert = only(SOURCE, common("resource_health", {"currentHealthStatus": health}))
    assert (alert.status, alert.fingerprint) == (status, only(SOURCE, "resource_health").fingerprint)


def test_a_health_nobody_documented_is_unreadable() -> None:
    assert "currentHealthStatus" in str(only(SOURCE, common("resource_health", {"currentHealthStatus": "Fine"})).unreadable)


def test_a_property_of_the_owner_called_stage_decides_nothing() -> None:
    alert = only(SOURCE, common("metric_fired", {"stage": "blue", "currentHealthStatus": "odd", "trackingId": "7"}))
    assert (alert.status, alert.unreadable, alert.labels["stage"]) == (AlertStatus.FIRING, None, "blue")
    assert alert.fingerprint == only(SOURCE, "metric_fired").fingerprint


def test_a_prometheus_rule_of_azure_is_split_by_its_labels() -> None:
    fired, other = only(SOURCE, "prometheus_fired"), payload_of("azure", "prometheus_fired")
    other["data"]["alertContext"]["labels"]["pod"] = "orders-2"
    assert (fired.labels["pod"], fired.labels["service"]) == ("orders-1", "orders")
    assert (fired.annotations["description"], fired.annotations["error"]) == ("Orders wait", "queue_age_seconds > 300")
    assert fired.annotations["runbook_url"] == "https://runbooks.example.com/orders"
    assert only(SOURCE, other).fingerprint != fired.fingerprint


def test_a_log_alert_of_the_first_version_is_split_by_its_dimensions() -> None:
    fired, other = only(SOURCE, "log_version_1"), payload_of("azure", "log_version_1")
    other["data"]["alertContext"]["Dimensions"][0]["value"] = "orders-2"
    assert fired.annotations["error"] == "Perf | where CounterValue > 90"
    assert fired.annotations["source_url"] == "https://portal.azure.com/logs/filtered"
    assert "Contoso" not in repr(fired)
    assert only(SOURCE, other).fingerprint != fired.fingerprint


@pytest.mark.parametrize("word", ["Activated!", "Ok", None, 1, "Deactivated"])
def test_a_condition_nobody_documented_is_unreadable(word: Any) -> None:
    alert = only(SOURCE, common("metric_fired", monitorCondition=word))
    assert (alert.status, "monitorCondition" in str(alert.unreadable)) == (AlertStatus.FIRING, True)


@pytest.mark.parametrize("name", ["classic_activated", "metric_schema_activated"])
def test_classic_metric_alerts_fire_and_recover(name: str) -> None:
    fired, payload = only(SOURCE, name), payload_of("azure", name)
    (payload if "context" in payload else payload["data"])["status"] = "Deactivated"
    ended = only(SOURCE, payload)
    assert (fired.status, ended.status, fired.title) == (AlertStatus.FIRING, AlertStatus.RESOLVED, "slow")
    assert fired.fingerprint == ended.fingerprint
    assert fired.url == "https://portal.azure.com/#resource/orders-web"
    assert "Latency Average GreaterThan 500: 900" in fired.annotations["error"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("log_schema", "Errors of orders"),
        ("activity_schema", "Microsoft.Web/sites/stop/action"),
        ("budget", "Budget orders-monthly has reached 1001 EUR"),
    ],
)
def test_the_older_schemas_without_a_recovery_fire(name: str, title: str) -> None:
    alert = only(SOURCE, name)
    assert (alert.status, alert.title, alert.unreadable) == (AlertStatus.FIRING, title, None)


def test_who_did_something_and_with_which_rights_is_not_kept() -> None:
    kept = repr(only(SOURCE, "activity_schema"))
    assert "robin@example.com" not in kept
    assert "somebody" not in kept


def test_autoscaling_is_ignored_visibly() -> None:
    reading = read(SOURCE, "autoscale")
    assert (reading.alerts, reading.ignored) == ((), ("Autoscale is no alert: Autoscale started scale out",))


@pytest.mark.parametrize("body", [{}, {"schemaId": "Something"}, []])
def test_a_body_of_no_known_schema_cannot_be_understood(body: Any) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


@pytest.mark.parametrize("data", [None, [], {"essentials": None}, {"essentials": {"monitorCondition": "Fired"}}, {"x": 1}])
def test_a_known_schema_with_odd_data_is_unreadable(data: Any) -> None:
    assert only(SOURCE, {"schemaId": "azureMonitorCommonAlertSchema", "data": data}).unreadable


@pytest.mark.parametrize(
    "data", [{"context": {"description": "x"}, "status": "Activated"}, {"context": {"activityLog": {}}, "status": "Activated"}]
)
def test_an_older_schema_that_names_no_rule_is_unreadable(data: Any) -> None:
    assert only(SOURCE, {"schemaId": "AzureMonitorMetricAlert", "data": data}).unreadable


def test_a_health_event_is_called_by_its_own_title_and_its_stage_is_no_environment() -> None:
    alert = only(SOURCE, common("service_health", {"title": "Queues are slow", "service": "Service Bus", "stage": "Active"}))
    assert alert.title == "Queues are slow"
    assert alert.labels["event_stage"] == "Active"
    assert alert.labels.get("environment") != "Active"


def test_a_smart_detector_says_what_it_detected_for_whom() -> None:
    alert = only(SOURCE, "smart_detector")
    assert (alert.title, alert.labels["severity"]) == ("Failure Anomalies - orders", "sev3")
    wanted = {"error": "Failed requests rose to 31% for 12 users", "route": "POST /orders", "users": "12"}
    assert alert.annotations.items() >= wanted.items()


def test_a_budget_in_the_common_schema_fires_without_a_condition() -> None:
    alert = only(SOURCE, "budget_common")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Budget orders-monthly has reached 1001 EUR")
    again = payload_of("azure", "budget_common")
    again["data"]["essentials"]["alertId"] = "/subscriptions/77aa11bb/providers/Microsoft.CostManagement/alerts/99"
    assert only(SOURCE, again).fingerprint == alert.fingerprint


def test_a_log_alert_without_a_schema_around_it_is_the_same_alert() -> None:
    wrapped = payload_of("azure", "log_schema")
    assert only(SOURCE, wrapped["data"]).fingerprint == only(SOURCE, wrapped).fingerprint


def test_an_availability_test_is_named() -> None:
    alert = payload_of("azure", "metric_fired")
    alert["data"]["alertContext"]["condition"]["allOf"][0]["webTestName"] = "orders-from-abroad"
    assert only(SOURCE, alert).labels["web_test"] == "orders-from-abroad"


def test_a_rule_of_an_older_schema_is_split_by_its_dimensions_as_well() -> None:
    def split(name: str, path: tuple[str, ...], key: str, value: str) -> str:
        payload = payload_of("azure", name)
        place = payload["data"]
        for step in path:
            place = place[step]
        (place[0] if isinstance(place, list) else place)[key] = [{"name": "Computer", "value": value}]
        return only(SOURCE, payload).fingerprint

    for name, path, key in (
        ("metric_schema_activated", ("context", "condition", "allOf"), "dimensions"),
        ("log_schema", (), "Dimensions"),
    ):
        assert split(name, path, key, "vm1") == split(name, path, key, "vm1")
        assert split(name, path, key, "vm1") != split(name, path, key, "vm2")


def test_a_dimension_of_a_log_alert_that_is_said_twice_is_one() -> None:
    rule = {"AlertRuleName": "Orders wait", "SearchQuery": "requests", "SubscriptionId": "77aa11bb"}
    one = {"name": "Computer", "value": "orders-1"}
    once, twice = (only(SOURCE, rule | {"Dimensions": dimensions}) for dimensions in ([one], [one, one]))
    assert once.fingerprint == twice.fingerprint
