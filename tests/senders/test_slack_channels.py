"""Channels: made once, whatever becomes of the answer; their topic, and who is in them (C3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault, Sandbox
from bot.senders.slack import Slack
from tests.senders.conftest import Peer, slack_of_peer
from tests.senders.deliveries import asked, failure, make_delivery


def named(sandbox: Sandbox, start: str) -> list[str]:
    return sorted(channel.name for channel in sandbox.state.channels.values() if channel.name.startswith(start))


async def test_a_channel_is_made_and_its_id_given_back(sandbox: Sandbox, slack: Slack) -> None:
    receipt = await slack.send(make_delivery(Kind.CHANNEL, name="inc-1-checkout"))
    assert sandbox.slack.channel("inc-1-checkout").id == receipt.provider_id
    assert receipt.facts == {"name": "inc-1-checkout"}


async def test_a_channel_whose_answer_was_lost_is_adopted_and_never_made_twice(sandbox: Sandbox, slack: Slack) -> None:
    create = make_delivery(Kind.CHANNEL, name="inc-1-checkout")
    sandbox.faults.add(Fault("slack", "drop_after", name="conversations.create"))
    assert (await failure(slack, create)).ambiguous
    receipt = await slack.send(replace(create, ambiguous=True))
    assert receipt.provider_id == sandbox.slack.channel("inc-1-checkout").id
    assert named(sandbox, "inc-1") == ["inc-1-checkout"]


async def test_a_name_that_somebody_else_has_gets_a_number(sandbox: Sandbox, slack: Slack) -> None:
    for name in ("inc-1-checkout", "inc-1-checkout-2"):
        sandbox.state.create(name, "U0ANA")
    receipt = await slack.send(make_delivery(Kind.CHANNEL, name="inc-1-checkout"))
    assert receipt.facts == {"name": "inc-1-checkout-3"}


async def test_a_numbered_channel_whose_answer_was_lost_is_adopted_too(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.state.create("inc-1-checkout", "U0ANA")
    create = make_delivery(Kind.CHANNEL, name="inc-1-checkout")
    made = await slack.send(create)
    again = await slack.send(replace(create, ambiguous=True))
    assert (again.provider_id, again.facts["adopted"]) == (made.provider_id, True)


async def test_a_taken_name_of_eighty_letters_is_cut_so_that_its_number_fits(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.state.create("i" * 80, "U0ANA")
    receipt = await slack.send(make_delivery(Kind.CHANNEL, name="i" * 80))
    assert receipt.facts == {"name": "i" * 78 + "-2"}


async def test_nine_taken_names_are_a_permanent_failure(sandbox: Sandbox, slack: Slack) -> None:
    for name in ("inc-1", *(f"inc-1-{number}" for number in range(2, 10))):
        sandbox.state.create(name, "U0ANA")
    error = await failure(slack, make_delivery(Kind.CHANNEL, name="inc-1"))
    assert (error.code, error.permanent) == ("name_taken", True)


async def test_a_topic_is_only_set_when_it_differs(sandbox: Sandbox, slack: Slack) -> None:
    channel = sandbox.slack.channel("incidents").id
    for _ in range(2):
        await slack.send(make_delivery(Kind.TOPIC, channel=channel, topic="INC-1 <P0> Checkout & cards"))
    assert asked(sandbox, "conversations.setTopic") == 1
    assert sandbox.slack.channel("incidents").topic == "INC-1 <P0> Checkout & cards"


async def test_people_are_invited_and_who_cannot_be_is_named(sandbox: Sandbox, slack: Slack) -> None:
    made = await slack.send(make_delivery(Kind.CHANNEL, name="inc-1"))
    await slack.send(make_delivery(Kind.INVITE, channel=made.provider_id, users=["U0ANA"]))
    receipt = await slack.send(make_delivery(Kind.INVITE, channel=made.provider_id, users=["U0ANA", "U0NOBODY", "U0BEN"]))
    assert sandbox.slack.channel("inc-1").members == {"U0MUSTER", "U0ANA", "U0BEN"}
    assert "U0ANA" not in receipt.facts.get("failed", {})


async def test_when_nobody_can_be_invited_each_has_a_reason_of_their_own(sandbox: Sandbox, slack: Slack) -> None:
    made = await slack.send(make_delivery(Kind.CHANNEL, name="inc-1"))
    await slack.send(make_delivery(Kind.INVITE, channel=made.provider_id, users=["U0ANA"]))
    receipt = await slack.send(make_delivery(Kind.INVITE, channel=made.provider_id, users=["U0ANA", "U0NOBODY", "U0MUSTER"]))
    assert receipt.facts == {"failed": {"U0NOBODY": "user_not_found", "U0MUSTER": "cant_invite_self"}}


async def test_whom_slack_lists_as_left_out_is_named(peer: Peer, session: aiohttp.ClientSession) -> None:
    left_out = [
        {"user": "U0DEE", "ok": False, "error": "user_is_restricted"},
        {"user": "U0BEN", "ok": False, "error": "already_in_channel"},
    ]
    peer.answers["conversations.invite"] = {"ok": True, "errors": left_out}
    receipt = await slack_of_peer(peer, session).send(make_delivery(Kind.INVITE, channel="C1", users=["U0ANA", "U0BEN", "U0DEE"]))
    assert receipt.facts == {"failed": {"U0DEE": "user_is_restricted"}}


@pytest.mark.parametrize(("age", "adopted"), [(timedelta(0), True), (timedelta(days=1), False)])
async def test_only_a_channel_that_we_made_since_the_message_was_written_is_adopted(
    peer: Peer, session: aiohttp.ClientSession, age: timedelta, adopted: bool
) -> None:
    create = make_delivery(Kind.CHANNEL, ambiguous=True, name="inc-1")
    own = {"id": "C0OLD", "name": "inc-1", "creator": "U0MUSTER", "created": (create.since - age).timestamp()}
    peer.answers = {
        "conversations.create": {"ok": False, "error": "name_taken"},
        "auth.test": {"ok": True, "user_id": "U0MUSTER"},
        "users.conversations": {"ok": True, "channels": [own, own | {"id": "C0HERS", "name": "inc-1-2", "creator": "U0ANA"}]},
    }
    slack = slack_of_peer(peer, session)
    if adopted:
        assert (await slack.send(create)).provider_id == "C0OLD"
    else:
        assert (await failure(slack, create)).code == "name_taken"
