"""Phones from end to end: roads at once, receipts, what people write back, and one acknowledgement whichever way it came (S2, B4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select

from bot.domain.timeline import EntryKind
from bot.sandbox import Fault
from bot.sandbox.delivery import Answer
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline
from bot.store.tables import outbox
from tests.house import SECRETS, House, alert
from tests.policies import ANA, BEN, TIM
from tests.scenarios.roads import (
    ANNOUNCED,
    CHANNEL,
    assert_acknowledged,
    assert_rings_on,
    called,
    calling,
    code_in,
    path_of,
    ring,
)

ALL = ("sms", "whatsapp", "voice", "email")
API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}


@pytest.fixture
async def texting(database_url: str) -> AsyncIterator[House]:
    """A house that texts."""
    async with calling(database_url, "sms") as house:
        yield house


def said_back(answer: Answer) -> str:
    """What a reply was answered with; nothing when there was silence."""
    assert answer.status == 200
    return str(answer.body).partition("<Message>")[2].partition("</Message>")[0]


async def refusals(house: House) -> list[str]:
    """Why replies were refused, newest last."""

    async def look(work: UnitOfWork) -> list[str]:
        found = await timeline.list_audit(work.tx, 100)
        return [str(entry.facts["why"]) for entry in found if entry.kind is EntryKind.REPLY_REFUSED]

    return await house.bot.services.read(look)


async def acknowledgements(house: House) -> int:
    """How often the incident's timeline says that it was acknowledged."""

    async def look(work: UnitOfWork) -> int:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        entries = await timeline.list_entries(work.tx, incident.id)
        return [entry.kind for entry in entries].count(EntryKind.ACKNOWLEDGED)

    return await house.bot.services.read(look)


async def test_a_sev1_wakes_the_core_team_by_whatsapp_and_sms_at_once(database_url: str) -> None:
    core = [{"name": "core", "who": ["tim", "engineering"], "delay": "5m"}]
    async with calling(database_url, "whatsapp", "sms", chain=core) as house:
        await ring(house)
        for key in ("tim", "ana", "ben"):
            assert called(house, key) == ["sms", "whatsapp"]
        for road in ("SMS", "WhatsApp"):
            assert any(f"ringing Tim, Ana, Ben by {road}" in text for text in house.said(CHANNEL))
        codes = [code_in(text) for text in house.texts(TIM)]
        assert len(set(codes)) == 2, "each road has its own code"
        await house.sandbox.phones.reply(TIM, codes[0])
        await assert_acknowledged(house, "SMS")


async def press_the_button(house: House) -> None:
    card = next(m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P0]"))
    if "incident.acknowledge" in str(card.blocks):
        await house.sandbox.slack.click("U0TIM", CHANNEL, card.ts, "incident.acknowledge")


async def press_the_button_of_the_direct_message(house: House) -> None:
    told = house.sandbox.slack.channel("U0TIM").messages[0]
    await house.sandbox.slack.click("U0TIM", "U0TIM", told.ts, "incident.acknowledge")


async def write_a_text(house: House) -> None:
    await house.sandbox.phones.reply(TIM, code_in(next(s.body for s in house.sandbox.phones.inbox(TIM, "sms"))))


async def write_by_whatsapp(house: House) -> None:
    code = code_in(next(s.body for s in house.sandbox.phones.inbox(TIM, "whatsapp")))
    await house.sandbox.phones.reply(TIM, f"ack {code}", channel="whatsapp")


async def press_the_button_of_whatsapp(house: House) -> None:
    await house.sandbox.phones.reply(TIM, channel="whatsapp", button="Acknowledge")


async def press_a_key(house: House) -> None:
    phones, (call,) = house.sandbox.phones, house.calls(TIM)
    if call.status == "ringing":
        await phones.answer(call.sid)
        if call.waits_for_key:
            await phones.press(call.sid, "1")


async def press_the_button_of_the_mail(house: House) -> None:
    async with house.http.post(f"{house.bot.url}{path_of(house, 'tim')}") as response:
        assert response.status in (200, 410)


async def ask_the_api(house: House) -> None:
    async with house.http.post(f"{house.bot.url}/api/v1/incidents/INC-1/ack", json={}, headers=API) as response:
        assert response.status == 200


