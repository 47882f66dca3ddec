"""``muster gate`` beside a running bot: what it prints, and the exit codes that scripts go by (J14)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import muster
from tests.house import House, open_house
from tests.policies import make_policy

TOKENS = [
    {"name": "cli", "secret": "env:MUSTER_API_TOKEN", "person": "ana"},
    {"name": "deploys", "secret": "env:PROMETHEUS_SECRET", "access": "viewer"},
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    policy = make_policy(tokens=TOKENS, gate={"severities": ["P0"]})
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", policy) as opened:
        yield opened


async def call(house: House, *arguments: str, token: str = "api-token") -> Result:
    return await run(house.bot.url, *arguments, token=token)


async def run(url: str, *arguments: str, token: str = "api-token") -> Result:
    environment = {"MUSTER_URL": url, "MUSTER_TOKEN": token}
    return await asyncio.to_thread(lambda: CliRunner().invoke(muster, arguments, env=environment))


async def test_it_exits_0_when_ready_and_1_with_a_reason_a_line_when_not(house: House) -> None:
    ready = await call(house, "gate")
    assert (ready.exit_code, ready.stdout) == (0, "Ready: nothing closes the gate.\n")
    await call(house, "incident", "declare", "--severity", "P0", "Checkout returns 500")
    frozen = await call(house, "gate", "freeze", "The launch is on Monday.")
    assert (frozen.exit_code, frozen.stdout) == (0, "Frozen since 2026-11-20 22:05 UTC: The launch is on Monday.\n")
    closed = await call(house, "gate")
    assert closed.exit_code == 1
    assert closed.stdout.splitlines() == [
        "Ana froze it at 2026-11-20 14:05 PT / 22:05 UTC: The launch is on Monday.",
        "INC-1 [P0] is open: Checkout returns 500.",
    ]
    assert closed.stderr == ""


async def test_json_has_the_codes_and_the_same_exit_codes(house: House) -> None:
    ready = await call(house, "gate", "--json")
    assert (ready.exit_code, json.loads(ready.stdout)) == (0, {"ready": True, "reasons": []})
    await call(house, "gate", "freeze", "why not")
    closed = await call(house, "gate", "--json")
    assert closed.exit_code == 1
    assert [reason["code"] for reason in json.loads(closed.stdout)["reasons"]] == ["frozen"]


async def test_a_freeze_is_thawed_once_and_a_second_one_is_refused_with_the_first(house: House) -> None:
    await call(house, "gate", "freeze", "the migration")
    again = await call(house, "gate", "freeze", "another")
    assert again.exit_code == 1
    assert "Ana froze it already" in again.stderr and "the migration" in again.stderr
    thawed = await call(house, "gate", "thaw")
    assert (thawed.exit_code, thawed.stdout) == (0, "The freeze of Ana is over: the migration.\n")
    over = await call(house, "gate", "thaw")
    assert (over.exit_code, over.stderr) == (1, "Error: Nobody froze it, so there is nothing to thaw.\n")


async def test_a_viewers_token_may_ask_and_not_freeze(house: House) -> None:
    assert (await call(house, "gate", token="prometheus-secret")).exit_code == 0
    refused = await call(house, "gate", "freeze", "why not", token="prometheus-secret")
    assert refused.exit_code == 1
    assert "viewer" in refused.stderr
    assert (await call(house, "gate")).exit_code == 0


async def test_it_exits_2_when_nobody_knows(house: House) -> None:
    wrong = await call(house, "gate", token="wrong")
    assert (wrong.exit_code, "That token is none of this policy's." in wrong.stderr) == (2, True)
    missing = await call(house, "gate", token="")
    assert (missing.exit_code, "MUSTER_TOKEN is not set" in missing.stderr) == (2, True)
    nobody = await run("http://127.0.0.1:1", "gate")
    assert (nobody.exit_code, "No bot answers at http://127.0.0.1:1" in nobody.stderr) == (2, True)
    other = await run(house.sandbox.url, "gate")
    assert (other.exit_code, "is MUSTER_URL the address of a bot?" in other.stderr) == (2, True)
