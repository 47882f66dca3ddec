"""The door for Twilio: signatures over the public address, receipts in any order."""

from __future__ import annotations

import pytest

from tests.house import House, alert
from tests.policies import ANA, TIM


@pytest.mark.parametrize("path", ["/twilio/message", "/twilio/status"])
async def test_an_unsigned_callback_is_403(house: House, path: str) -> None:
    fields = {"MessageSid": "SM1", "From": TIM, "Body": "7", "MessageStatus": "sent"}
    for signature in ("", "wrong", "ü", house.sandbox.phones.sign(path, fields, "https://bot.test")):
        assert (await house.sandbox.phones.post(path, fields, signature)).status == 403


async def test_receipts_come_in_any_order_twice_and_for_nobody(house: House) -> None:
    house.sandbox.phones.receipt_delay = None
    await house.post_alert(alert())
    await house.settle()
    sid = house.sandbox.phones.inbox(TIM)[0].sid
    for status in ("delivered", "sent", "delivered", "queued"):
        assert (await house.sandbox.phones.callback(sid, status)).status == 204
    assert (await house.sandbox.phones.callback("SM" + "0" * 32, "delivered")).status == 204
    assert (await house.sandbox.phones.callback(sid, "frobnicated")).status == 204
    assert house.texts(ANA) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7E", "no page"), ("hello there", "Not understood"), ("x" * 1500, "Not understood"), ("🙈", "Not understood")],
)
async def test_a_reply_that_cannot_be_read_is_answered_with_how_to(house: House, text: str, expected: str) -> None:
    await house.post_alert(alert())
    await house.settle()
    answer = await house.sandbox.phones.reply(TIM, text)
    assert expected.lower() in str(answer.body).lower()


async def test_stop_opts_out_and_the_chain_moves_on(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.phones.reply(TIM, "STOP")
    await house.settle()
    assert len(house.texts(ANA)) == 1


async def test_escalating_by_text_rings_the_next_level_at_once(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    code = house.texts(TIM)[0].partition("#")[2].partition("]")[0]
    answer = await house.sandbox.phones.reply(TIM, f"{code}e")
    assert "next level" in answer.body
    await house.settle()
    assert len(house.texts(ANA)) == 1
