"""The REST endpoint of VictorOps, as Alertmanager and many others post to it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.sources.victorops import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read


def test_a_critical_message_fires_with_service_host_and_runbook() -> None:
    alert = only(SOURCE, "critical")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Disk of ledger-2 is full", "ledger-2/disk")
    assert (alert.labels["severity"], alert.labels["service"], alert.labels["host"]) == ("critical", "ledger", "ledger-2")
    assert alert.annotations["runbook_url"] == "https://runbooks.example.net/disk"


def test_the_recovery_is_of_the_same_entity() -> None:
    alert = only(SOURCE, "recovery")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, "ledger-2/disk")
    assert alert.ends_at is not None and alert.ends_at.isoformat() == "2026-11-20T22:07:00+00:00"


def test_a_warning_that_becomes_critical_is_the_same_alert() -> None:
    warning = only(SOURCE, payload_of(SOURCE.kind, "critical", message_type="WARNING", state_start_time=1795211000))
    assert (warning.status, warning.labels["severity"]) == (AlertStatus.FIRING, "warning")
    assert (warning.fingerprint, warning.starts_at) == (only(SOURCE, "critical").fingerprint, None)


@pytest.mark.parametrize("tail", ["payments", "/payments/", "key/payments"])
def test_the_routing_key_of_the_address_is_a_label(tail: str) -> None:
    assert only(SOURCE, "critical", tail=tail).labels["routing_key"] == "payments"


def test_what_all_alerts_of_an_alertmanager_group_share_is_read_from_its_text() -> None:
    alert = only(SOURCE, "alertmanager")
    assert alert.title == "LedgerSlow (production ledger page)"
    assert (alert.labels["service"], alert.labels["environment"], alert.labels["severity"]) == ("ledger", "production", "page")
    assert "instance" not in alert.labels and alert.annotations["runbook_url"] == "https://runbooks.example.net/slow"


def test_an_acknowledgement_is_a_note_with_who_it_was() -> None:
    assert read(SOURCE, "acknowledgement").notes == (Note("ledger-2/disk", "Acknowledged in Icinga by Mira Novak"),)


def test_info_is_no_alert() -> None:
    reading = read(SOURCE, "info")
    assert reading.alerts == () and "INFO" in reading.ignored[0]


@pytest.mark.parametrize("word", ["RESOLVED", "", None, 1, {"a": 1}])
def test_an_unknown_message_type_waits_in_the_inbox(word: Any) -> None:
    assert "message_type" in (only(SOURCE, payload_of(SOURCE.kind, "critical", message_type=word)).unreadable or "")


def test_an_entity_without_id_is_known_by_its_name() -> None:
    nameless = payload_of(SOURCE.kind, "critical", entity_id=None)
    assert only(SOURCE, nameless).fingerprint == only(SOURCE, nameless | {"message_type": "RECOVERY"}).fingerprint
    assert "entity_id" in (only(SOURCE, {"message_type": "CRITICAL"}).unreadable or "")


def test_the_answer_is_what_victorops_says() -> None:
    answer = SOURCE.answer(delivery(SOURCE.kind, "critical"), "r-1")
    assert (answer.status, answer.body) == (200, {"result": "success", "entity_id": "ledger-2/disk"})
    assert SOURCE.answer(delivery(SOURCE.kind, {"message_type": "INFO"}), "r-1").body == {"result": "success", "entity_id": "r-1"}
