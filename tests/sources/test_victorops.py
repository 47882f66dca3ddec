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


def test_fields_that_somebody_added_are_labels_and_macros_are_not() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "critical", environment="production", team="ledger", LASTHOSTCHECK="1795212000"))
    assert (alert.labels["environment"], alert.labels["team"]) == ("production", "ledger")
    assert "LASTHOSTCHECK" not in alert.labels and "state_message" not in alert.labels


def test_an_api_key_in_the_body_is_not_kept() -> None:
    body = payload_of(SOURCE.kind, "critical", api_key="swordfish")
    assert "swordfish" not in str(only(SOURCE, body)) and "swordfish" not in str(only(SOURCE, body | {"message_type": "ODD"}))


def test_a_search_of_splunk_is_called_by_its_name_and_its_session_is_not_kept() -> None:
    search = {
        "search_name": "Slow ledger",
        "app": "search",
        "results_link": "https://splunk.example.net/go?sid=7",
        "session_key": "swordfish",
    }
    alert = only(SOURCE, {"message_type": "CRITICAL", "entity_id": "Splunk", "monitoring_tool": "Splunk"} | search)
    assert (alert.title, alert.url) == ("Slow ledger", "https://splunk.example.net/go?sid=7")
    assert "service" not in alert.labels and "swordfish" not in str(alert)


def test_the_page_and_the_runbook_of_another_tool_are_links() -> None:
    links = {"detector_url": "https://signals.example.net/d/7", "runbook_url": "https://runbooks.example.net/memory"}
    alert = only(SOURCE, {"message_type": "critical", "entity_id": "memory", "severity": "Minor"} | links)
    assert (alert.url, alert.annotations["runbook_url"]) == (links["detector_url"], links["runbook_url"])
    assert alert.labels["severity"] == "critical" and "detector_url" not in alert.labels


def test_trouble_is_first_seen_when_its_state_began() -> None:
    assert (
        only(SOURCE, payload_of(SOURCE.kind, "critical", state_start_time=1795212000)).annotations["first_seen"]
        == "2026-11-20T22:00:00+00:00"
    )
    assert "first_seen" not in only(SOURCE, "recovery").annotations


def test_who_is_concerned_and_how_they_are_reached_is_no_label() -> None:
    people = {"customer": "Robin Miller", "phone": "+4915550000", "contact": "robin@example.com", "ack_author": "robin", "owner": "robin"}
    words = {"description": "Long", "message": "Long", "customer_note": "Long"}
    alert = only(SOURCE, payload_of(SOURCE.kind, "critical", region="eu", cluster="blue", **people, **words))
    assert (alert.labels["region"], alert.labels["cluster"]) == ("eu", "blue")
    assert not (people | words).keys() & alert.labels.keys()


def test_an_annotation_whose_name_only_sounds_secret_is_kept() -> None:
    link = "https://runbooks.example.net/keycloak"
    alert = only(SOURCE, payload_of(SOURCE.kind, "critical", **{"vo_annotate.u.Runbook": ..., "vo_annotate.u.Keycloak runbook": link}))
    assert alert.annotations["runbook_url"] == link
