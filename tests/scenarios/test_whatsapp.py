"""WhatsApp: a template outside the session, a text by itself where WhatsApp does not carry it, and its buttons (C5)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House, alert
from tests.policies import TIM
from tests.scenarios.roads import CHANNEL, assert_acknowledged, assert_rings_on, called, calling, code_in, ring

FREE = {"twilio_whatsapp_content_sid": None}
"""The settings of a house that has no approved template."""


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """A house that writes by WhatsApp, with a template."""
    async with calling(database_url, "whatsapp") as opened:
        yield opened


async def test_outside_the_session_a_page_goes_out_as_the_template_with_its_buttons(house: House) -> None:
    await ring(house)
    (sms,) = house.sandbox.phones.inbox(TIM)
    code = code_in(sms.body)
    assert (sms.channel, sms.template) == ("whatsapp", True)
    assert sms.body == (f"[INC-1 #{code}] P0 Checkout returns 500 for card payments. Reply {code} to acknowledge, {code}E to escalate.")
    assert sms.buttons == [("Acknowledge", code), ("Escalate", f"{code}E")]


async def test_inside_the_session_it_is_the_same_template(house: House) -> None:
    await house.sandbox.phones.reply(TIM, "hello", channel="whatsapp")
    await ring(house)
    assert [sms.template for sms in house.sandbox.phones.inbox(TIM)] == [True]


async def test_without_a_template_free_text_is_refused_and_a_text_goes_out_by_itself_at_once(database_url: str) -> None:
    async with calling(database_url, "whatsapp", **FREE) as house:
        before = house.clock.now()
        await ring(house)
        assert called(house, "tim") == ["sms", "whatsapp"]
        lost, text = house.sandbox.phones.messages
        assert (lost.error_code, lost.lost, text.channel) == (63016, True, "sms")
        assert any("WhatsApp to Tim did not arrive" in said and "63016" in said for said in house.said(CHANNEL))
        assert house.clock.now() == before
        assert called(house, "ana") == [], "Tim was reached after all"
        await house.sandbox.phones.reply(TIM, code_in(text.body))
        await assert_acknowledged(house, "SMS")


async def test_free_text_goes_out_for_24_hours_after_a_person_wrote_and_no_longer(database_url: str) -> None:
    async with calling(database_url, "whatsapp", **FREE) as house:
        await house.sandbox.phones.reply(TIM, "hello", channel="whatsapp")
        await house.travel(hours=23, minutes=59)
        await ring(house)
        assert called(house, "tim") == ["whatsapp"]
        await house.travel(minutes=2)
        assert called(house, "tim") == ["sms", "whatsapp", "whatsapp"], "the second ring came after the session had ended"


async def test_a_text_that_was_sent_beside_it_is_not_sent_again_for_a_refused_whatsapp(database_url: str) -> None:
    async with calling(database_url, "whatsapp", "sms", **FREE) as house:
        await ring(house)
        assert called(house, "tim") == ["sms", "whatsapp"]
        assert called(house, "ana") == []


@pytest.mark.parametrize("status", ["rejected", "paused", "disabled", "pending"])
async def test_a_template_that_is_not_approved_falls_back_to_a_text_at_once(house: House, status: str) -> None:
    house.sandbox.phones.template_status = status
    await ring(house)
    assert called(house, "tim") == ["sms", "whatsapp"]
    await assert_rings_on(house)


@pytest.mark.parametrize("code", [63003, 63024, 21655])
async def test_a_request_that_is_refused_falls_back_to_a_text_at_once(house: House, code: int) -> None:
    house.sandbox.phones.behave(TIM, refuse=code, channel="whatsapp")
    await ring(house)
    assert called(house, "tim") == ["sms"]
    assert any(str(code) in said for said in house.said(CHANNEL))


async def test_when_the_text_fails_as_well_the_next_person_is_called_at_once(house: House) -> None:
    house.sandbox.phones.behave(TIM, "undelivered", 30005)
    await ring(house)
    assert called(house, "tim") == ["sms", "whatsapp"]
    assert called(house, "ana") == called(house, "ben") == ["whatsapp"]


async def test_the_button_under_a_page_answers_that_page_and_no_other(house: House) -> None:
    await ring(house)
    await house.post_alert(alert(fingerprint="f2", alertname="SearchErrors"))
    await house.settle()
    first, second = house.sandbox.phones.inbox(TIM)
    await house.sandbox.phones.reply(TIM, channel="whatsapp", button="Acknowledge", replied_to=second.sid)
    await assert_rings_on(house)
    assert (await house.show("INC-2"))["acknowledged_via"] == "WhatsApp"
    await house.sandbox.phones.reply(TIM, channel="whatsapp", button="Acknowledge", replied_to=first.sid)
    await assert_acknowledged(house, "WhatsApp")


async def test_the_other_button_calls_the_next_level_and_acknowledges_nothing(house: House) -> None:
    await ring(house)
    await house.sandbox.phones.reply(TIM, channel="whatsapp", button="Escalate")
    await assert_rings_on(house)
    assert called(house, "ana") == called(house, "ben") == ["whatsapp"]


async def test_a_voice_note_acknowledges_nothing(house: House) -> None:
    await ring(house)
    answer = await house.sandbox.phones.reply(TIM, channel="whatsapp", media=["audio/ogg"])
    assert "Not understood" in str(answer.body)
    await assert_rings_on(house)


async def test_stop_by_whatsapp_takes_a_text_instead_at_once(house: House) -> None:
    await ring(house)
    await house.sandbox.phones.reply(TIM, "STOP", channel="whatsapp")
    await assert_rings_on(house)
    assert called(house, "tim") == ["sms", "whatsapp"]


async def test_a_message_that_was_read_is_no_answer(house: House) -> None:
    house.sandbox.phones.behave(TIM, "read", channel="whatsapp")
    await ring(house)
    await assert_rings_on(house)
    await house.travel(minutes=2)
    assert called(house, "tim") == ["whatsapp", "whatsapp"]
