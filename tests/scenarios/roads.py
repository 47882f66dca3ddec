"""What the phone scenarios share: houses in which people are called by chosen roads, and what an acknowledgement leaves behind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.house import House, alert, open_house
from tests.policies import ANA, ANA_MAIL, BEN, BEN_MAIL, TIM, TIM_MAIL, calling_by, make_policy

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"
ANNOUNCED = "alerts-critical"
NUMBERS = {"tim": TIM, "ana": ANA, "ben": BEN}
MAILBOXES = {"tim": TIM_MAIL, "ana": ANA_MAIL, "ben": BEN_MAIL}


@asynccontextmanager
async def calling(
    database_url: str, *roads: str, wishes: Mapping[str, Any] | None = None, chain: Sequence[Any] | None = None, **settings: Any
) -> AsyncIterator[House]:
    """A house whose P0 rings by those roads; ``wishes`` are people's own roads by their keys."""
    changes = calling_by(*roads, **(wishes or {})) | ({} if chain is None else {"chain": chain})
    async with open_house(database_url, make_policy(**changes), **settings) as house:
        yield house


async def ring(house: House) -> None:
    """An alert opens INC-1, and the first level is called."""
    assert (await house.post_alert(alert())).status == 202
    await house.settle()


def called(house: House, key: str) -> list[str]:
    """The roads by which somebody was called, each page by its road, in no order of time."""
    number = NUMBERS[key]
    texts = [sms.channel for sms in house.sandbox.phones.messages if sms.to == number]
    return sorted([*texts, *("voice" for _ in house.calls(number)), *("email" for _ in house.mails(MAILBOXES[key]))])


def code_in(text: str) -> str:
    """The code that a page asks to be answered with."""
    found = re.search(r"#(\d+)\]", text)
    assert found is not None, text
    return found.group(1)


def path_of(house: House, key: str) -> str:
    """The path of the link in somebody's newest mail."""
    found = re.search(r"http://bot\.test(/ack/\S+)", house.mails(MAILBOXES[key])[-1].text)
    assert found is not None
    return found.group(1)


async def assert_acknowledged(house: House, road: str, by: str = "Tim") -> None:
    """One acknowledgement, shown in the API, on the card, in the channel and where it was announced, before any time went by."""
    await house.settle()
    shown = await house.show("INC-1")
    assert (shown["owner"], shown["acknowledged_via"]) == (by, road)
    said = [text for text in house.said(CHANNEL) if "was acknowledged by" in text]
    assert len(said) == 1
    assert f"INC-1 was acknowledged by {by} by {road}" in said[0]
    for channel in (CHANNEL, ANNOUNCED):
        assert f"Owner: {by}" in house.card(channel)
    assert road in house.card(CHANNEL)


async def assert_rings_on(house: House) -> None:
    """Nothing was acknowledged."""
    await house.settle()
    shown = await house.show("INC-1")
    assert (shown["acknowledged_via"], shown["owner"]) == (None, None)
    assert not [text for text in house.said(CHANNEL) if "was acknowledged by" in text]
