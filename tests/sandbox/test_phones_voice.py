"""Calls in the pretend phone network: ringing, talking, pressing keys, silence, machines, and the ends that a call can have."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Fault
from bot.sandbox.calls import Call
from bot.sandbox.voice import APOLOGY
from tests.sandbox.phone_bot import PUBLIC, TIM, PhoneBot

FIRST, KEY, STATUS = "/twilio/voice/pg1", "/twilio/voice/pg1/key", "/twilio/status"
GREETING = (
    f'<Response><Pause length="1"/><Gather input="dtmf" numDigits="1" timeout="8" action="{KEY}"><Say>P0. Press 1.</Say></Gather>'
    "<Say>Nobody pressed a key.</Say></Response>"
)
EVENTS = ["initiated", "ringing", "answered", "completed"]


async def ringing(bot: PhoneBot, **fields: Any) -> Call:
    """A call that rings at Tim's, with every status callback."""
    given = {"Url": f"{PUBLIC}{FIRST}", "StatusCallback": f"{PUBLIC}{STATUS}", "StatusCallbackEvent": " ".join(EVENTS), **fields}
    status, body = await bot.call(**given)
    assert (status, body["status"]) == (201, "queued")
    call = bot.sandbox.phones.calls[-1]
    await bot.until(lambda: call.status == "ringing")
    return call


def told(bot: PhoneBot) -> list[str]:
    return [form["CallStatus"] for form in bot.at(STATUS)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "415"}, 21211),
        ({"From": ""}, 21213),
        ({"From": "+15559999999"}, 21210),
        ({"Url": ""}, 21205),
        ({"Url": "bot.test/voice"}, 21205),
        ({"StatusCallback": "bot.test"}, 21609),
    ],
)
async def test_a_call_that_twilio_cannot_place_is_refused_with_its_code(phone_bot: PhoneBot, fields: dict[str, str], code: int) -> None:
    status, body = await phone_bot.call(**{"Url": f"{PUBLIC}{FIRST}", **fields})
    assert (status, body["code"]) == (400, code)
    assert phone_bot.sandbox.phones.calls == []


async def test_a_call_can_be_refused_by_number_and_by_fault(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, refuse=21215, channel="voice")
    assert (await phone_bot.call(Twiml="<Response/>"))[1]["code"] == 21215
    phone_bot.sandbox.faults.add(Fault("twilio", "ratelimited", "Calls"))
    assert (await phone_bot.call(Twiml="<Response/>"))[1]["code"] == 20429


async def test_a_call_is_answered_and_a_key_is_pressed(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING, KEY: "<Response><Say>Acknowledged. Good luck.</Say><Hangup/></Response>"}
    call = await ringing(phone_bot)
    phones = phone_bot.sandbox.phones
    assert "P0. Press 1." in str((await phones.answer(call.sid)).body)
    assert (call.state, call.answered_by, call.said, call.waits_for_key) == ("answered", "human", ["P0. Press 1."], True)
    await phone_bot.sandbox.clock.advance(42)
    assert "Good luck" in str((await phones.press(call.sid, "1")).body)
    assert (call.state, call.said[1:], call.pressed) == ("completed", ["Acknowledged. Good luck."], ["1"])
    [first], [key] = phone_bot.at(FIRST), phone_bot.at(KEY)
    assert (first["CallSid"], first["CallStatus"], first["To"]) == (call.sid, "in-progress", TIM)
    assert (key["Digits"], key["msg"]) == ("1", "Gather End")
    assert told(phone_bot) == ["initiated", "ringing", "in-progress", "completed"]
    last = phone_bot.at(STATUS)[-1]
    assert (last["CallDuration"], last["Duration"], last["SequenceNumber"]) == ("42", "1", "3")


@pytest.mark.parametrize(
    ("options", "digits", "expected"),
    [('numDigits="1"', "12", ("1", "")), ("", "12#3", ("12", "#")), ('numDigits="2"', "12#", ("12", "#"))],
)
async def test_a_gather_takes_as_many_keys_as_it_asks_for(
    phone_bot: PhoneBot, options: str, digits: str, expected: tuple[str, str]
) -> None:
    phone_bot.answers = {FIRST: f'<Response><Gather {options} action="{KEY}"/></Response>', KEY: "<Response/>"}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.sandbox.phones.press(call.sid, digits)
    [form] = phone_bot.at(KEY)
    assert (form["Digits"], form["FinishedOnKey"]) == expected


