"""Healthchecks: $JSON, templates, a bare query, and what it sends to PagerDuty."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.sources.healthchecks import SOURCE
from tests.sources.deliveries import RECEIVED_AT, body_of, delivery, only, payload_of, read

_CHECK = "9a5b7c3d-1e2f-4a6b-8c9d-0e1f2a3b4c5d"


def test_a_check_that_is_down_fires_with_its_page() -> None:
    alert = only(SOURCE, "down")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Close the books is down", _CHECK)
    assert alert.url == f"https://hc.example.net/checks/{_CHECK}/details/"
    assert alert.labels["service"] == "ledger" and alert.labels["tags"] == "billing"
    assert alert.annotations["description"] == "Every night at one"


def test_the_recovery_is_of_the_same_check() -> None:
    assert (only(SOURCE, "up").status, only(SOURCE, "up").fingerprint) == (AlertStatus.RESOLVED, _CHECK)


def test_the_ping_address_is_not_kept() -> None:
    odd = only(SOURCE, payload_of(SOURCE.kind, "down", status="sideways"))
    assert odd.unreadable is not None
    assert "/ping/" not in str(only(SOURCE, "down")) and "/ping/" not in str(odd)


def test_a_template_is_understood_together_with_the_query() -> None:
    down = only(SOURCE, "template-down", query={"code": _CHECK})
    assert (down.title, down.fingerprint, down.annotations["error"]) == ("Close the books is down", _CHECK, "Exit status 3")
    assert "swordfish" not in str(down)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_query_alone_is_enough(method: str) -> None:
    query = {"name": 'Close the "books" <all>', "status": "up"}
    alert = only(SOURCE, None, method=method, query=query, body=b"", content_type="")
    assert (alert.status, alert.title) == (AlertStatus.RESOLVED, 'Close the "books" <all> is up')
    assert alert.fingerprint == only(SOURCE, None, method="GET", query=query | {"status": "down"}, body=b"").fingerprint


def test_json_without_a_content_type_of_its_own_is_read_as_json() -> None:
    posted = only(SOURCE, None, body=body_of(SOURCE.kind, "down"), content_type="application/x-www-form-urlencoded")
    assert posted == only(SOURCE, "down")


def test_what_it_sends_to_pagerduty_is_understood() -> None:
    down, up = only(SOURCE, "as-to-pagerduty-down"), only(SOURCE, "as-to-pagerduty-up")
    assert (down.status, down.title, down.labels["project"]) == (AlertStatus.FIRING, "Close the books is down", "Finance")
    assert (up.status, up.fingerprint, up.title) == (AlertStatus.RESOLVED, down.fingerprint, "Close the books is up")
    assert down.url == f"https://hc.example.net/checks/{_CHECK}/details/" and "e93facc0" not in str(down)


def test_an_acknowledgement_is_a_note() -> None:
    reading = read(SOURCE, {"event_type": "acknowledge", "incident_key": "k"})
    assert reading.notes == (Note("k", "Acknowledged in Healthchecks"),)


@pytest.mark.parametrize("status", ["new", "started", "grace", "paused"])
def test_a_state_between_down_and_up_is_no_alert(status: str) -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "down", status=status))
    assert reading.alerts == () and "Close the books" in reading.ignored[0]


@pytest.mark.parametrize("status", ["UPSIDE", "", None, 1, "$STATUS"])
def test_an_unknown_status_waits_in_the_inbox(status: Any) -> None:
    assert "status" in (only(SOURCE, payload_of(SOURCE.kind, "down", status=status)).unreadable or "")


def test_the_answer_is_one_that_it_counts_as_success() -> None:
    assert SOURCE.answer(delivery(SOURCE.kind, "down"), RECEIVED_AT.isoformat()).status in (200, 201, 202, 204)


@pytest.mark.parametrize("field", ["text", "message", "content"])
def test_a_template_of_one_sentence_is_understood(field: str) -> None:
    fired, ended = only(SOURCE, {field: "Close the books is down"}), only(SOURCE, {field: 'The check "Close the books" is UP.'})
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.title == "Close the books is down" and fired.fingerprint == ended.fingerprint


def test_the_last_state_of_a_sentence_is_the_state_of_the_check() -> None:
    alert = only(SOURCE, {"name": "Backup", "text": "Backup: the replica is up, the primary is down"})
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Backup is down")