WAYS = [
    (press_the_button, "Slack", "Tim"),
    (press_the_button_of_the_direct_message, "Slack", "Tim"),
    (write_a_text, "SMS", "Tim"),
    (write_by_whatsapp, "WhatsApp", "Tim"),
    (press_the_button_of_whatsapp, "WhatsApp", "Tim"),
    (press_a_key, "voice call", "Tim"),
    (press_the_button_of_the_mail, "e-mail link", "Tim"),
    (ask_the_api, "API", "Ana"),
]


@pytest.mark.parametrize(("way", "road", "by"), WAYS, ids=[way.__name__ for way, _, _ in WAYS])
async def test_each_way_acknowledges_once_and_shows_at_once(
    database_url: str, way: Callable[[House], Awaitable[None]], road: str, by: str
) -> None:
    async with calling(database_url, *ALL) as house:
        await ring(house)
        assert called(house, "tim") == ["email", "sms", "voice", "whatsapp"]
        before = house.clock.now()
        await asyncio.gather(way(house), way(house))
        await assert_acknowledged(house, road, by)
        assert house.clock.now() == before, "no time has passed"
        for other, _, _ in WAYS:
            await other(house)
        await assert_acknowledged(house, road, by)
        assert await acknowledgements(house) == 1
        await house.travel(minutes=10)
        assert (called(house, "ana"), called(house, "ben")) == ([], [])


async def test_a_text_that_was_not_delivered_takes_the_next_road_and_then_the_next_person_at_once(database_url: str) -> None:
    async with calling(database_url, "sms", "email", wishes={"tim": ["sms", {"email": "5m"}]}) as house:
        house.sandbox.phones.behave(TIM, "undelivered", 30003)
        house.sandbox.mailbox.unknown.add("tim@example.com")
        await ring(house)
        await house.settle()
        assert called(house, "tim") == ["sms"]
        failed = [text for text in house.said(CHANNEL) if "did not arrive" in text]
        assert ["SMS to Tim" in failed[0], "30003" in failed[0], "mail" in failed[1]] == [True] * 3
        assert called(house, "ana") == ["email", "sms"]


async def test_a_quarter_of_an_hour_without_the_phone_network_is_bridged_by_mail(database_url: str) -> None:
    async with calling(database_url, "sms", "email", wishes={"tim": ["sms", {"email": "1m"}], "ben": ["sms"]}) as house:
        house.sandbox.faults.down.add("twilio")
        await ring(house)
        assert called(house, "tim") == []
        await house.travel(minutes=1)
        assert called(house, "tim") == ["email"]
        await house.travel(minutes=14)
        assert house.mails("ana@example.com")
        assert house.sandbox.phones.messages == []
        house.sandbox.faults.clear()
        async with house.http.post(f"{house.bot.url}{path_of(house, 'tim')}") as response:
            assert response.status == 200
        await assert_acknowledged(house, "e-mail link")


async def test_a_mail_server_that_asks_for_patience_holds_nobody_else_up(database_url: str) -> None:
    async with calling(database_url, "email", "sms", wishes={"tim": ["email", {"sms": "30s"}]}) as house:
        house.sandbox.mailbox.refuse = "450 4.7.1 greylisted"
        await ring(house)
        await house.travel(seconds=30)
        assert called(house, "tim") == ["sms"]
        house.sandbox.mailbox.refuse = None
        await house.eventually(lambda: house.mails("tim@example.com"), "the mail, tried again")


@pytest.mark.parametrize(
    ("road", "setting", "said"),
    [
        ("whatsapp", "twilio_whatsapp_from", "TWILIO_WHATSAPP_FROM"),
        ("voice", "twilio_voice_from", "TWILIO_VOICE_FROM"),
        ("sms", "twilio_sms_from", "TWILIO_SMS_FROM"),
    ],
)
async def test_a_road_without_a_number_of_ours_is_said_and_the_next_is_taken(database_url: str, road: str, setting: str, said: str) -> None:
    wishes = {"tim": [road, {"email": "5m"}]}
    missing = {setting: None, "twilio_whatsapp_content_sid": None} if road == "whatsapp" else {setting: None}
    async with calling(database_url, road, "email", wishes=wishes, **missing) as house:
        await ring(house)
        assert called(house, "tim") == ["email"]
        assert any("did not arrive" in text and said in text for text in house.said(CHANNEL))


