"""User groups stand on the timeline by name, where Slack lets us read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import DEFAULT_SCOPES
from tests.house import House, open_house

CHANNEL = "inc-1-checkout-returns-500"


async def written(house: House, *lines: str) -> str:
    """The timeline as the person who declared reads it, after those lines were written in the channel."""
    await house.sandbox.slack.command("U0ANA", "declare P1 Checkout returns 500")
    await house.settle()
    for line in lines:
        await house.sandbox.slack.say("U0ANA", CHANNEL, line)
    answer = await house.sandbox.slack.command("U0ANA", "timeline", channel=CHANNEL)
    return str(answer.body)


@pytest.mark.parametrize(("scopes", "shown"), [(DEFAULT_SCOPES | {"usergroups:read"}, "@on-call"), (DEFAULT_SCOPES, "@S0ONCALL")])
async def test_a_group_is_named_where_the_scope_was_given(tmp_path: Path, scopes: frozenset[str], shown: str) -> None:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path}/muster.db", scopes=scopes) as house:
        assert f"{shown} please look" in await written(house, "<!subteam^S0ONCALL> please look", "<!subteam^S0ONCALL> again")
        asked = [request for request in house.sandbox.requests if request.name == "usergroups.list"]
        assert len(asked) == 1, "asked once in ten minutes, whatever came of it"
