"""Silences as rows: numbered, authored, ended once, written into the audit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.silences import Silence, parse_wish
from bot.errors import NotAllowed, NotFound, Refused
from bot.services import silences
from tests.house import NOON
from tests.services.desk import Desk

LINE = "2h service=checkout the new gateway goes live"
CHECKOUT = {"service": "checkout"}


async def say(desk: Desk, key: str = "ana", line: str = LINE) -> Silence:
    return await desk.run(silences.add, desk.names[key], parse_wish(line))


async def test_a_silence_holds_until_its_end_and_says_whose_it_is(desk: Desk) -> None:
    said = await say(desk)
    assert (said.number, said.author, said.ends_at) == (1, "Ana", NOON + timedelta(hours=2))
    found = await desk.read(silences.live)
    assert found.reason_for(CHECKOUT, NOON) == "silence 1 of Ana: the new gateway goes live"
    await desk.travel(hours=2)
    assert (await desk.read(silences.live)).said == ()


async def test_silences_are_numbered_one_after_the_other(desk: Desk) -> None:
    assert [(await say(desk)).number, (await say(desk)).number] == [1, 2]


async def test_a_silence_is_ended_once(desk: Desk) -> None:
    await say(desk)
    ended = await desk.run(silences.end, desk.names["ben"], 1)
    assert (ended.ended_at, ended.ended_by) == (NOON, "Ben")
    assert (await desk.read(silences.live)).reason_for(CHECKOUT, NOON) is None
    with pytest.raises(Refused, match="over already"):
        await desk.run(silences.end, desk.names["ben"], 1)
    with pytest.raises(NotFound, match="no silence 7"):
        await desk.run(silences.end, desk.names["ben"], 7)


async def test_who_may_only_read_silences_nothing(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        await say(desk, "vic")
    assert (await desk.read(silences.live)).said == ()


async def test_silencing_stands_in_the_audit(desk: Desk) -> None:
    await say(desk)
    await desk.run(silences.end, desk.names["ana"], 1)
    assert await desk.verifies()
