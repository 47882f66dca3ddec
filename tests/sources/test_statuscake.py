"""StatusCake: form fields with StatusCake's own token."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import Alert, AlertStatus
from bot.sources.statuscake import SOURCE, verify
from tests.sources.deliveries import body_of, delivery, only, payload_of

_FORM = "application/x-www-form-urlencoded"
_TOKEN = b"3f2b8f2f6c7c5f1b0f4f5b1d9c7d8e11"


def _posted(name: str, **changes: Any) -> Alert:
    return only(SOURCE, None, body=body_of(SOURCE.kind, name), content_type=_FORM, **changes)


def test_a_test_that_is_down_fires_and_says_that_nothing_answered() -> None:
    alert = _posted("down.txt")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Ledger API is down", "7210391")
    assert alert.annotations["error"] == "No answer in time"
    assert alert.labels["service"] == "ledger" and alert.labels["tags"] == "billing"


def test_the_recovery_is_of_the_same_test() -> None:
    alert = _posted("up.txt")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, _posted("down.txt").fingerprint)
    assert "error" not in alert.annotations


def test_a_test_without_a_number_is_known_by_name_and_address() -> None:
    down = only(SOURCE, "without-number")
    up = only(SOURCE, payload_of(SOURCE.kind, "without-number", Status="UP", StatusCode=200))
    assert (down.annotations["error"], up.status, up.fingerprint) == ("HTTP 502", AlertStatus.RESOLVED, down.fingerprint)
    assert only(SOURCE, payload_of(SOURCE.kind, "without-number", Name="Shop")).fingerprint != down.fingerprint


def test_placeholders_in_the_address_say_the_same_by_get() -> None:
    query = {"url": "https://ledger.example.net/healthz", "status": "Down", "statuscode": "503", "name": "Ledger API", "ip": "|IP|"}
    alert = only(SOURCE, None, method="GET", query=query, body=b"")
    assert (alert.status, alert.annotations) == (AlertStatus.FIRING, {"error": "HTTP 503"})


def test_the_token_of_the_body_is_the_secret() -> None:
    posted = delivery(SOURCE.kind, None, body=body_of(SOURCE.kind, "down.txt"), content_type=_FORM)
    assert verify(_TOKEN, posted)
    assert not verify(b"another", posted)


@pytest.mark.parametrize("payload", [{"Status": "Down"}, {"Token": None}, {"Token": ["3f2b"]}, [1], None])
def test_a_body_without_the_token_proves_nothing(payload: Any) -> None:
    assert not verify(_TOKEN, delivery(SOURCE.kind, payload))


def test_the_token_is_not_kept() -> None:
    assert _TOKEN.decode() not in str(_posted("down.txt"))
    odd = only(SOURCE, {"Token": _TOKEN.decode(), "Status": "Sideways", "TestID": "1"})
    assert odd.unreadable is not None and _TOKEN.decode() not in str(odd)


@pytest.mark.parametrize("status", ["Downish", "", None, 0])
def test_an_unknown_status_waits_in_the_inbox(status: object) -> None:
    assert "Status" in (only(SOURCE, payload_of(SOURCE.kind, "without-number", Status=status)).unreadable or "")


def test_a_test_that_says_nothing_of_itself_waits_in_the_inbox() -> None:
    assert "TestID" in (only(SOURCE, {"Status": "Down"}).unreadable or "")


def test_the_code_of_a_query_is_the_error_as_well() -> None:
    query = {"URL": "https://ledger.example.net", "Name": "Ledger API", "Code": "503", "Status": "Down"}
    assert only(SOURCE, query, method="GET").annotations["error"] == "HTTP 503"
