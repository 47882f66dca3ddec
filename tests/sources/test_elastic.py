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
    alert = only(SOURCE, payload_of(SOURCE.kind, "active", action_group=group))
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