async def test_words_can_be_fetched_by_get_with_their_fields_in_the_signed_address(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: "<Response><Say>Hello &amp; goodbye.</Say></Response>"}
    call = await ringing(phone_bot, Url=f"{PUBLIC}{FIRST}?page=%C3%BC%207", Method="GET")
    await phone_bot.sandbox.phones.answer(call.sid)
    [form] = phone_bot.at(FIRST)
    assert (form["To"], form["page"], call.said) == (TIM, "ü 7", ["Hello & goodbye."])


async def test_silence_falls_through_to_what_comes_after_the_gather(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.sandbox.phones.silence(call.sid)
    assert (call.status, call.said) == ("completed", ["P0. Press 1.", "Nobody pressed a key."])
    assert phone_bot.at(KEY) == []


async def test_silence_is_told_to_a_gather_that_wants_to_know(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: f'<Response><Gather actionOnEmptyResult="true" action="{KEY}"/></Response>', KEY: "<Response/>"}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.sandbox.phones.silence(call.sid)
    assert [form["Digits"] for form in phone_bot.at(KEY)] == [""]


async def test_a_gather_can_be_asked_again_by_redirect(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: f'<Response><Gather action="{KEY}"><Say>Press 1.</Say></Gather><Redirect>/again</Redirect></Response>'}
    phone_bot.answers["/again"] = "<Response><Say>Goodbye.</Say></Response>"
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.sandbox.phones.silence(call.sid)
    assert (call.said, len(phone_bot.at("/again"))) == (["Press 1.", "Goodbye."], 1)


async def test_a_redirect_without_end_is_ended(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: f"<Response><Redirect>{FIRST}</Redirect></Response>"}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    assert (call.status, call.said) == ("completed", [APOLOGY])
    assert len(phone_bot.at(FIRST)) == 20


async def test_a_machine_hears_it_to_the_end_and_presses_nothing(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot, MachineDetection="Enable")
    await phone_bot.sandbox.phones.answer(call.sid, "machine_start")
    assert (call.status, call.said, call.pressed) == ("completed", ["P0. Press 1.", "Nobody pressed a key."], [])
    assert {form["AnsweredBy"] for form in phone_bot.at(FIRST) + phone_bot.at(STATUS)[-1:]} == {"machine_start"}


async def test_who_answered_is_only_told_when_it_was_asked_for(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid, "machine_start")
    assert "AnsweredBy" not in phone_bot.at(FIRST)[0]


async def test_a_call_that_carries_its_own_words_asks_nobody(phone_bot: PhoneBot) -> None:
    call = await ringing(phone_bot, Url="", Twiml="<Response><Say>Reply by SMS.</Say></Response>", StatusCallback=f"{PUBLIC}/calls")
    await phone_bot.sandbox.phones.answer(call.sid)
    assert (call.status, call.said, phone_bot.at(FIRST)) == ("completed", ["Reply by SMS."], [])


async def test_only_the_asked_for_events_are_told(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: "<Response/>"}
    call = await ringing(phone_bot, StatusCallbackEvent="")
    await phone_bot.sandbox.phones.answer(call.sid)
    assert told(phone_bot) == ["completed"]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ("<Response><Say>", 200, 12100),
        ("<Speech/>", 200, 12100),
        ("", 200, 12100),
        ("<Response><Sing/></Response>", 200, 12200),
        ("<Response><Gather><Hangup/></Gather></Response>", 200, 12200),
        ("<Response>hello</Response>", 200, 12200),
        ("<Response/>", 500, 11200),
    ],
)
async def test_words_that_twilio_cannot_speak_end_the_call_with_an_apology(
    phone_bot: PhoneBot, answer: str, status: int, code: int
) -> None:
    phone_bot.answers, phone_bot.statuses = {FIRST: answer}, {FIRST: status}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    assert (call.status, call.said, call.error_code) == ("completed", [APOLOGY], code)


