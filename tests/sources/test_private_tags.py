"""Tags that name a person or hold a secret become no label, whichever monitor sends them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.routing import SourceKind
from bot.sources import SOURCES
from tests.sources.deliveries import only

TAGS = {"zone": "eu", "user": "robin", "db_password": "hunter2"}
WORDS = [f"{name}:{text}" for name, text in TAGS.items()]
LINES = "Labels:\n" + "".join(f" - {name} = {text}\n" for name, text in TAGS.items())
AZURE = {"monitorCondition": "Fired", "alertRule": "Orders wait"}
BODIES: dict[SourceKind, Any] = {
    SourceKind.ALERTMANAGER: {"alerts": [{"status": "firing", "labels": TAGS | {"alertname": "OrdersWait"}}]},
    SourceKind.AZURE: {"data": {"essentials": AZURE, "customProperties": TAGS}},
    SourceKind.BETTER_STACK: {"event": "started", "monitor_id": 7, "name": "Orders", "metadata": TAGS},
    SourceKind.CHECKLY: {"alert_type": "ALERT_FAILURE", "check_id": "c7", "check_name": "Orders", "tags": WORDS},
    SourceKind.DATADOG: {"alert_id": 7, "alert_title": "Orders wait", "alert_transition": "Triggered", "tags": ",".join(WORDS)},
    SourceKind.ELASTIC: {"rule_id": "r7", "rule_name": "Orders wait", "action_group": "default", "tags": WORDS},
    SourceKind.GENERIC: {"title": "Orders wait", "labels": TAGS},
    SourceKind.GRAFANA: {"alerts": [{"status": "firing", "labels": TAGS | {"alertname": "OrdersWait"}}]},
    SourceKind.GRAYLOG: {"event_definition_id": "d7", "event": {"fields": TAGS}},
    SourceKind.HONEYBADGER: {"event": "occurred", "fault": {"id": 7, "klass": "Refused", "tags": WORDS}},
    SourceKind.HONEYCOMB: {
        "id": "t7",
        "name": "Orders wait",
        "status": "TRIGGERED",
        "result_groups_triggered": [{"Group": TAGS, "Result": 9}],
    },
    SourceKind.KAPACITOR: {"id": "orders", "level": "CRITICAL", "data": {"series": [{"name": "orders", "tags": TAGS}]}},
    SourceKind.NEW_RELIC: {"issueId": "i7", "title": "Orders wait", "state": "ACTIVATED", "tags": TAGS},
    SourceKind.OPSGENIE: {"message": "Orders wait", "alias": "orders", "details": TAGS, "tags": WORDS},
    SourceKind.PAGERDUTY: {
        "event_action": "trigger",
        "dedup_key": "orders",
        "payload": {"summary": "Orders wait", "source": "w1", "severity": "critical", "custom_details": TAGS},
    },
    SourceKind.PROMETHEUS: [{"labels": TAGS | {"alertname": "OrdersWait"}}],
    SourceKind.RAYGUN: {"eventType": "NewErrorOccurred", "error": {"url": "https://app.raygun.com/errors/7", "instance": {"tags": WORDS}}},
    SourceKind.SENTRY: {
        "action": "triggered",
        "data": {"event": {"issue_id": "7", "title": "Refused", "tags": [list(tag) for tag in TAGS.items()]}},
    },
    SourceKind.VICTOROPS: {
        "message_type": "CRITICAL",
        "entity_id": "orders",
        "entity_display_name": "Orders wait",
        "state_message": LINES,
    },
    SourceKind.ZABBIX: {"event_value": "1", "trigger_id": "7", "event_name": "Orders wait", "event_tags": ",".join(WORDS)},
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.value)
def test_a_label_neither_names_a_person_nor_holds_a_secret(kind: SourceKind) -> None:
    alert = only(SOURCES[kind], BODIES[kind])
    assert alert.unreadable is None
    assert alert.labels["zone"] == "eu"
    assert not {"robin", "hunter2"} & set(alert.labels.values())


def test_groups_of_honeycomb_are_told_without_the_person_in_them() -> None:
    alert = only(SOURCES[SourceKind.HONEYCOMB], BODIES[SourceKind.HONEYCOMB])
    assert alert.annotations["groups"] == "zone eu: 9"


def test_the_labels_that_alertmanager_writes_into_a_text_are_labels_alike() -> None:
    event = BODIES[SourceKind.PAGERDUTY] | {"payload": BODIES[SourceKind.PAGERDUTY]["payload"] | {"custom_details": {"firing": LINES}}}
    labels = only(SOURCES[SourceKind.PAGERDUTY], event).labels
    assert labels["zone"] == "eu"
    assert not {"robin", "hunter2"} & set(labels.values())
