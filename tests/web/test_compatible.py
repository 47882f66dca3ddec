"""The addresses of other services: the key selects the source, and each is answered as that service would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.gate import BEARER, JSON, SECRET, Gate, open_gate

SOURCES = {
    "metrics": {"kind": "prometheus"},
    "events": {"kind": "pagerduty"},
    "genie": {"kind": "opsgenie"},
    "other": {"kind": "pagerduty", "secret": "env:OTHER_SECRET"},
}
OTHER = "another-secret-of-the-gate"
GENIE = {"Authorization": f"GenieKey {SECRET}", **JSON}
TRIGGER = {
    "routing_key": SECRET,
    "event_action": "trigger",
    "dedup_key": "checkout",
    "payload": {"summary": "Checkout returns 500", "source": "web-1", "severity": "critical"},
}
FIRST = {"service_key": SECRET, "event_type": "trigger", "incident_key": "checkout", "description": "Checkout returns 500"}
CREATE = {"message": "Checkout returns 500", "alias": "checkout", "priority": "P1"}


@pytest.fixture
async def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    monkeypatch.setenv("OTHER_SECRET", OTHER)
    async with open_gate(tmp_path, monkeypatch, SOURCES) as opened:
        yield opened


async def test_prometheus_is_answered_as_by_an_alertmanager(gate: Gate) -> None:
    assert await gate.post("/api/v2/alerts", [{"labels": {"alertname": "Down"}}]) == (200, "")
    stored = await gate.only()
    assert (stored["source"], stored["envelope"]) == ("metrics", None)


async def test_prometheus_may_call_us_by_the_path_of_a_source_as_well(gate: Gate) -> None:
    assert await gate.post("/alerts/metrics/api/v2/alerts", [{"labels": {"alertname": "Down"}}]) == (200, "")
    assert (await gate.only())["envelope"]["tail"] == "api/v2/alerts"


@pytest.mark.parametrize("headers", [JSON, {**JSON, "Authorization": "Bearer wrong"}])
async def test_a_prometheus_without_the_secret_is_401(gate: Gate, headers: dict[str, str]) -> None:
    status, said = await gate.post("/api/v2/alerts", [], **headers)
    assert (status, said["code"]) == (401, "wrong_secret")


async def test_an_event_goes_to_the_source_of_its_key(gate: Gate) -> None:
    status, said = await gate.post("/v2/enqueue", TRIGGER, **JSON)
    assert (status, said) == (202, {"status": "success", "message": "Event processed", "dedup_key": "checkout"})
    await gate.post("/v2/enqueue", TRIGGER | {"routing_key": OTHER}, **JSON)
    stored = await gate.stored()
    assert [one["source"] for one in stored] == ["events", "other"]
    assert stored[0]["envelope"]["tail"] == "v2/enqueue"
    assert SECRET not in repr(stored) and OTHER not in repr(stored)


async def test_an_event_of_version_1_is_answered_as_such(gate: Gate) -> None:
    status, said = await gate.post("/generic/2010-04-15/create_event.json", FIRST, **JSON)
    assert (status, said["incident_key"]) == (200, "checkout")


async def test_a_change_is_taken_too(gate: Gate) -> None:
    change = {"routing_key": SECRET, "payload": {"summary": "Deployed 1.4.2", "source": "ci"}}
    assert (await gate.post("/v2/change/enqueue", change, **JSON))[0] == 202


@pytest.mark.parametrize(
    "body",
    [
        TRIGGER | {"routing_key": "wrong"},
        TRIGGER | {"routing_key": None},
        TRIGGER | {"routing_key": [SECRET]},
        {},
        b"{",
        b"[]",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/v2/enqueue", "/generic/2010-04-15/create_event.json"])
async def test_an_event_that_cannot_be_taken_is_invalid_as_pagerduty_says_it(gate: Gate, path: str, body: Any) -> None:
    status, said = await gate.post(path, body, **JSON)
    assert (status, said["status"], len(said["errors"])) == (400, "invalid event", 1)
    assert await gate.stored() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v2/alerts", CREATE),
        ("POST", "/v2/alerts/checkout/close?identifierType=alias", {}),
        ("POST", "/v2/alerts/checkout/acknowledge?identifierType=alias", {"user": "ana"}),
        ("POST", "/v2/alerts/checkout/close?identifierType=alias", None),
        ("PUT", "/v2/alerts/checkout/message?identifierType=alias", {"message": "Checkout is slow"}),
        ("PUT", "/v2/alerts/checkout/description?identifierType=alias", {"description": "p99 at 4 s"}),
    ],
)
async def test_opsgenies_calls_are_answered_as_it_does(gate: Gate, method: str, path: str, body: Any) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    status, said = await gate.send(method, path, content, **GENIE)
    assert (status, said["result"]) == (202, "Request will be processed")
    stored = await gate.only()
    assert stored["source"] == "genie"
    assert stored["envelope"]["tail"] == path.strip("/").partition("?")[0]
    assert stored["envelope"]["method"] == method
    assert stored["envelope"]["query"] == ({"identifierType": "alias"} if "?" in path else {})


async def test_opsgenie_may_be_called_by_the_path_of_a_source_as_well(gate: Gate) -> None:
    assert (await gate.send("POST", "/alerts/genie/v2/alerts", json.dumps(CREATE).encode(), **GENIE))[0] == 202
    assert (await gate.only())["envelope"]["tail"] == "v2/alerts"


@pytest.mark.parametrize("headers", [JSON, {**JSON, "Authorization": "GenieKey wrong"}])
async def test_opsgenie_without_the_key_is_401_in_its_own_words(gate: Gate, headers: dict[str, str]) -> None:
    status, said = await gate.post("/v2/alerts", CREATE, **headers)
    assert (status, said["message"]) == (401, "Could not authenticate")
    assert said["requestId"]


@pytest.mark.parametrize(("body", "expected"), [(b"{", 400), (b"[]", 422), (b'"x"', 422)])
async def test_opsgenie_is_told_what_cannot_be_read_in_its_own_words(gate: Gate, body: bytes, expected: int) -> None:
    status, said = await gate.send("POST", "/v2/alerts", body, **GENIE)
    assert (status, set(said)) == (expected, {"message", "took", "requestId"})


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/api/v2/alerts", BEARER), ("/v2/enqueue", JSON), ("/v2/alerts", GENIE)],
    ids=["prometheus", "pagerduty", "opsgenie"],
)
async def test_a_body_over_one_mebibyte_is_413_everywhere(gate: Gate, path: str, headers: dict[str, str]) -> None:
    assert (await gate.send("POST", path, b'{"a": "' + b"x" * 1024 * 1024 + b'"}', **headers))[0] == 413


async def test_without_such_a_source_nobody_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_gate(tmp_path, monkeypatch, {"plain": {"kind": "alertmanager"}}) as gate:
        answers = [await gate.post(path, TRIGGER) for path in ("/api/v2/alerts", "/v2/enqueue", "/v2/alerts")]
        assert [status for status, _ in answers] == [401, 400, 401]