async def test_without_a_mail_server_the_road_is_said_to_be_missing_and_the_next_is_taken(database_url: str) -> None:
    wishes = {"tim": ["email", {"sms": "5m"}]}
    async with calling(database_url, "email", "sms", wishes=wishes, smtp_url=None, email_from=None) as house:
        await ring(house)
        assert called(house, "tim") == ["sms"]
        assert any("SMTP_URL and EMAIL_FROM" in text for text in house.said(CHANNEL))


async def test_when_nobody_can_be_reached_it_is_said_loudly_in_both_channels(database_url: str) -> None:
    async with calling(database_url, "sms", "voice", chain=[{"who": ["vic"], "delay": "1m"}]) as house:
        await ring(house)
        assert any("nobody in it can be reached" in text for text in house.said(CHANNEL))
        for channel in (CHANNEL, ANNOUNCED):
            assert any("NOBODY HAS ANSWERED" in text for text in house.said(channel))


async def test_stop_closes_texts_but_not_calls_and_start_opens_them_again(database_url: str) -> None:
    async with calling(database_url, "sms", "whatsapp", "voice", wishes={"tim": ["sms", "whatsapp", {"voice": "1m"}]}) as house:
        house.sandbox.phones.behave(TIM, "human", channel="voice")
        await ring(house)
        answer = await house.sandbox.phones.reply(TIM, "STOP")
        assert said_back(answer) == "", "the provider says it, and a text of ours would be refused"
        await house.settle()
        assert called(house, "tim") == ["sms", "voice", "whatsapp"], "the call comes at once in place of what was stopped"
        await house.travel(minutes=2)
        assert called(house, "tim") == ["sms", "voice", "voice", "whatsapp"]
        await house.sandbox.phones.reply(TIM, "START")
        await house.travel(minutes=4)
        assert called(house, "tim").count("sms") == 2
        assert house.sandbox.phones.problems == []


async def test_help_is_the_providers_to_answer_and_changes_nothing(texting: House) -> None:
    await ring(texting)
    await texting.sandbox.phones.reply(TIM, "HELP")
    await assert_rings_on(texting)
    assert await refusals(texting) == []
    assert said_back(await texting.sandbox.phones.reply(TIM, "ack")).startswith("INC-1: you acknowledged it")


@pytest.mark.parametrize(
    "text",
    ["確認しました", "أقر", "принято", "👍🏽", "я" * 5000, "7" * 5000, "\u202e", "1;resolve", "ack all of them", "what is it?"],
    ids=["japanese", "arabic", "russian", "emoji", "long", "digits", "bidi", "injection", "words", "question"],
)
async def test_what_cannot_be_read_acknowledges_nothing_and_is_told_how(texting: House, text: str) -> None:
    await ring(texting)
    assert said_back(await texting.sandbox.phones.reply(TIM, text)).startswith("Not understood. Reply with the number")
    await assert_rings_on(texting)
    await texting.sandbox.phones.reply(TIM, code_in(texting.texts(TIM)[0]))
    await assert_acknowledged(texting, "SMS")


async def test_a_picture_without_a_word_acknowledges_nothing(texting: House) -> None:
    await ring(texting)
    assert "Not understood" in said_back(await texting.sandbox.phones.reply(TIM, media=["image/jpeg"]))
    await assert_rings_on(texting)


async def test_an_auto_responder_is_told_once_an_hour_and_written_down_every_time(texting: House) -> None:
    await ring(texting)
    away = "I am away until Monday"
    said = [said_back(await texting.sandbox.phones.reply(TIM, away)) for _ in range(4)]
    assert [bool(text) for text in said] == [True, False, False, False]
    assert await refusals(texting) == ["not understood"] * 4
    await texting.sandbox.phones.reply(TIM, "ack")
    await assert_acknowledged(texting, "SMS")
    await texting.sandbox.slack.command("U0TIM", "resolve it was a false alarm", channel=CHANNEL)
    await texting.travel(minutes=61)
    assert "Not understood" in said_back(await texting.sandbox.phones.reply(TIM, away))


