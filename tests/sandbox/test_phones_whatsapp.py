"""WhatsApp in the pretend phone network: templates, the 24 hours of a session, and buttons."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.phone_bot import TIM, PhoneBot

WORDS = json.dumps({"1": "[INC-42 #7]", "2": "P0 Checkout returns 500", "3": "7"})


async def fate(bot: PhoneBot) -> tuple[str, int | None]:
    """What became of the newest message, by its last receipt."""
    sms = bot.sandbox.phones.messages[-1]
    await bot.until(lambda: sms.status in ("delivered", "undelivered"))
    return sms.status, sms.error_code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"From": "whatsapp:+15559999999"}, 63007),
        ({"To": "whatsapp:415"}, 21211),
        ({"ContentSid": "HX" + "0" * 32}, 21655),
        ({"ContentSid": "", "Body": ""}, 21655),
        ({"ContentVariables": "not json"}, 21656),
        ({"ContentVariables": '["a"]'}, 21656),
        ({"ContentVariables": '{"1": 7}'}, 21656),
        ({"ContentVariables": '{"1": ""}'}, 21656),
        ({"ContentVariables": '{"1": "two\\nlines"}'}, 21656),
        ({"ContentVariables": '{"1": "a     b"}'}, 21656),
    ],
)
async def test_a_template_that_twilio_cannot_send_is_refused_with_its_code(phone_bot: PhoneBot, fields: dict[str, str], code: int) -> None:
    status, body = await phone_bot.whatsapp(**{"ContentSid": phone_bot.sandbox.settings.whatsapp_content_sid, **fields})
    assert (status, body["code"]) == (400, code)


async def test_variables_without_a_template_are_refused(phone_bot: PhoneBot) -> None:
    assert (await phone_bot.whatsapp(Body="hello", ContentVariables=WORDS))[1]["code"] == 21654


async def test_a_template_is_read_with_its_words_filled_in(phone_bot: PhoneBot) -> None:
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid, ContentVariables=WORDS)
    [sms] = phone_bot.sandbox.phones.messages
    assert (sms.to, sms.channel, sms.template) == (TIM, "whatsapp", True)
    assert sms.body == "[INC-42 #7] P0 Checkout returns 500. Reply 7 to acknowledge, 7E to escalate."
    assert sms.buttons == [("Acknowledge", "7"), ("Escalate", "7E")]
    assert await fate(phone_bot) == ("delivered", None)


async def test_a_variable_that_was_left_out_is_its_sample(phone_bot: PhoneBot) -> None:
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid, ContentVariables='{"3": "9"}')
    assert phone_bot.sandbox.phones.messages[0].body.startswith("[INC-1 #7] P0 Checkout is down. Reply 9")


async def test_free_text_outside_a_session_is_taken_and_fails_with_63016(phone_bot: PhoneBot) -> None:
    status, body = await phone_bot.whatsapp(Body="[INC-42 #7] P0 Checkout returns 500")
    assert (status, body["status"], body["to"]) == (201, "queued", f"whatsapp:{TIM}")
    [receipt] = await phone_bot.until(lambda: phone_bot.at("/twilio/status"))
    assert (receipt["MessageStatus"], receipt["ErrorCode"], receipt["To"]) == ("undelivered", "63016", f"whatsapp:{TIM}")
    assert (receipt["ChannelPrefix"], receipt["EventType"]) == ("whatsapp", "UNDELIVERED")
    assert phone_bot.sandbox.phones.inbox(TIM) == []


async def test_free_text_fails_at_once_where_no_receipts_are_sent(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.receipt_delay = None
    await phone_bot.whatsapp(Body="hello")
    assert [(sms.status, sms.error_code) for sms in phone_bot.sandbox.phones.messages] == [("undelivered", 63016)]
    assert phone_bot.heard == []


async def test_a_body_beside_a_template_is_free_text(phone_bot: PhoneBot) -> None:
    await phone_bot.whatsapp(Body="hello", ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid)
    assert await fate(phone_bot) == ("undelivered", 63016)


async def test_a_reply_opens_the_session_for_24_hours(phone_bot: PhoneBot) -> None:
    await phone_bot.sandbox.phones.reply(TIM, "hello", "whatsapp")
    await phone_bot.sandbox.clock.advance(24 * 3600 - 1)
    await phone_bot.whatsapp(Body="still here")
    assert await fate(phone_bot) == ("delivered", None)
    await phone_bot.sandbox.clock.advance(1)
    await phone_bot.whatsapp(Body="too late")
    assert await fate(phone_bot) == ("undelivered", 63016)


async def test_a_text_opens_no_whatsapp_session(phone_bot: PhoneBot) -> None:
    await phone_bot.sandbox.phones.reply(TIM, "hello", "sms")
    await phone_bot.whatsapp(Body="hello")
    assert await fate(phone_bot) == ("undelivered", 63016)


@pytest.mark.parametrize(("status", "code"), [("pending", 63016), ("rejected", 63040), ("paused", 63041), ("disabled", 63042)])
async def test_a_template_that_is_not_approved_does_not_open_a_conversation(phone_bot: PhoneBot, status: str, code: int) -> None:
    phone_bot.sandbox.phones.template_status = status
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid, ContentVariables=WORDS)
    assert await fate(phone_bot) == ("undelivered", code)
    _, approval = await phone_bot.ask("GET", f"/v1/Content/{phone_bot.sandbox.settings.whatsapp_content_sid}/ApprovalRequests")
    assert approval["whatsapp"]["status"] == status


async def test_a_message_that_is_read_says_so(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, "read", channel="whatsapp")
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid)
    receipts = await phone_bot.until(lambda: len(phone_bot.at("/twilio/status")) == 3 and phone_bot.at("/twilio/status"))
    assert [one["EventType"] for one in receipts] == ["SENT", "DELIVERED", "READ"]
    assert phone_bot.sandbox.phones.messages[0].status == "read"


async def test_a_button_names_what_it_was_under_and_the_resource_does_not(phone_bot: PhoneBot) -> None:
    _, sent = await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid, ContentVariables=WORDS)
    await phone_bot.sandbox.phones.reply(TIM, channel="whatsapp", button="Escalate")
    [form] = phone_bot.at("/twilio/message")
    assert (form["Body"], form["ButtonText"], form["ButtonPayload"]) == ("Escalate", "Escalate", "7E")
    assert (form["OriginalRepliedMessageSid"], form["MessageType"]) == (sent["sid"], "button")
    assert (form["From"], form["WaId"]) == (f"whatsapp:{TIM}", TIM[1:])
    _, page = await phone_bot.ask("GET", "/2010-04-01/Accounts/AC/Messages.json", From=f"whatsapp:{TIM}")
    [kept] = page["messages"]
    assert kept["body"] == "Escalate"
    assert {"ButtonPayload", "button_payload", "original_replied_message_sid"} & set(kept) == set()


async def test_an_older_message_can_be_answered(phone_bot: PhoneBot) -> None:
    sids = []
    for code in ("7", "8"):
        words = json.dumps({"3": code})
        sids.append(
            (await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid, ContentVariables=words))[1]["sid"]
        )
    phones = phone_bot.sandbox.phones
    await phones.reply(TIM, channel="whatsapp", button="Acknowledge")
    await phones.reply(TIM, channel="whatsapp", button="Acknowledge", replied_to=sids[0])
    await phones.reply(TIM, "on it", "whatsapp", replied_to=sids[0])
    found = [(form["OriginalRepliedMessageSid"], form.get("ButtonPayload")) for form in phone_bot.at("/twilio/message")]
    assert found == [(sids[1], "8"), (sids[0], "7"), (sids[0], None)]


async def test_a_button_that_is_not_there_cannot_be_pressed(phone_bot: PhoneBot) -> None:
    with pytest.raises(ValueError, match="no such WhatsApp message"):
        await phone_bot.sandbox.phones.reply(TIM, channel="whatsapp", button="Acknowledge")
    await phone_bot.whatsapp(ContentSid=phone_bot.sandbox.settings.whatsapp_content_sid)
    with pytest.raises(ValueError, match="expected one of Acknowledge, Escalate"):
        await phone_bot.sandbox.phones.reply(TIM, channel="whatsapp", button="Snooze")


async def test_stop_on_whatsapp_leaves_texts_alone(phone_bot: PhoneBot) -> None:
    await phone_bot.sandbox.phones.reply(TIM, "STOP", "whatsapp")
    assert phone_bot.at("/twilio/message")[0]["OptOutType"] == "STOP"
    assert (await phone_bot.whatsapp(Body="hello"))[1]["code"] == 21610
    assert (await phone_bot.send(Body="hello"))[0] == 201
