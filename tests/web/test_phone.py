"""The door for Twilio: signatures over the public address, calls and their keys, WhatsApp, receipts in any order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from twilio.request_validator import RequestValidator

from tests.house import House, alert
from tests.policies import ANA, TIM
from tests.web.door import PUBLIC, TOKEN, Door, open_door


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


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, "voice") as opened:
        yield opened


ROUTES = ["/twilio/message", "/twilio/status", "/twilio/voice/{}", "/twilio/voice/{}/key?asked=0"]


@pytest.mark.parametrize("path", ROUTES)
async def test_what_is_not_signed_for_our_address_does_nothing(door: Door, path: str) -> None:
    incident, page = await door.call_out()
    path = path.format(page.id)
    fields = {"CallSid": "CA1", "CallStatus": "busy", "Digits": "1", "MessageSid": "SM1", "From": TIM, "Body": "ack"}
    signed = RequestValidator(TOKEN).compute_signature(f"http://bot.example.com{path}", fields)
    for signature in ("", "wrong", "ü", signed):
        assert (await door.twilio(path, fields, **{"X-Twilio-Signature": signature})).status == 403
    assert (await door.desk.incident(incident)).acknowledged_at is None


@pytest.mark.parametrize("path", ROUTES)
async def test_a_callback_is_only_posted(door: Door, path: str) -> None:
    for method in ("GET", "HEAD", "PUT"):
        assert (await door.client.request(method, path.format("01PAGE"))).status == 405


async def test_a_call_is_asked_for_a_key_at_an_address_of_ours(door: Door) -> None:
    _, page = await door.call_out()
    document = await door.spoken(f"/twilio/voice/{page.id}")
    [gather] = document
    assert gather.attrib["action"] == f"{PUBLIC}/twilio/voice/{page.id}/key?asked=0"
    assert [say.text for say in gather.iter("Say")] == [
        "P0. Incident 1. Checkout returns 500. Press 1 to acknowledge. Press 2 to escalate."
    ] * 2


async def test_one_acknowledges_and_the_call_says_so(door: Door) -> None:
    incident, page = await door.call_out()
    document = await door.spoken(f"/twilio/voice/{page.id}/key?asked=0", Digits="1")
    assert [element.tag for element in document] == ["Say", "Hangup"]
    assert "you acknowledged it" in str(document[0].text)
    assert (await door.desk.incident(incident)).acknowledged_via == "voice call"


async def test_silence_is_asked_again_twice_and_then_told_that_it_goes_on_ringing(door: Door) -> None:
    incident, page = await door.call_out()
    path = f"/twilio/voice/{page.id}/key?asked=0"
    for again in (1, 2):
        [gather] = await door.spoken(path, Digits="")
        path = gather.attrib["action"].removeprefix(PUBLIC)
        assert path == f"/twilio/voice/{page.id}/key?asked={again}"
    document = await door.spoken(path)
    assert "Nothing is acknowledged" in str(document[0].text)
    assert document.find("Gather") is None
    assert (await door.desk.incident(incident)).acknowledged_at is None


@pytest.mark.parametrize("asked", ["x", "-1", "99999999999", "٢"])
async def test_a_count_that_is_none_ends_the_asking(door: Door, asked: str) -> None:
    _, page = await door.call_out()
    document = await door.spoken(f"/twilio/voice/{page.id}/key?asked={quote(asked)}", Digits="9")
    assert document.find("Gather") is None


async def test_a_machine_hears_nothing_and_the_chain_goes_on(door: Door) -> None:
    incident, page = await door.call_out()
    document = await door.spoken(f"/twilio/voice/{page.id}", CallSid=f"SM{page.id}", AnsweredBy="machine_start")
    assert [element.tag for element in document] == ["Hangup"]
    assert await door.desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]
    assert (await door.desk.incident(incident)).acknowledged_at is None


async def test_a_call_that_nobody_took_makes_the_chain_go_on_once(door: Door) -> None:
    incident, page = await door.call_out()
    for status in ("ringing", "no-answer", "no-answer"):
        assert await door.status(CallSid=f"SM{page.id}", CallStatus=status) == 204
    assert await door.status(CallSid="CA" + "0" * 32, CallStatus="busy") == 204
    assert await door.desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]


async def test_a_call_about_a_page_that_is_not_known_hangs_up(door: Door) -> None:
    for path in ("/twilio/voice/01NOBODY", "/twilio/voice/01NOBODY/key?asked=0"):
        document = await door.spoken(path, Digits="1")
        assert [element.tag for element in document] == ["Say", "Hangup"]
    assert (await door.twilio("/twilio/voice/a%2Fb", {})).status == 404


async def test_a_button_in_whatsapp_answers_its_page(tmp_path: Path) -> None:
    async with open_door(tmp_path, "whatsapp") as door:
        incident, page = await door.call_out()
        pressed = {"ButtonText": "Acknowledge", "ButtonPayload": "ack:INC-1", "OriginalRepliedMessageSid": f"SM{page.id}"}
        [answer] = await door.said_back(f"whatsapp:{TIM}", "Acknowledge", MessageType="button", **pressed)
        assert answer.startswith("INC-1: you acknowledged it")
        assert (await door.desk.incident(incident)).acknowledged_via == "WhatsApp"
        assert await door.said_back(f"whatsapp:{TIM}", "Acknowledge", MessageType="button", **pressed) == [answer], "delivered twice"
        assert await door.said_back("whatsapp:+14155550199", "ack", sid="SM2") == []


@pytest.mark.parametrize("text", ["", "👍🏽", "決済が失敗しました", "x" * 20_000, "\u202e\u0000", "<Message>7</Message>"])
@pytest.mark.parametrize("sender", [TIM, f"whatsapp:{TIM}"])
async def test_a_reply_in_any_script_and_length_gets_one_short_sentence(door: Door, sender: str, text: str) -> None:
    incident, _ = await door.call_out()
    [answer] = await door.said_back(sender, text, NumMedia="1", MediaUrl0="https://api.twilio.com/m")
    assert "Not understood" in answer
    assert len(answer) <= 306
    assert (await door.desk.incident(incident)).acknowledged_at is None


async def test_a_form_in_no_character_set_is_refused_with_a_sentence(door: Door) -> None:
    for kind in ("application/x-www-form-urlencoded; charset=utf-8", "application/x-www-form-urlencoded; charset=klingon"):
        response = await door.client.post("/twilio/message", data=b"Body=\xff\xfe", headers={"Content-Type": kind})
        assert response.status == 400
        assert "character set" in (await response.json())["message"]
