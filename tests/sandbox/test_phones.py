"""Texts in the pretend phone network: what is refused, what is reported, what can be asked for, and what people write back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Fault
from tests.sandbox.phone_bot import ANA, PUBLIC, TIM, PhoneBot

LIST = "/2010-04-01/Accounts/AC/Messages.json"


def at_phone(bot: PhoneBot) -> list[str]:
    return [sms.status for sms in bot.sandbox.phones.messages]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "415"}, 21211),
        ({"From": ""}, 21603),
        ({"From": "+15559999999"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "bot.test/status"}, 21609),
        ({"To": f"whatsapp:{TIM}"}, 21910),
        ({"From": "whatsapp:+15550100001"}, 21910),
    ],
)
async def test_a_message_that_twilio_cannot_take_is_refused_with_its_code(phone_bot: PhoneBot, fields: dict[str, str], code: int) -> None:
    status, body = await phone_bot.send(**{"Body": "hello", **fields})
    assert (status, body["code"], body["more_info"]) == (400, code, f"https://www.twilio.com/docs/errors/{code}")
    assert phone_bot.sandbox.phones.messages == []


async def test_another_accounts_login_is_401(phone_bot: PhoneBot) -> None:
    status, body = await phone_bot.ask("GET", f"/2010-04-01/Accounts/AC{'0' * 32}/Balance.json")
    assert (status, body["code"]) == (401, 20003)


async def test_a_text_is_queued_first_and_delivered_later(phone_bot: PhoneBot) -> None:
    status, body = await phone_bot.send(Body="ü" * 71)
    assert (status, body["status"], body["num_segments"], body["date_sent"]) == (201, "queued", "1", None)
    receipts = await phone_bot.until(lambda: len(phone_bot.at("/twilio/status")) == 2 and phone_bot.at("/twilio/status"))
    assert [one["MessageStatus"] for one in receipts] == ["sent", "delivered"]
    _, fetched = await phone_bot.ask("GET", f"/2010-04-01/Accounts/AC/Messages/{body['sid']}.json")
    assert (fetched["status"], fetched["direction"], fetched["error_code"]) == ("delivered", "outbound-api", None)


async def test_a_text_without_a_callback_moves_on_for_who_asks(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, "undelivered", 30003)
    await phone_bot.ask("POST", LIST, To=TIM, From=phone_bot.sandbox.settings.twilio_from, Body="hello")
    await phone_bot.until(lambda: at_phone(phone_bot) == ["undelivered"])
    _, page = await phone_bot.ask("GET", LIST, To=TIM)
    assert [(one["error_code"], one["error_message"]) for one in page["messages"]] == [(30003, "Unreachable destination handset")]
    assert (phone_bot.heard, phone_bot.sandbox.phones.inbox(TIM)) == ([], [])


async def test_receipts_can_come_out_of_order_and_twice_and_take_nothing_back(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, receipts=["delivered", "sent", "delivered"])
    await phone_bot.send(Body="hello")
    receipts = await phone_bot.until(lambda: len(phone_bot.at("/twilio/status")) == 3 and phone_bot.at("/twilio/status"))
    assert [one["MessageStatus"] for one in receipts] == ["delivered", "sent", "delivered"]
    assert at_phone(phone_bot) == ["delivered"]


async def test_one_channel_can_fail_while_the_other_goes_on(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, "failed", 63024, channel="whatsapp")
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid)
    await phone_bot.send(Body="hello")
    await phone_bot.until(lambda: at_phone(phone_bot) == ["failed", "delivered"])
    assert [sms.channel for sms in phone_bot.sandbox.phones.inbox(TIM)] == ["sms"]


@pytest.mark.parametrize(
    ("kind", "error", "status", "code"), [("ratelimited", "x", 429, 20429), ("error", "20503", 503, 20503), ("error", "x", 500, 20500)]
)
async def test_a_scripted_fault_hits_the_channel_it_names(phone_bot: PhoneBot, kind: str, error: str, status: int, code: int) -> None:
    phone_bot.sandbox.faults.add(Fault("twilio", kind, "Messages", channel="whatsapp", error=error))
    assert (await phone_bot.send(Body="hello"))[0] == 201
    answered, body = await phone_bot.whatsapp(Body="hello")
    assert (answered, body["code"]) == (status, code)
    assert [(one.name, one.status) for one in phone_bot.sandbox.requests] == [("Messages", 201), ("Messages", status)]


async def test_messages_are_listed_in_both_directions_newest_first_and_page_by_page(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    for text in ("one", "two", "three"):
        await phones.reply(TIM, text)
        await phone_bot.sandbox.clock.advance(1)
    await phones.reply(ANA, "not Tim")
    _, page = await phone_bot.ask("GET", LIST, From=TIM, PageSize="2")
    assert [(one["body"], one["direction"], one["status"]) for one in page["messages"]] == [
        ("three", "inbound", "received"),
        ("two", "inbound", "received"),
    ]
    status, rest = await phone_bot.ask("GET", page["next_page_uri"].replace(phone_bot.sandbox.settings.twilio_account_sid, "AC"))
    assert (status, [one["body"] for one in rest["messages"]], rest["next_page_uri"]) == (200, ["one"], None)


async def test_messages_are_listed_by_the_day_in_gmt(phone_bot: PhoneBot) -> None:
    phones, clock = phone_bot.sandbox.phones, phone_bot.sandbox.clock
    await clock.set(clock.now().replace(month=3, day=1, hour=23, minute=59))
    await phones.reply(TIM, "before midnight")
    await clock.advance(120)
    await phones.reply(TIM, "after midnight")
    day = clock.now().date().isoformat()
    _, later = await phone_bot.ask("GET", LIST, **{"DateSent>": day})
    _, until = await phone_bot.ask("GET", LIST, **{"DateSent<": day})
    _, exactly = await phone_bot.ask("GET", LIST, DateSent=day)
    bodies = [[one["body"] for one in page["messages"]] for page in (later, until, exactly)]
    assert bodies == [["after midnight"], ["after midnight", "before midnight"], ["after midnight"]]
    status, wrong = await phone_bot.ask("GET", LIST, DateSent="yesterday")
    assert (status, wrong["code"]) == (400, 20001)


async def test_a_message_that_nobody_sent_is_404(phone_bot: PhoneBot) -> None:
    status, body = await phone_bot.ask("GET", f"/2010-04-01/Accounts/AC/Messages/SM{'0' * 32}.json")
    assert (status, body["code"]) == (404, 20404)


async def test_a_network_without_a_public_address_calls_nobody_but_keeps_everything(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    phones.webhooks = False
    await phone_bot.send(Body="hello")
    await phone_bot.until(lambda: at_phone(phone_bot) == ["delivered"])
    assert (await phones.reply(TIM, "7")).status == 0
    _, page = await phone_bot.ask("GET", LIST, To=phone_bot.sandbox.settings.twilio_from)
    assert [one["body"] for one in page["messages"]] == ["7"]
    assert (phone_bot.heard, phones.problems) == ([], [])


async def test_stop_opts_out_of_one_channel_and_start_opts_in_again(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    phone_bot.answers["/twilio/message"] = "<Response><Message>Goodbye</Message></Response>"
    await phones.reply(TIM, " unsubscribe ")
    assert phone_bot.at("/twilio/message")[-1]["OptOutType"] == "STOP"
    assert phones.answers == [], "nothing reaches a phone that has opted out"
    assert (await phone_bot.send(Body="hello"))[1]["code"] == 21610
    assert (await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid))[0] == 201
    await phones.reply(TIM, "start")
    assert phone_bot.at("/twilio/message")[-1]["OptOutType"] == "START"
    assert (await phone_bot.send(Body="hello"))[0] == 201


@pytest.mark.parametrize("word", ["HELP", "info"])
async def test_help_is_answered_by_twilio_and_never_comes_to_the_bot(phone_bot: PhoneBot, word: str) -> None:
    phones = phone_bot.sandbox.phones
    await phones.reply(TIM, word)
    assert phone_bot.heard == []
    assert [(answer.to, "STOP" in answer.text) for answer in phones.answers] == [(TIM, True)]
    assert [(reply.number, reply.text, reply.channel) for reply in phones.replies] == [(TIM, word, "sms")]


async def test_what_the_bot_answers_reaches_the_phone_as_it_reads(phone_bot: PhoneBot) -> None:
    phone_bot.answers["/twilio/message"] = "<Response><Message>Ana &amp; you &lt;3</Message><Message><Body>more</Body></Message></Response>"
    await phone_bot.sandbox.phones.reply(TIM, "7")
    assert [answer.text for answer in phone_bot.sandbox.phones.answers] == ["Ana & you <3", "more"]


@pytest.mark.parametrize(
    ("answer", "code"), [("<Response><Message>", 12100), ("<Reply/>", 12100), ("<Response><Say>hi</Say></Response>", 12200)]
)
async def test_an_answer_that_is_no_twiml_is_a_problem_and_reaches_nobody(phone_bot: PhoneBot, answer: str, code: int) -> None:
    phone_bot.answers["/twilio/message"] = answer
    await phone_bot.sandbox.phones.reply(TIM, "7")
    assert phone_bot.sandbox.phones.answers == []
    assert [problem for problem, _ in phone_bot.sandbox.phones.problems] == [code]


async def test_a_bot_that_fails_is_a_problem(phone_bot: PhoneBot) -> None:
    phone_bot.statuses["/twilio/message"] = 500
    assert (await phone_bot.sandbox.phones.reply(TIM, "7")).status == 500
    phone_bot.sandbox.bot_url = "http://127.0.0.1:9"
    assert (await phone_bot.sandbox.phones.reply(TIM, "7")).status == 0
    assert [problem for problem, _ in phone_bot.sandbox.phones.problems] == [11200, 11200]


@pytest.mark.parametrize(
    ("text", "media", "expected"),
    [
        ("", ["image/jpeg"], {"Body": "", "NumMedia": "1", "MediaContentType0": "image/jpeg"}),
        ("x" * 1600, [], {"Body": "x" * 1600, "NumSegments": "11"}),
        ("подтверждаю 確認 ✅ נכון", [], {"Body": "подтверждаю 確認 ✅ נכון", "NumSegments": "1"}),
    ],
)
async def test_people_write_what_they_like(phone_bot: PhoneBot, text: str, media: list[str], expected: dict[str, Any]) -> None:
    await phone_bot.sandbox.phones.reply(TIM, text, media=media)
    [form] = phone_bot.at("/twilio/message")
    assert {name: form[name] for name in expected} == expected


async def test_a_receipt_for_nobodys_message_goes_to_the_bot_all_the_same(phone_bot: PhoneBot) -> None:
    await phone_bot.sandbox.phones.callback("SM" + "0" * 32, "delivered")
    assert phone_bot.at("/twilio/status")[0]["MessageSid"] == "SM" + "0" * 32


async def test_a_receipt_goes_to_the_very_address_that_was_given(phone_bot: PhoneBot) -> None:
    await phone_bot.send(Body="hello", StatusCallback=f"{PUBLIC}/here?page=7#rc=2")
    await phone_bot.until(lambda: len(phone_bot.at("/here")) == 2)


async def test_a_channel_that_does_not_exist_is_named_as_wrong(phone_bot: PhoneBot) -> None:
    with pytest.raises(ValueError, match="expected one of sms, whatsapp"):
        await phone_bot.sandbox.phones.reply(TIM, "7", "pigeon")
    with pytest.raises(ValueError, match="expected one of"):
        phone_bot.sandbox.phones.behave(TIM, channel="pigeon")
