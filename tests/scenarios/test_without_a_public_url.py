"""A bot that Twilio cannot reach: replies and receipts are asked for, and mean the same as if they had been brought (B13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.domain.pages import PageState
from bot.domain.severity import ClockName, Road
from bot.poller import Poller
from bot.sandbox import SandboxSettings
from bot.sandbox.faults import Fault
from bot.senders.twilio_inbox import TwilioInbox
from bot.services.work import UnitOfWork
from bot.store import escalations, incidents
from tests.house import House, alert, open_house
from tests.policies import ANA, BEN, TIM, make_policy

LEASE = timedelta(seconds=30)


@pytest.fixture
async def hidden(database_url: str) -> AsyncIterator[House]:
    """A house with no address that Twilio could call."""
    async with open_house(database_url, public_url=None, twilio_whatsapp_from=SandboxSettings().whatsapp_from) as house:
        await house.bot.poller.poll_now()
        yield house


async def page_tim(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    assert len(house.texts(TIM)) == 1


async def ask(house: House) -> None:
    """Has the bot ask everybody now, and do what follows from the answers."""
    await house.bot.poller.poll_now()
    await house.settle()


async def test_a_reply_is_read_and_answered_by_a_text(hidden: House) -> None:
    await page_tim(hidden)
    await hidden.sandbox.phones.reply(TIM, "1")
    await ask(hidden)
    assert (await hidden.show("INC-1"))["acknowledged_via"] == "SMS"
    assert [text[:5] for text in hidden.texts(TIM)[1:]] == ["INC-1"]


async def test_a_reply_that_is_listed_again_has_no_second_effect(hidden: House) -> None:
    await page_tim(hidden)
    await hidden.sandbox.phones.reply(TIM, "what is this?")
    for _ in range(3):
        await ask(hidden)
    assert len(hidden.texts(TIM)) == 2


async def test_a_reply_by_whatsapp_is_read_as_well(hidden: House) -> None:
    await page_tim(hidden)
    await hidden.sandbox.phones.reply(TIM, "1", channel="whatsapp")
    await ask(hidden)
    assert (await hidden.show("INC-1"))["acknowledged_via"] == "WhatsApp"


async def test_a_reply_that_was_brought_and_is_listed_counts_once(house: House) -> None:
    await page_tim(house)
    world = house.sandbox.settings
    async with aiohttp.ClientSession() as session:
        account = {"account_sid": world.twilio_account_sid, "auth_token": world.twilio_auth_token}
        inbox = TwilioInbox(**account, api_url=house.sandbox.twilio_api_url, session=session)
        poller = Poller(house.bot.services, owner="other", lease=LEASE, phones=inbox, numbers=[world.twilio_from])
        await poller.poll_now()
        await house.sandbox.phones.reply(TIM, "1")
        asked_before = len(house.sandbox.requests)
        await poller.poll_now()
    await house.settle()
    assert "Messages.list" in {request.name for request in house.sandbox.requests[asked_before:]}
    assert len(house.sandbox.phones.answers) == 1
    assert len(house.texts(TIM)) == 1


async def test_a_page_that_the_carrier_gave_up_moves_the_chain_on(hidden: House) -> None:
    hidden.sandbox.phones.behave(TIM, "undelivered", 30006)
    await hidden.post_alert(alert())
    await hidden.settle()
    await hidden.eventually(lambda: hidden.sandbox.phones.messages[0].status == "undelivered", "the carrier to give up")
    assert hidden.texts(ANA) == []
    await ask(hidden)
    assert len(hidden.texts(ANA)) == 1


async def test_a_delivered_page_is_asked_for_no_more(hidden: House) -> None:
    await page_tim(hidden)
    await hidden.eventually(lambda: hidden.sandbox.phones.messages[0].status == "delivered", "the text to be delivered")
    await ask(hidden)
    asked_before = len(hidden.sandbox.requests)
    await ask(hidden)
    names = [request.name for request in hidden.sandbox.requests[asked_before:]]
    assert "Messages.list" in names
    assert "Messages.fetch" not in names


async def failed(house: House) -> int:
    """How many pages of the incident could not arrive."""

    async def look(work: UnitOfWork) -> int:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        return len([page for page in await escalations.list_pages(work.tx, incident.id) if page.state is PageState.FAILED])

    return await house.bot.services.read(look)


async def test_a_page_that_twilio_does_not_know_does_not_hide_the_others(hidden: House) -> None:
    phones = hidden.sandbox.phones
    for number in (ANA, BEN):
        phones.behave(number, "undelivered", 30006)
    await page_tim(hidden)
    await hidden.travel(minutes=4)
    given_up = [sms for sms in phones.messages if sms.to in (ANA, BEN)]
    await hidden.eventually(lambda: {sms.status for sms in given_up} == {"undelivered"}, "the carrier to give up")
    hidden.sandbox.faults.add(Fault("twilio", "error", name="Messages.fetch", error="20404", times=1))
    await ask(hidden)
    assert await failed(hidden) == 1
    await ask(hidden)
    assert await failed(hidden) == 2


async def test_a_call_that_found_the_line_busy_moves_the_chain_on(database_url: str) -> None:
    policy = make_policy()
    p0 = policy.severities[0].model_copy(update={"roads": {ClockName.ACKNOWLEDGE: (Road.VOICE,)}})
    policy = policy.model_copy(update={"severities": (p0, *policy.severities[1:])})
    async with open_house(database_url, policy, public_url=None, twilio_voice_from=SandboxSettings().voice_from) as house:
        phones = house.sandbox.phones
        await house.post_alert(alert())
        await house.settle()
        (call,) = phones.calls
        await house.eventually(lambda: call.status == "ringing", "the phone to ring")
        await phones.voice.busy(call.sid)
        await ask(house)
        assert {call.to for call in phones.calls[1:]} == {ANA, BEN}


async def test_replicas_that_ask_at_once_answer_once(hidden: House) -> None:
    world = hidden.sandbox.settings
    await page_tim(hidden)
    await hidden.sandbox.phones.reply(TIM, "1")
    async with aiohttp.ClientSession() as session:
        account = {"account_sid": world.twilio_account_sid, "auth_token": world.twilio_auth_token}
        inbox = TwilioInbox(**account, api_url=hidden.sandbox.twilio_api_url, session=session)
        other = Poller(hidden.bot.services, owner="other", lease=LEASE, phones=inbox, numbers=[world.twilio_from])
        await asyncio.gather(hidden.bot.poller.poll_now(), other.poll_now())
    await hidden.settle()
    assert len(hidden.texts(TIM)) == 2


async def test_a_pause_that_twilio_asks_for_stops_the_asking_and_no_page(hidden: House) -> None:
    hidden.sandbox.faults.add(Fault("twilio", "ratelimited", name="Messages.list", times=None))
    await hidden.bot.poller.poll_now()
    asked_before = len(hidden.sandbox.requests)
    await hidden.bot.poller.poll_now()
    assert not [request for request in hidden.sandbox.requests[asked_before:] if request.name == "Messages.list"]
    await page_tim(hidden)


async def test_asking_leaves_the_house_at_rest(hidden: House) -> None:
    await ask(hidden)
    assert await hidden.idle()