async def test_a_bot_without_a_public_address_cannot_be_asked_for_words(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.webhooks = False
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    assert (call.status, call.error_code, phone_bot.heard) == ("completed", 11200, [])


@pytest.mark.parametrize("end", ["busy", "no_answer", "hang_up"])
async def test_a_call_can_end_before_it_is_taken(phone_bot: PhoneBot, end: str) -> None:
    call = await ringing(phone_bot)
    await getattr(phone_bot.sandbox.phones, end)(call.sid)
    expected = {"busy": "busy", "no_answer": "no-answer", "hang_up": "busy"}[end]
    assert (call.status, call.state, told(phone_bot)[-1]) == (expected, expected, expected)
    assert phone_bot.at(STATUS)[-1]["CallDuration"] == "0"
    with pytest.raises(ValueError, match=f"is {expected}"):
        await phone_bot.sandbox.phones.answer(call.sid)


async def test_a_call_that_is_taken_can_be_hung_up(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.sandbox.phones.hang_up(call.sid)
    assert (call.status, call.waits_for_key) == ("completed", False)
    with pytest.raises(ValueError, match="is completed"):
        await phone_bot.sandbox.phones.press(call.sid, "1")


async def test_nothing_is_pressed_where_nothing_waits_for_it(phone_bot: PhoneBot) -> None:
    with pytest.raises(LookupError, match="no call"):
        await phone_bot.sandbox.phones.answer("CA1")
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    with pytest.raises(ValueError, match="expected keys of a telephone"):
        await phone_bot.sandbox.phones.press(call.sid, "one")


async def test_a_call_that_nobody_takes_ends_at_its_timeout_by_the_sandboxs_clock(phone_bot: PhoneBot) -> None:
    call = await ringing(phone_bot, Timeout="30")
    await phone_bot.sandbox.clock.advance(29)
    assert call.status == "ringing"
    await phone_bot.sandbox.clock.advance(1)
    await phone_bot.until(lambda: "no-answer" in told(phone_bot))
    assert call.status == "no-answer"


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
async def test_a_number_behaves_as_it_is_told(phone_bot: PhoneBot, outcome: str) -> None:
    phone_bot.sandbox.phones.behave(TIM, outcome, 13224 if outcome == "failed" else None, channel="voice")
    await phone_bot.call(Url=f"{PUBLIC}{FIRST}", StatusCallback=f"{PUBLIC}{STATUS}")
    await phone_bot.until(lambda: told(phone_bot) == [outcome])
    assert phone_bot.at(STATUS)[0].get("ErrorCode") == ("13224" if outcome == "failed" else None)


async def test_a_number_can_answer_by_itself(phone_bot: PhoneBot) -> None:
    phone_bot.sandbox.phones.behave(TIM, "machine_start", channel="voice")
    phone_bot.answers = {FIRST: GREETING}
    await phone_bot.call(Url=f"{PUBLIC}{FIRST}")
    [call] = phone_bot.sandbox.phones.calls
    await phone_bot.until(lambda: call.status == "completed")
    assert (call.answered_by, len(call.said)) == ("machine_start", 2)


async def test_a_call_is_fetched_and_ended_over_rest(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    path = f"/2010-04-01/Accounts/AC/Calls/{call.sid}.json"
    _, fetched = await phone_bot.ask("GET", path)
    assert (fetched["status"], fetched["direction"], fetched["duration"]) == ("ringing", "outbound-api", None)
    await phone_bot.sandbox.phones.answer(call.sid)
    assert (await phone_bot.ask("POST", path, Status="canceled"))[1]["status"] == "in-progress", "only a call that rings is cancelled"
    status, ended = await phone_bot.ask("POST", path, Status="completed")
    assert (status, ended["status"], ended["duration"]) == (200, "completed", "0")
    await phone_bot.until(lambda: told(phone_bot)[-1:] == ["completed"])
    assert (await phone_bot.ask("POST", path, Status="completed"))[1]["code"] == 21220
    assert (await phone_bot.ask("POST", path, Status="parked"))[1]["code"] == 20001
    assert (await phone_bot.ask("GET", path.replace(call.sid, "CA0")))[0] == 404


async def test_a_ringing_call_is_cancelled_over_rest(phone_bot: PhoneBot) -> None:
    call = await ringing(phone_bot)
    _, body = await phone_bot.ask("POST", f"/2010-04-01/Accounts/AC/Calls/{call.sid}.json", Status="canceled")
    await phone_bot.until(lambda: told(phone_bot)[-1:] == ["canceled"])
    assert (body["status"], call.state) == ("canceled", "canceled")


async def test_a_call_under_way_is_given_new_words(phone_bot: PhoneBot) -> None:
    phone_bot.answers = {FIRST: GREETING}
    call = await ringing(phone_bot)
    await phone_bot.sandbox.phones.answer(call.sid)
    await phone_bot.ask("POST", f"/2010-04-01/Accounts/AC/Calls/{call.sid}.json", Twiml="<Response><Say>It is solved.</Say></Response>")
    await phone_bot.until(lambda: call.status == "completed")
    assert call.said[-1] == "It is solved."
