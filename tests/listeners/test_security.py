"""What somebody who means harm can do from within Slack: as a guest, from another company, put out of a private channel."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from bot.domain.moments import split_moment
from bot.errors import Malformed
from bot.listeners.directory import profile_of
from bot.messages import actions
from bot.sandbox.delivery import Envelope
from bot.sandbox.faults import Fault
from bot.sandbox.workspace import User
from bot.services import situations
from tests.house import NOON, House, open_house

CROWD = [f"U00A{number}" for number in range(6)]
NO_ACCESS = "You have no access here"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}") as opened:
        await opened.eventually(lambda: opened.bot.workspace_known, "Slack to say who we are")
        for user_id in CROWD:
            opened.sandbox.state.users[user_id] = User(user_id, user_id.lower(), "")
        yield opened


def looked_up(house: House) -> list[str]:
    return [str(request.params["user"]) for request in house.sandbox.requests if request.name == "users.info"]


async def test_a_guest_does_not_hide_behind_the_people_they_mention(house: House) -> None:
    crowd = " ".join(f"<@{user_id}>" for user_id in CROWD)
    answer = await house.sandbox.slack.command("U0DEE", f"declare P0 fire {crowd}")
    assert NO_ACCESS in answer.body["text"]
    assert NO_ACCESS in (await house.sandbox.slack.command("U0DEE", "list")).body["text"]


async def test_a_guest_who_writes_first_and_mentions_many_is_still_a_guest(house: House) -> None:
    house.sandbox.slack.channel("alerts-critical").members.add("U0DEE")
    await house.sandbox.slack.say("U0DEE", "alerts-critical", " ".join(f"<@{user_id}>" for user_id in CROWD))
    await house.settle()
    assert NO_ACCESS in (await house.sandbox.slack.command("U0DEE", "list")).body["text"]


async def test_made_up_mentions_cost_few_questions_to_slack_and_whoever_acts_is_asked_for_all_the_same(house: House) -> None:
    for turn in range(12):
        await house.sandbox.slack.say("U0ANA", "alerts-critical", " ".join(f"<@U0FAKE{turn}X{number}>" for number in range(40)))
    assert len(looked_up(house)) <= 30
    assert NO_ACCESS in (await house.sandbox.slack.command("U0DEE", "list")).body["text"]


@pytest.mark.parametrize(
    ("user", "guest"),
    [
        ({"team_id": "T0OURS"}, False),
        ({"team_id": "T0OTHER"}, True),
        ({"team_id": "T0HOME", "enterprise_user": {"enterprise_id": "E0OURS", "teams": ["T0HOME", "T0OURS"]}}, False),
        ({"team_id": "T0OTHER", "enterprise_user": {"enterprise_id": "E0OTHER", "teams": ["T0OTHER"]}}, True),
        ({"team_id": "T0OURS", "is_ultra_restricted": True}, True),
    ],
)
def test_a_member_of_another_company_is_a_guest_also_when_that_company_has_an_organisation(user: dict[str, Any], guest: bool) -> None:
    assert profile_of({"id": "U1", **user}, "T0OURS").guest is guest


async def private_incident(house: House) -> str:
    """The channel of a private incident that Ben declared and nobody else has a part in."""
    await house.sandbox.slack.command("U0BEN", "declare private P1 Somebody sells our customers' data")
    await house.settle()
    return next(channel.id for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-1"))


async def seen_in_list(house: House, user: str) -> bool:
    answer = await house.sandbox.slack.command(user, "list")
    return "INC-1" in answer.body["text"]


async def test_whose_words_were_kept_on_a_private_timeline_learns_nothing_of_it(house: House) -> None:
    slack = house.sandbox.slack
    await private_incident(house)
    said = await slack.say("U0CHI", "general", "I copied the table to my laptop")
    await slack.shortcut_message("U0BEN", "general", said.ts, "incident.add_to_timeline")
    view = (await house.eventually(lambda: [view for view in slack.open_views("U0BEN") if view.callback_id], "the form"))[0]
    options = next(block for block in view.body["blocks"] if block.get("block_id") == "incident")["element"]["options"]
    await slack.submit("U0BEN", view.id, {"incident": {"value": options[0]["value"]}})
    await house.settle()
    assert await seen_in_list(house, "U0BEN")
    assert not await seen_in_list(house, "U0CHI")


async def test_who_was_put_out_of_a_private_channel_sees_the_incident_no_more(house: House) -> None:
    channel = await private_incident(house)
    await house.sandbox.slack.add("U0CHI", channel)
    await house.settle()
    assert await seen_in_list(house, "U0CHI")
    await house.sandbox.slack.leave("U0CHI", channel)
    await house.settle()
    assert not await seen_in_list(house, "U0CHI")
    assert "There is no incident" in (await house.sandbox.slack.command("U0CHI", "timeline INC-1")).body["text"]


@pytest.mark.parametrize("typed", ["INC-{}", "inc-{}", "InC-{}", "INC-0{}"])
async def test_a_private_incident_is_refused_in_the_words_of_one_that_is_not_there(house: House, typed: str) -> None:
    await private_incident(house)
    hidden, missing = [(await house.sandbox.slack.command("U0CHI", f"status {typed.format(number)}")).body["text"] for number in (1, 9)]
    assert "There is no incident" in hidden
    assert hidden == missing.replace("9", "1")


@pytest.mark.parametrize("when", ["9999-12-31 23:59", "0001-01-01 00:00", "0000-00-00 00:00", "2026-02-30 10:00"])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_a_moment_at_the_end_of_the_calendar_is_a_moment_or_a_sentence(when: str, zone: str) -> None:
    try:
        at, rest = split_moment(f"{when} rolled back", NOON, zone)
    except Malformed as refusal:
        assert "a time" in str(refusal)
    else:
        assert (at.year, rest) == (1, "rolled back")


async def test_what_came_over_a_socket_has_no_second_effect_over_http(tmp_path: Path) -> None:
    secret = SecretStr("signing-secret-of-a-test")
    url = f"sqlite+aiosqlite:///{tmp_path / 'both.db'}"
    fields = {"command": "/incident", "text": "declare P1 Search is slow", "user_id": "U0ANA", "channel_id": "C1", "trigger_id": "1.2.3"}
    async with open_house(url, socket_mode=True, slack_signing_secret=secret) as house:
        first = await house.sandbox.socket.deliver(Envelope("slash_commands", fields | {"team_id": "T0SANDBOX"}))
        body = urlencode(fields | {"team_id": "T0SANDBOX"}).encode()
        stamp = str(int(house.clock.real().timestamp()))
        signature = SignatureVerifier(secret.get_secret_value()).generate_signature(timestamp=stamp, body=body)
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": str(signature),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with house.http.post(f"{house.bot.url}/slack/events", data=body, headers=headers) as response:
            assert "INC-1" in (await response.json())["text"]
        await house.settle()
        assert "INC-1" in str(first.body)
        assert len([one for one in house.sandbox.slack.channels.values() if one.name.startswith("inc-")]) == 1


@pytest.mark.parametrize("error", ["ratelimited", "user_not_found", "internal_error"])
async def test_who_says_to_be_of_another_company_is_a_guest_also_when_slack_says_nothing(house: House, error: str) -> None:
    await house.sandbox.slack.command("U0ANA", "declare P0 Checkout returns 500")
    await house.settle()
    incident = (await house.bot.services.read(situations.list_open))[0].incident
    house.sandbox.faults.add(Fault("slack", "error", "users.info", times=None, error=error))
    payload = {
        "type": "block_actions",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0QUINN", "username": "quinn", "team_id": "T0OTHER"},
        "trigger_id": "1.2.3",
        "channel": {"id": "C0SHARED"},
        "actions": [{"action_id": actions.ACKNOWLEDGE, "block_id": "b", "value": incident.id, "type": "button"}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    answer = await house.sandbox.slack.raw(body, "application/x-www-form-urlencoded", house.sandbox.slack.sign(body))
    await house.settle()
    assert answer.status == 200
    assert (await house.show("INC-1"))["acknowledged_at"] is None
