"""Better Stack: incidents in JSON:API, among events that are none."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.sources.betterstack import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_an_incident_that_starts_fires_with_its_cause() -> None:
    alert = only(SOURCE, "started")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API: Timeout", "monitor:55120")
    assert alert.annotations["error"] == "Timeout" and alert.labels["service"] == "ledger" and alert.labels["team"] == "Finance"


def test_its_recovery_names_the_same_occurrence() -> None:
    started, resolved = only(SOURCE, "started"), only(SOURCE, "resolved")
    assert (resolved.status, resolved.fingerprint, resolved.starts_at) == (AlertStatus.RESOLVED, started.fingerprint, started.starts_at)
    assert resolved.ends_at is not None and resolved.starts_at is not None


def test_the_next_incident_of_a_monitor_is_the_same_alert_in_another_occurrence() -> None:
    later = payload_of(SOURCE.kind, "started")
    later["data"] |= {"id": "771300", "attributes": later["data"]["attributes"] | {"started_at": "2026-11-21T03:00:00Z"}}
    assert only(SOURCE, later).fingerprint == only(SOURCE, "started").fingerprint
    assert only(SOURCE, later).starts_at != only(SOURCE, "started").starts_at


def test_an_acknowledgement_is_a_note_with_who_it_was() -> None:
    reading = read(SOURCE, "acknowledged")
    assert reading.notes == (Note("monitor:55120", "Acknowledged in Better Stack by Mira Novak"),) and reading.alerts == ()


def test_an_incident_of_a_heartbeat_or_of_a_person_is_known_by_that() -> None:
    heartbeat = payload_of(SOURCE.kind, "started")
    heartbeat["data"] |= {"relationships": {"heartbeat": {"data": {"id": "812", "type": "heartbeat"}}}}
    assert only(SOURCE, heartbeat).fingerprint == "heartbeat:812"
    heartbeat["data"] |= {"relationships": {}}
    assert only(SOURCE, heartbeat).fingerprint == "incident:771204"


@pytest.mark.parametrize(
    "payload",
    [
        "monitor-paused",
        {"data": {"id": "3", "type": "on_call_calendar", "attributes": {}}, "event": "changed"},
        {"event": "monitor.checked", "monitor_id": 55120, "success": False},
        {"event_type": "incident", "page": {"id": "7"}, "incident": {"id": "8"}},
    ],
)
def test_events_of_anything_else_are_no_alert(payload: Any) -> None:
    reading = read(SOURCE, payload)
    assert (reading.alerts, reading.notes) == ((), ()) and "is no incident" in reading.ignored[0]


@pytest.mark.parametrize("event", ["deleted", "", None, 3, ["resolved"]])
def test_an_unknown_event_of_an_incident_waits_in_the_inbox(event: Any) -> None:
    assert "event" in (only(SOURCE, payload_of(SOURCE.kind, "started", event=event)).unreadable or "")


def test_what_the_page_answered_and_keys_of_its_address_are_not_kept() -> None:
    assert "swordfish" not in str(only(SOURCE, "started"))
    assert only(SOURCE, "started").labels["url"] == "https://ledger.example.net/healthz"


def test_an_incident_without_any_number_waits_in_the_inbox() -> None:
    assert "data.id" in (only(SOURCE, {"event": "started", "data": {"type": "incident"}}).unreadable or "")


@pytest.mark.parametrize("event", ["created", "incident.created", "incident.reopened", "incident_started"])
def test_an_incident_that_is_created_or_reopened_fires(event: str) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "started", event=event)) == only(SOURCE, "started")


@pytest.mark.parametrize(("state", "status"), [("Started", AlertStatus.FIRING), ("Resolved", AlertStatus.RESOLVED)])
def test_an_incident_alone_says_its_state_itself(state: str, status: AlertStatus) -> None:
    body = payload_of(SOURCE.kind, "started", event=...)
    body["data"]["attributes"]["status"] = state
    assert only(SOURCE, body).status is status


def test_the_environment_of_its_metadata_is_known_however_it_is_written() -> None:
    body = payload_of(SOURCE.kind, "started")
    body["data"]["attributes"]["metadata"] = {"Environment": [{"type": "String", "value": "production"}]}
    assert only(SOURCE, body).labels["environment"] == "production"


def test_a_watcher_that_is_named_beside_the_incident_tells_it_too() -> None:
    body = payload_of(SOURCE.kind, "started")
    body["relationships"] = body["data"].pop("relationships")
    assert only(SOURCE, body).fingerprint == only(SOURCE, "started").fingerprint
