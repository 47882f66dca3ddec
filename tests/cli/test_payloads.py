"""The bodies that people paste into their monitors are understood once the monitor has filled them in."""

from __future__ import annotations

import json

import pytest

from bot.cli.payloads import PAYLOADS, payload
from bot.domain.alert import AlertStatus
from bot.domain.routing import SourceKind
from bot.sources import SOURCES
from bot.sources.source import Delivery
from tests.house import NOON

FILLED = {
    SourceKind.DATADOG: {"$ALERT_TRANSITION": ("Triggered", "Recovered"), "$ALERT_TITLE": "Checkout fails", "$TAGS": "service:checkout"},
    SourceKind.ZABBIX: {"{EVENT.VALUE}": ("1", "0"), "{EVENT.NAME}": "Checkout fails", "{EVENT.UPDATE.STATUS}": "0", "{TRIGGER.ID}": "7"},
    SourceKind.ELASTIC: {"{{alert.actionGroup}}": ("threshold met", "recovered"), "{{rule.name}}": "Checkout fails", "{{rule.id}}": "r7"},
    SourceKind.CHECKLY: {"{{ALERT_TYPE}}": ("ALERT_FAILURE", "ALERT_RECOVERY"), "{{ALERT_TITLE}}": "Checkout fails", "{{CHECK_ID}}": "c7"},
}


@pytest.mark.parametrize("kind", PAYLOADS, ids=str)
@pytest.mark.parametrize(("place", "status"), [(0, AlertStatus.FIRING), (1, AlertStatus.RESOLVED)])
def test_a_pasted_body_that_was_filled_in_is_the_alert_and_its_recovery(kind: SourceKind, place: int, status: AlertStatus) -> None:
    fields = {}
    for name, variable in PAYLOADS[kind].items():
        value = FILLED[kind].get(variable, variable)
        fields[name] = value if isinstance(value, str) else value[place]
    (alert,) = SOURCES[kind].read(Delivery("monitor", fields, json.dumps(fields).encode(), NOON)).alerts
    assert (alert.status, alert.title, alert.unreadable) == (status, "Checkout fails", None)


@pytest.mark.parametrize("kind", PAYLOADS, ids=str)
def test_a_pasted_body_is_json(kind: SourceKind) -> None:
    assert json.loads(payload(kind)) == PAYLOADS[kind]


def test_a_monitor_with_a_body_of_its_own_has_none_to_paste() -> None:
    assert payload(SourceKind.GRAFANA) == ""
