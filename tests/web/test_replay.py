"""A delivery that names itself counts once, however often and by whomever it is repeated, and is answered the same each time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sources import github
from tests.web.gate import BEARER, JSON, SECRET, Gate, open_gate

SOURCES = {"github": {"kind": "github"}, "also": {"kind": "github"}, "plain": {"kind": "alertmanager"}}
RUN = {"action": "completed", "workflow_run": {"id": 1, "conclusion": "failure", "name": "build"}}


@pytest.fixture
async def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    async with open_gate(tmp_path, monkeypatch, SOURCES) as opened:
        yield opened


async def deliver(gate: Gate, identity: str | None, source: str = "github", **more: str) -> tuple[int, Any]:
    body = json.dumps(RUN).encode()
    assert github.SOURCE.sign is not None
    named = {} if identity is None else {"X-GitHub-Delivery": identity}
    headers = {**JSON, "X-GitHub-Event": "workflow_run", **named, **github.SOURCE.sign(SECRET.encode(), body), **more}
    return await gate.send("POST", f"/alerts/{source}", body, **headers)


async def test_a_repeated_delivery_counts_once_and_is_answered_the_same(gate: Gate) -> None:
    first = await deliver(gate, "72d3162e-cc78-11e3-81ab-4c9367dc0958")
    again = [await deliver(gate, "72d3162e-cc78-11e3-81ab-4c9367dc0958") for _ in range(2)]
    assert first[0] == 202
    assert again == [first, first]
    assert [stored["id"] for stored in await gate.stored()] == [first[1]["receipt"]]


async def test_two_deliveries_of_one_body_count_twice(gate: Gate) -> None:
    await deliver(gate, "one")
    await deliver(gate, "two")
    assert len(await gate.stored()) == 2


async def test_a_delivery_without_a_name_counts_each_time(gate: Gate) -> None:
    await deliver(gate, None)
    await deliver(gate, None)
    assert len(await gate.stored()) == 2


async def test_two_sources_do_not_share_the_names_of_deliveries(gate: Gate) -> None:
    await deliver(gate, "one")
    await deliver(gate, "one", "also")
    assert len(await gate.stored()) == 2


async def test_a_receipt_cannot_be_told_from_the_name_of_the_delivery(gate: Gate) -> None:
    _, said = await deliver(gate, "one")
    assert len(said["receipt"]) == 22
    assert "one" not in said["receipt"]


async def test_a_trial_of_a_delivery_does_not_use_its_name_up(gate: Gate) -> None:
    await deliver(gate, "one", **{"X-Muster-Test": "1"})
    await deliver(gate, "one", **{"X-Muster-Test": "1"})
    await deliver(gate, "one")
    assert [stored["envelope"]["test"] for stored in await gate.stored()] == [True, True, False]


async def test_a_monitor_that_repeats_itself_on_purpose_counts_each_time(gate: Gate) -> None:
    for _ in range(3):
        assert (await gate.post("/alerts/plain", {"alerts": []}, **BEARER))[0] == 202
    assert len(await gate.stored()) == 3
