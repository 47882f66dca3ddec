"""Slack over Socket Mode: the SDK's own client against the sandbox's websockets."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Conflict
from bot.listeners import Slack, commands
from bot.listeners.probe import ProbePace
from bot.listeners.requests import Verification
from bot.listeners.socket import Pace, Socket
from bot.sandbox.delivery import Envelope
from bot.sandbox.faults import Fault
from bot.sandbox.socket import Connection
from bot.senders.slack_calls import web_client
from bot.store import incidents
from tests.house import House, open_house
from tests.scenarios.responders import denials

CHANNEL = "inc-1-checkout-returns-500"
DECLARE = "declare P0 Checkout returns 500"
LIST = {
    "command": "/incident",
    "text": "list",
    "user_id": "U0ANA",
    "user_name": "ana",
    "trigger_id": "1.2.3",
    "team_id": "T0SANDBOX",
}
BRISK = Pace(
    ping_every=2.0,
    first_pause=0.02,
    longest_pause=0.2,
    steady_after=0.0,
    probe=ProbePace(every=3600, quiet_after=0, within=2.0),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", socket_mode=True, pace=BRISK) as opened:
        await opened.eventually(lambda: opened.bot.workspace_known, "Slack to say who we are")
        yield opened


def socket_of(house: House) -> Socket:
    assert house.bot.slack_socket is not None
    return house.bot.slack_socket


@asynccontextmanager
async def replica_of(house: House) -> AsyncIterator[Socket]:
    """Another edge on the same database, with links of its own."""
    world, api = house.sandbox.settings, house.sandbox.slack_api_url
    client = web_client(world.bot_token, api, house.http)
    edge = Slack(house.bot.services, client, Verification(house.clock, (), house.sandbox.state.team_id), house.sandbox.state.bot_user_id)
    socket = Socket(house.bot.services, edge, world.app_token, api, house.http, BRISK)
    running = asyncio.create_task(socket.run())
    await house.eventually(lambda: len(socket.links) == 2, "the replica's links")
    try:
        yield socket
    finally:
        socket.stop()
        await running


def incident_channels(house: House) -> list[str]:
    return [channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]


def opens(house: House) -> list[datetime]:
    """When addresses were asked for."""
    return [request.at for request in house.sandbox.requests if request.name == "apps.connections.open"]


async def replaced(house: House, before: list[Connection]) -> None:
    """Waits until there are two links, none of them one of those before."""

    def fresh() -> bool:
        now = house.sandbox.socket.connections
        return len(now) == 2 and not set(now) & set(before)

    await house.eventually(fresh, "both links to be new")


async def test_a_command_over_a_socket_is_answered_and_declares(house: House) -> None:
    answer = await house.sandbox.slack.command("U0ANA", DECLARE)
    assert answer.status == 200
    assert "INC-1" in str(answer.body)
    await house.settle()
    assert incident_channels(house) == [CHANNEL]


async def test_no_door_for_signed_requests_is_open_without_a_signing_secret(house: House) -> None:
    assert (await house.sandbox.slack.raw(b"x=1", "application/x-www-form-urlencoded", {})).status == 404


async def test_an_acknowledgement_says_that_it_is_committed(house: House) -> None:
    await house.sandbox.slack.command("U0ANA", DECLARE)
    found = await house.bot.services.read(lambda work: incidents.list_open(work.tx))
    assert [incident.reference for incident in found] == ["INC-1"]


async def test_what_was_not_committed_is_not_acknowledged_and_works_when_it_comes_again(house: House) -> None:
    async with house.bot.database.write_gate():
        answer = await house.sandbox.slack.command("U0ANA", DECLARE)
    assert (answer.status, answer.body) == (0, None)
    assert incident_channels(house) == []
    again = await house.sandbox.slack.replay(answer)
    assert again.status == 200
    await house.settle()
    assert incident_channels(house) == [CHANNEL]


async def test_what_raises_is_not_acknowledged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sandbox.socket.within = 0.3

    async def lost(*_: object) -> None:
        raise Conflict("somebody else was first, every time")

    monkeypatch.setattr(commands, "answer", lost)
    assert (await house.sandbox.slack.command("U0ANA", DECLARE)).status == 0


async def test_an_envelope_that_comes_again_has_one_effect_and_the_same_answer(house: House) -> None:
    first = await house.sandbox.slack.command("U0ANA", DECLARE)
    again = await house.sandbox.slack.replay(first)
    assert (again.status, again.body) == (200, first.body)
    await house.settle()
    assert incident_channels(house) == [CHANNEL]


async def test_an_event_that_comes_again_is_one_line_of_the_timeline(house: House) -> None:
    slack = house.sandbox.slack
    await slack.command("U0ANA", DECLARE)
    await house.settle()
    await slack.say("U0BEN", CHANNEL, "looks like the payment provider")
    again = await slack.redeliver(slack.last_event_id, 1)
    assert again.status == 200
    await slack.command("U0ANA", "resolve done", channel=CHANNEL)
    await house.settle()
    text = next(file for file in slack.files).content.decode()
    assert text.count("looks like the payment provider") == 1


async def test_a_form_is_opened_filled_and_refused_over_a_socket(house: House) -> None:
    slack = house.sandbox.slack
    await slack.command("U0ANA", "declare")
    view = (await house.eventually(lambda: [v for v in slack.open_views("U0ANA") if v.callback_id], "the form"))[0]
    view.body["private_metadata"] = "{broken"
    answer = await slack.submit("U0ANA", view.id, {"title": {"value": "x"}, "severity": {"value": "P0"}})
    assert answer.body["response_action"] == "errors"


async def test_several_links_take_turns(house: House) -> None:
    for _ in range(4):
        assert (await house.sandbox.slack.command("U0ANA", "list")).status == 200
    assert len(socket_of(house).links) == 2
    assert all(link.passed_over <= 1 for link in socket_of(house).links)


@pytest.mark.parametrize("payload", [{"team_id": "T0OTHER"}, {"team": {"id": "T0OTHER"}}])
async def test_another_workspace_is_refused(house: House, payload: dict[str, object]) -> None:
    house.sandbox.socket.within = 0.3
    assert (await house.sandbox.socket.deliver(Envelope("slash_commands", {**LIST, **payload}))).status == 0
    house.sandbox.socket.within = 3.0
    assert (await house.sandbox.socket.deliver(Envelope("slash_commands", LIST))).status == 200
    assert "a request of another workspace" in await denials(house)


async def test_a_payload_that_is_broken_is_refused_and_the_link_lives_on(house: House) -> None:
    house.sandbox.socket.within = 0.3
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"deeper": deep}
    assert (await house.sandbox.socket.deliver(Envelope("slash_commands", {**LIST, "odd": deep}))).status == 0
    house.sandbox.socket.within = 3.0
    assert (await house.sandbox.socket.deliver(Envelope("slash_commands", LIST))).status == 200


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_a_link_that_slack_wants_replaced_is_replaced(house: House, reason: str) -> None:
    before = list(house.sandbox.socket.connections)
    await house.sandbox.socket.disconnect(reason)
    await replaced(house, before)
    assert (await house.sandbox.slack.command("U0ANA", "list")).status == 200


async def test_an_answer_under_way_still_leaves_by_the_link_that_is_being_replaced(house: House) -> None:
    before = list(house.sandbox.socket.connections)
    async with house.bot.database.write_gate():
        waiting = asyncio.create_task(house.sandbox.slack.command("U0ANA", DECLARE))
        await house.eventually(lambda: any(link.at_work for link in socket_of(house).links), "the command to arrive")
        await house.sandbox.socket.disconnect("refresh_requested")
        await house.eventually(lambda: set(house.sandbox.socket.connections) - set(before), "a fresh link")
    assert (await waiting).status == 200


async def test_a_link_whose_line_was_cut_is_replaced(house: House) -> None:
    before = list(house.sandbox.socket.connections)
    await house.sandbox.socket.cut()
    await replaced(house, before)
    assert (await house.sandbox.slack.command("U0ANA", "list")).status == 200


async def test_refused_addresses_are_asked_for_again_and_never_in_a_hurry(house: House) -> None:
    before, asked = list(house.sandbox.socket.connections), len(opens(house))
    house.sandbox.faults.add(Fault("slack", "error", "apps.connections.open", times=6, error="internal_error"))
    await house.sandbox.socket.cut()
    await replaced(house, before)
    later = opens(house)[asked:]
    assert len(later) == 6 + 2
    assert later[-1] - later[0] >= (1 + 2 + 4) * timedelta(seconds=BRISK.first_pause)


async def test_an_acknowledgement_that_was_lost_with_its_link_is_given_again(house: House) -> None:
    slack, before = house.sandbox.slack, list(house.sandbox.socket.connections)
    async with house.bot.database.write_gate():
        waiting = asyncio.create_task(slack.command("U0ANA", DECLARE))
        await house.eventually(lambda: any(link.at_work for link in socket_of(house).links), "the command to arrive")
        await house.sandbox.socket.cut()
    lost = await waiting
    assert lost.status == 0
    await replaced(house, before)
    again = await slack.replay(lost)
    assert "INC-1" in str(again.body)
    await house.settle()
    assert incident_channels(house) == [CHANNEL]


def test_a_link_that_never_lasts_is_asked_for_less_and_less_often() -> None:
    pace = Pace(first_pause=0.5, longest_pause=60.0)
    longest = [max(pace.pause(failures) for _ in range(200)) for failures in range(7)]
    assert all(earlier < later for earlier, later in itertools.pairwise(longest))
    assert all(30.0 <= pace.pause(30) <= 60.0 for _ in range(200))


async def test_a_probe_of_a_healthy_link_comes_back_and_is_no_line_of_any_timeline(house: House) -> None:
    probe = socket_of(house).probe
    for _ in range(2):
        assert await probe.ask() is True
    lines = [text for text in house.said("alerts-critical") if "Muster listens here" in text]
    assert len(lines) == 1
    assert await house.idle()


async def test_the_standing_line_of_an_earlier_run_is_edited_again(house: House) -> None:
    probe = socket_of(house).probe
    assert await probe.ask() is True
    probe._line = None
    assert await probe.ask() is True
    assert len([text for text in house.said("alerts-critical") if "Muster listens here" in text]) == 1


async def test_complaint_11_links_that_look_well_but_deliver_nothing_are_noticed_and_replaced(house: House) -> None:
    house.sandbox.slack.retry_delays = ()
    told: list[str] = []

    async def page(sentence: str) -> None:
        told.append(sentence)

    probe = socket_of(house).probe
    probe.on_dead = page
    before = list(house.sandbox.socket.connections)
    for connection in before:
        connection.deaf = True
    assert await probe.ask() is False
    assert (probe.alive, len(told)) == (False, 1)
    assert "does not reach us" in told[0]
    await replaced(house, before)
    assert await probe.ask() is True
    assert probe.alive


async def test_the_operator_is_told_once_of_one_silence(house: House) -> None:
    house.sandbox.slack.retry_delays = ()
    told: list[str] = []

    async def page(sentence: str) -> None:
        told.append(sentence)

    probe = socket_of(house).probe
    probe.on_dead = page
    house.sandbox.socket.deaf = True
    assert [await probe.ask() for _ in range(2)] == [False, False]
    house.sandbox.socket.deaf = False
    await house.eventually(lambda: len(house.sandbox.socket.connections) == 2, "the links")
    assert (await house.sandbox.slack.command("U0ANA", "list")).status == 200
    assert (len(told), probe.alive) == (1, True)


async def test_a_page_of_the_operator_that_failed_is_tried_again(house: House) -> None:
    house.sandbox.slack.retry_delays = ()
    house.sandbox.socket.deaf = True
    tries: list[str] = []

    async def page(sentence: str) -> None:
        tries.append(sentence)
        if len(tries) == 1:
            raise OSError("no road is open")

    probe = socket_of(house).probe
    probe.on_dead = page
    with pytest.raises(OSError, match="no road"):
        await probe.ask()
    assert [await probe.ask() for _ in range(2)] == [False, False]
    assert len(tries) == 2


async def test_a_silence_is_asked_about_by_itself(tmp_path: Path) -> None:
    quick = replace(BRISK, probe=ProbePace(every=0.05, quiet_after=0.2, within=2.0))
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", socket_mode=True, pace=quick) as house:
        line = await house.eventually(
            lambda: [m for m in house.sandbox.slack.channel("alerts-critical").messages if "Muster listens here" in m.text], "the line"
        )
        await house.eventually(lambda: line[0].edited, "the line to be edited")
        assert socket_of(house).probe.alive


async def test_what_another_replica_hears_counts_and_the_deaf_one_connects_anew(house: House) -> None:
    house.sandbox.socket.within, house.sandbox.slack.retry_delays = 0.1, (0.0, 0.0, 0.0)
    deaf = list(house.sandbox.socket.connections)
    for connection in deaf:
        connection.deaf = True
    async with replica_of(house):
        probe = socket_of(house).probe
        assert [await probe.ask() for _ in range(8)] == [True] * 8
        await house.eventually(lambda: not set(deaf) & set(house.sandbox.socket.connections), "the deaf links to be replaced")


async def test_a_probe_that_cannot_be_sent_says_nothing_about_the_way_in(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "error", "chat.postMessage"))
    assert await socket_of(house).probe.ask() is None
    assert socket_of(house).probe.alive


async def test_one_deaf_link_among_two_is_replaced_when_the_other_is_always_served(house: House) -> None:
    house.sandbox.socket.within = 0.05
    before = list(house.sandbox.socket.connections)
    before[0].deaf = True
    for _ in range(40):
        await house.sandbox.slack.command("U0ANA", "list")
    await house.eventually(lambda: before[0] not in house.sandbox.socket.connections, "the deaf link to be replaced")
