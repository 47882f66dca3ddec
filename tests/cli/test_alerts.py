"""``muster alert`` and ``muster silence`` beside a running bot."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import muster
from tests.house import House, alert, open_house
from tests.policies import make_policy


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    policy = make_policy(routes=[{"name": "rest", "match": {"alertname": "*"}, "action": "inbox"}])
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", policy) as opened:
        yield opened


async def call(house: House, *arguments: str) -> Result:
    environment = {"MUSTER_URL": house.bot.url, "MUSTER_TOKEN": "api-token", "COLUMNS": "80"}
    return await asyncio.to_thread(lambda: CliRunner().invoke(muster, arguments, env=environment))


async def test_the_ids_of_the_inbox_are_whole_on_a_narrow_terminal_and_can_be_given_back(house: House) -> None:
    assert (await house.post_alert(alert())).status == 202
    await house.settle()
    (waiting,) = json.loads((await call(house, "alert", "list", "--json")).stdout)
    listed = await call(house, "alert", "list")
    assert waiting["id"] in listed.stdout
    declared = await call(house, "alert", "declare", waiting["id"])
    assert declared.exit_code == 0, declared.output
    assert "INC-1" in declared.stdout
    detached = await call(house, "alert", "detach", "INC-1", waiting["id"])
    assert detached.stdout == "1 alert is in the inbox again.\n"
    attached = await call(house, "alert", "attach", "INC-1", waiting["id"])
    assert attached.stdout == "1 alert is INC-1's now.\n"


async def test_a_silence_says_its_end_in_a_time_that_people_read(house: House) -> None:
    made = await call(house, "silence", "add", "2h", "service=checkout", "--why", "the new gateway")
    assert re.fullmatch(r"Silence 1 until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n", made.stdout), made.output
    listed = await call(house, "silence", "list")
    assert "service=checkout" in listed.stdout and "the new gateway" in listed.stdout
    ended = await call(house, "silence", "end", "1")
    assert ended.stdout == "Silence 1 is over.\n"
    assert "Nothing is silenced." in (await call(house, "silence", "list")).stdout


@pytest.mark.parametrize("label", ["service", "service=", "=checkout"])
def test_a_label_without_its_value_is_quoted_as_it_was_given(label: str) -> None:
    found = CliRunner().invoke(muster, ("silence", "add", "2h", label, "--why", "x"))
    assert found.exit_code == 2
    assert f"Expected NAME=GLOB, got {label!r}." in found.stderr
