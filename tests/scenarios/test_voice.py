"""Calls: the title is spoken, 1 acknowledges, 2 escalates, and nothing else is ever an answer (C5, RELIABILITY 29, 30)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.calls import Call
from tests.house import House
from tests.policies import ANA, BEN, TIM
from tests.scenarios.roads import CHANNEL, assert_acknowledged, assert_rings_on, called, calling, ring

TITLE = "P0. Incident 1. Checkout returns 500 for card payments."


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """A house that calls."""
    async with calling(database_url, "voice") as opened:
        yield opened


async def first_call(house: House) -> Call:
    """The call to Tim, which rings."""
    await ring(house)
    (call,) = house.calls(TIM)
    assert call.state == "ringing"
    return call


async def picked_up(house: House) -> Call:
    """The call to Tim, which he has taken."""
    call = await first_call(house)
    await house.sandbox.phones.answer(call.sid)
    return call


async def test_a_call_says_what_is_broken_and_which_keys_to_press_twice(house: House) -> None:
    call = await picked_up(house)
    assert call.said == [f"{TITLE} Press 1 to acknowledge. Press 2 to escalate."] * 2
    await assert_rings_on(house)


async def test_one_acknowledges_and_nobody_else_is_called(house: House) -> None:
    call = await picked_up(house)
    await house.sandbox.phones.press(call.sid, "1")
    assert "you acknowledged it and the ringing has stopped" in call.said[-1]
    assert call.state == "completed"
    await assert_acknowledged(house, "voice call")
    await house.travel(minutes=10)
    assert len(house.sandbox.phones.calls) == 1


async def test_two_calls_the_next_level_at_once_and_acknowledges_nothing(house: House) -> None:
    call = await picked_up(house)
    await house.sandbox.phones.press(call.sid, "2")
    assert "the next level of the chain is being rung now" in call.said[-1]
    await assert_rings_on(house)
    assert (len(house.calls(ANA)), len(house.calls(BEN))) == (1, 1)


@pytest.mark.parametrize("key", ["3", "9", "0", "*", "#"])
async def test_a_wrong_key_is_asked_again_and_never_an_answer(house: House, key: str) -> None:
    call = await picked_up(house)
    for _ in range(3):
        assert call.waits_for_key
        await house.sandbox.phones.press(call.sid, key)
    assert call.said[-1] == "No key was understood. Nothing is acknowledged, and the ringing goes on. Goodbye."
    assert call.state == "completed"
    await assert_rings_on(house)
    await house.travel(minutes=2)
    assert len(house.calls(TIM)) == 2, "the level's second ring"


async def test_a_right_key_after_a_wrong_one_counts(house: House) -> None:
    call = await picked_up(house)
    await house.sandbox.phones.press(call.sid, "7")
    assert call.said[-1].startswith("That key means nothing here.")
    await house.sandbox.phones.press(call.sid, "1")
    await assert_acknowledged(house, "voice call")


async def test_silence_is_never_an_answer_and_the_level_rings_again(house: House) -> None:
    call = await picked_up(house)
    for _ in range(3):
        await house.sandbox.phones.silence(call.sid)
    assert "Nothing is acknowledged" in call.said[-1]
    await assert_rings_on(house)
    await house.travel(minutes=2)
    assert len(house.calls(TIM)) == 2
    assert house.calls(ANA) == []


async def test_who_hangs_up_without_a_key_has_not_answered(house: House) -> None:
    call = await picked_up(house)
    await house.sandbox.phones.hang_up(call.sid)
    await assert_rings_on(house)
    await house.travel(minutes=2)
    assert len(house.calls(TIM)) == 2


@pytest.mark.parametrize("by", ["machine_start", "machine_end_beep", "fax"])
async def test_a_voicemail_hears_nothing_and_the_next_person_is_called_at_once(house: House, by: str) -> None:
    call = await first_call(house)
    await house.sandbox.phones.answer(call.sid, by=by)
    assert call.said == []
    await assert_rings_on(house)
    assert (len(house.calls(ANA)), len(house.calls(BEN))) == (1, 1)
    assert any("voice call to Tim did not arrive: a machine picked up" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize(("outcome", "why"), [("busy", "the line is busy"), ("failed", "the call could not be put through")])
async def test_a_call_that_reaches_nobody_goes_on_to_the_next_person_at_once(house: House, outcome: str, why: str) -> None:
    house.sandbox.phones.behave(TIM, outcome, channel="voice")
    await ring(house)
    await assert_rings_on(house)
    assert (len(house.calls(ANA)), len(house.calls(BEN))) == (1, 1)
    assert any(f"did not arrive: {why}" in text for text in house.said(CHANNEL))


async def test_a_phone_that_nobody_picks_up_rings_half_a_minute_and_then_the_next_persons_does(house: House) -> None:
    call = await first_call(house)
    await house.travel(seconds=29)
    assert (call.state, house.calls(ANA)) == ("ringing", [])
    await house.travel(seconds=1)
    assert call.state == "no-answer"
    assert len(house.calls(ANA)) == 1
    await assert_rings_on(house)
    assert any("did not arrive: nobody picked up" in text for text in house.said(CHANNEL))


async def test_a_call_that_twilio_may_not_make_goes_on_to_the_next_person_at_once(house: House) -> None:
    house.sandbox.phones.behave(TIM, refuse=21215, channel="voice")
    await ring(house)
    assert len(house.calls(ANA)) == 1
    assert any("voice geographic permissions" in text for text in house.said(CHANNEL))


async def test_who_picks_up_after_somebody_else_acknowledged_is_told_who_and_is_asked_for_nothing(house: House) -> None:
    call = await first_call(house)
    await house.sandbox.slack.command("U0ANA", "ack", channel=CHANNEL)
    await house.settle()
    await house.sandbox.phones.answer(call.sid)
    assert call.said == ["incident 1 was acknowledged by Ana at 14:05 PT / 22:05 UTC. You need not do anything."]
    assert call.state == "completed"
    await assert_acknowledged(house, "Slack", "Ana")


async def test_a_key_that_comes_twice_has_one_effect_and_the_same_answer(house: House) -> None:
    call = await picked_up(house)
    first = await house.sandbox.phones.press(call.sid, "1")
    url = next(str(request.params["Url"]) for request in house.sandbox.requests if request.name == "Calls")
    fields = {"CallSid": call.sid, "From": call.from_, "To": TIM, "CallStatus": "in-progress", "Digits": "2"}
    again = await house.sandbox.phones.post(f"{url.removeprefix('http://bot.test')}/key?asked=0", fields)
    assert (again.status, again.body) == (first.status, first.body)
    await assert_acknowledged(house, "voice call")
    assert called(house, "ana") == []


async def test_somebody_who_was_called_may_answer_by_text_as_well(house: House) -> None:
    await picked_up(house)
    await house.sandbox.phones.reply(TIM, "ack")
    await assert_acknowledged(house, "SMS")


async def test_a_title_that_is_markup_is_read_out_and_nothing_else(database_url: str) -> None:
    async with calling(database_url, "voice") as house:
        await house.sandbox.slack.command("U0ANA", "declare P0 <Dial>+1900555</Dial> & https://evil.example/x is down")
        await house.settle()
        (call,) = house.calls(TIM)
        await house.sandbox.phones.answer(call.sid)
        assert call.state == "answered"
        assert "evil" not in call.said[0]
        assert call.waits_for_key


async def test_without_a_public_url_a_call_says_to_answer_by_text_and_the_text_is_asked_for(database_url: str) -> None:
    async with calling(database_url, "voice", public_url=None) as house:
        await house.bot.poller.poll_now()
        call = await picked_up(house)
        assert call.said == [f"{TITLE} This call takes no keys. To acknowledge, reply by SMS with the word: ack. Or answer in Slack."] * 2
        assert call.state == "completed"
        await house.sandbox.phones.reply(TIM, "ack")
        await house.bot.poller.poll_now()
        await assert_acknowledged(house, "SMS")