async def test_somebody_who_was_not_paged_is_told_once_an_hour_and_cannot_acknowledge(texting: House) -> None:
    await ring(texting)
    code = code_in(texting.texts(TIM)[0])
    said = [said_back(await texting.sandbox.phones.reply(BEN, code)) for _ in range(3)]
    assert [text.partition(",")[0] for text in said] == ["You were not paged", "", ""]
    await assert_rings_on(texting)
    await texting.travel(minutes=4)
    assert "Not understood" in said_back(await texting.sandbox.phones.reply(BEN, "what?")), "who is paged now is told how to answer"


async def test_a_number_that_nobody_has_gets_silence_and_stands_in_the_audit(texting: House) -> None:
    await ring(texting)
    for text in (code_in(texting.texts(TIM)[0]), "ack", "STOP"):
        assert said_back(await texting.sandbox.phones.reply("+14155550199", text)) == ""
    await assert_rings_on(texting)
    assert await refusals(texting) == ["unknown number"] * 3


async def test_a_late_answer_says_who_was_first(texting: House) -> None:
    await ring(texting)
    code = code_in(texting.texts(TIM)[0])
    await texting.travel(minutes=5)
    await texting.sandbox.phones.reply(ANA, "ack")
    await texting.travel(minutes=3)
    said = said_back(await texting.sandbox.phones.reply(TIM, code))
    assert said.startswith("INC-1 was acknowledged by Ana at 14:10 PT / 22:10 UTC.")
    await assert_acknowledged(texting, "SMS", "Ana")


async def test_a_reply_that_twilio_brings_again_has_one_effect_and_the_same_answer(texting: House) -> None:
    await ring(texting)
    fields = {"MessageSid": "SM" + "7" * 32, "From": TIM, "To": "+15550100000", "Body": "ack", "NumMedia": "0"}
    first = await texting.sandbox.phones.post("/twilio/message", fields)
    again = await texting.sandbox.phones.post("/twilio/message", fields)
    assert (
        said_back(first)
        == said_back(again)
        == "INC-1: you acknowledged it and the ringing has stopped. Post an update in its channel next."
    )
    await assert_acknowledged(texting, "SMS")
    assert await acknowledgements(texting) == 1


async def test_two_pages_on_one_phone_need_a_code(texting: House) -> None:
    await ring(texting)
    await texting.post_alert(alert(fingerprint="f2", alertname="SearchErrors"))
    await texting.settle()
    first, second = (code_in(text) for text in texting.texts(TIM))
    asked = said_back(await texting.sandbox.phones.reply(TIM, "Ack"))
    assert asked == f"Which one? Reply {first} for INC-1, {second} for INC-2."
    await assert_rings_on(texting)
    assert "INC-2: you acknowledged it" in said_back(await texting.sandbox.phones.reply(TIM, f"'{second}'"))
    await assert_rings_on(texting)
    assert "There is no page #98" in said_back(await texting.sandbox.phones.reply(TIM, "98a"))
    assert "INC-1: you acknowledged it" in said_back(await texting.sandbox.phones.reply(TIM, "ack"))
    await assert_acknowledged(texting, "SMS")


async def test_a_text_that_may_have_been_taken_is_sent_again_with_the_same_code(texting: House) -> None:
    texting.sandbox.faults.add(Fault("twilio", "drop_after", name="Messages", times=1))
    await texting.post_alert(alert())
    await texting.eventually(lambda: len(texting.texts(TIM)) == 2, "the page, sent again")
    first, again = texting.texts(TIM)
    assert first == again
    await texting.sandbox.phones.reply(TIM, code_in(first))
    await assert_acknowledged(texting, "SMS")


async def test_no_phone_number_is_told_in_slack(database_url: str) -> None:
    async with calling(database_url, *ALL) as house:
        house.sandbox.phones.behave(TIM, "undelivered", 30003)
        await ring(house)
        said = "\n".join(str(m.text) + str(m.blocks) for c in house.sandbox.slack.channels.values() for m in c.messages)
        assert "did not arrive" in said
        for address in (TIM, ANA, BEN, "tim@example.com"):
            assert address not in said


async def test_what_waits_to_be_mailed_holds_no_key(database_url: str) -> None:
    async with calling(database_url, "email") as house:
        await ring(house)
        path = path_of(house, "tim")
        rows = await house.bot.services.read(lambda work: work.tx.run(select(outbox.c.words)))
        kept = [str(words) for (words,) in rows]
        assert any("tim@example.com" in words for words in kept)
        assert not [words for words in kept if "/ack/" in words or path.rpartition(".")[2] in words]
