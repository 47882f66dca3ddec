"""Texts, WhatsApp and calls through Twilio's SDK: what was taken, what can never arrive, and what is tried again."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault, Sandbox
from bot.senders import twilio_calls
from bot.senders.twilio import Twilio
from tests.senders.conftest import Peer, make_twilio
from tests.senders.deliveries import asked, failure, make_delivery

ANA = "+14155550102"
PAGE: dict[str, Any] = {"to": ANA, "body": "[INC-42 #7] P0 Checkout returns 500. Reply 7 to acknowledge."}

WHATSAPP: dict[str, Any] = {**PAGE, "variables": {"1": "[INC-42 #7]", "2": "P0 Zahlung für ÄÖ", "3": "7"}}
CALL: dict[str, Any] = {"to": ANA, "page_id": "01PAGE", "say": "P0. Incident 42. Checkout <returns> 500."}
BOT = "https://bot.example.com"
CONTENT = "HX" + "a" * 32


def of_peer(peer: Peer, session: aiohttp.ClientSession, path: str = "", **more: Any) -> Twilio:
    values: dict[str, Any] = {
        "sms_from": "+15550100000",
        "whatsapp_from": "+15550100001",
        "voice_from": "+15550100002",
        "status_callback": None,
    } | more
    return Twilio(account_sid="AC" + "0" * 32, auth_token="of-a-test", api_url=f"{peer.url}{path}", session=session, **values)


def taking(peer: Peer) -> Peer:
    peer.status, peer.body = 201, '{"sid": "XX1"}'
    return peer


async def test_a_page_lies_on_the_phone_and_its_sid_is_given_back(sandbox: Sandbox, twilio: Twilio) -> None:
    receipt = await twilio.send(make_delivery(Kind.SMS, **PAGE))
    [sms] = sandbox.phones.inbox(ANA)
    assert (sms.sid, sms.body, sms.callback) == (receipt.provider_id, PAGE["body"], None)
    assert sandbox.requests[-1].params["ValidityPeriod"] == "600"


async def test_receipts_are_asked_for_when_we_can_be_reached(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    await make_twilio(sandbox, session, "https://bot.example.com/twilio/status").send(make_delivery(Kind.SMS, **PAGE))
    assert sandbox.phones.inbox(ANA)[0].callback == "https://bot.example.com/twilio/status"


async def test_an_address_for_receipts_that_is_refused_costs_no_page(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    sandbox.faults.add(Fault("twilio", "error", error="21609"))
    await make_twilio(sandbox, session, "http://localhost/twilio/status").send(make_delivery(Kind.SMS, **PAGE))
    assert [sms.callback for sms in sandbox.phones.inbox(ANA)] == [None]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (21211, "not valid"),
        (21408, "geographic permissions"),
        (21610, "opted out"),
        (21614, "cannot receive texts"),
        (21606, "TWILIO_SMS_FROM"),
        (20003, "TWILIO_AUTH_TOKEN"),
        (29999, "refused"),
    ],
)
async def test_a_refusal_is_permanent_and_says_why_without_the_number(sandbox: Sandbox, twilio: Twilio, code: int, reason: str) -> None:
    sandbox.faults.add(Fault("twilio", "error", error=str(code)))
    error = await failure(twilio, make_delivery(Kind.SMS, **PAGE))
    assert (error.permanent, error.code, error.gate) == (True, str(code), None)
    assert reason in str(error)
    assert ANA not in str(error)


async def test_an_invalid_number_is_refused_by_twilio_and_not_repeated_in_our_words(twilio: Twilio) -> None:
    error = await failure(twilio, make_delivery(Kind.SMS, to="+0123", body="x"))
    assert (error.code, error.permanent) == ("21211", True)
    assert "0123" not in str(error)


async def test_too_many_requests_close_the_gate_of_messages(sandbox: Sandbox, twilio: Twilio) -> None:
    sandbox.faults.add(Fault("twilio", "ratelimited"))
    error = await failure(twilio, make_delivery(Kind.SMS, **PAGE))
    assert (error.code, error.gate, error.permanent, error.ambiguous) == ("20429", "twilio:Messages", False, False)
    assert error.retry_after is not None


async def test_a_failure_of_twilio_passes_and_may_have_rung(sandbox: Sandbox, twilio: Twilio) -> None:
    sandbox.faults.add(Fault("twilio", "error", error="20500"))
    error = await failure(twilio, make_delivery(Kind.SMS, **PAGE))
    assert (error.code, error.permanent, error.ambiguous) == ("20500", False, True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, "<html>Service Unavailable</html>"),
        (502, ""),
        (201, '{"sid": "SM'),
        (201, ""),
        (201, "[]"),
        (201, "{}"),
        (408, "too slow"),
        (500, '{"type": "t", "title": "Internal Server Error", "status": 500, "code": 20500}'),
    ],
)
async def test_an_answer_that_cannot_be_read_is_a_passing_ambiguous_failure(
    peer: Peer, session: aiohttp.ClientSession, status: int, body: str
) -> None:
    peer.status, peer.body = status, body
    error = await failure(of_peer(peer, session), make_delivery(Kind.SMS, **PAGE))
    assert (error.permanent, error.ambiguous) == (False, True)
    assert len(peer.asked) == 1


async def test_a_proxys_refusal_is_permanent(peer: Peer, session: aiohttp.ClientSession) -> None:
    peer.status, peer.content_type, peer.body = 401, "text/html", "<html>log in first</html>"
    error = await failure(of_peer(peer, session), make_delivery(Kind.SMS, **PAGE))
    assert (error.permanent, error.code) == (True, "401")


async def test_a_twilio_that_hangs_for_ever_is_given_up(sandbox: Sandbox, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_calls, "TIMEOUT_SECONDS", 0.2)
    sandbox.faults.add(Fault("twilio", "delay", delay=0.6))
    error = await failure(twilio, make_delivery(Kind.SMS, **PAGE))
    assert (error.code, error.ambiguous) == ("unreachable", True)
    assert "does not answer" in str(error)


async def test_a_text_whose_answer_was_lost_is_ambiguous(sandbox: Sandbox, twilio: Twilio) -> None:
    sandbox.faults.add(Fault("twilio", "drop_after"))
    assert (await failure(twilio, make_delivery(Kind.SMS, **PAGE))).ambiguous
    assert (len(sandbox.phones.inbox(ANA)), asked(sandbox, "Messages")) == (1, 1)


async def test_a_connection_that_never_came_to_be_has_surely_rung_nobody(session: aiohttp.ClientSession) -> None:
    closed = Sandbox()
    await closed.start()
    sender = make_twilio(closed, session)
    await closed.stop()
    assert not (await failure(sender, make_delivery(Kind.SMS, **PAGE))).ambiguous


async def test_every_request_goes_where_twilio_api_url_points_with_its_path(peer: Peer, session: aiohttp.ClientSession) -> None:
    peer.status, peer.body = 201, '{"sid": "SM1"}'
    receipt = await of_peer(peer, session, "/twilio/").send(make_delivery(Kind.SMS, **PAGE))
    assert receipt.provider_id == "SM1"
    assert peer.asked == [f"/twilio/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"]


@pytest.mark.parametrize(
    ("api_url", "address"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com/v1/Services?PageSize=1"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/v1/Services?PageSize=1"),
    ],
)
async def test_only_a_peer_of_our_own_takes_over_every_host(session: aiohttp.ClientSession, api_url: str, address: str) -> None:
    assert twilio_calls.Http(session, api_url)._address("https://messaging.twilio.com/v1/Services?PageSize=1") == address


async def test_whatsapp_goes_from_number_to_number_as_plain_text_without_a_template(peer: Peer, session: aiohttp.ClientSession) -> None:
    receipt = await of_peer(taking(peer), session).send(make_delivery(Kind.WHATSAPP, **WHATSAPP))
    form = dict(peer.forms[0])
    assert receipt.provider_id == "XX1"
    assert (form["To"], form["From"], form["Body"]) == (f"whatsapp:{ANA}", "whatsapp:+15550100001", PAGE["body"])
    assert not {"ContentSid", "ContentVariables", "StatusCallback"} & form.keys()


async def test_whatsapp_goes_by_its_template_where_one_is_set(peer: Peer, session: aiohttp.ClientSession) -> None:
    sender = of_peer(taking(peer), session, content_sid=CONTENT, status_callback=f"{BOT}/twilio/status")
    await sender.send(make_delivery(Kind.WHATSAPP, **WHATSAPP))
    form = dict(peer.forms[0])
    assert (form["ContentSid"], json.loads(form["ContentVariables"])) == (CONTENT, WHATSAPP["variables"])
    assert form["StatusCallback"] == f"{BOT}/twilio/status"
    assert "Body" not in form, "a body beside a template makes free text of it"


async def test_a_call_fetches_its_words_from_us_and_says_who_picked_up(peer: Peer, session: aiohttp.ClientSession) -> None:
    sender = of_peer(taking(peer), session, voice_url=BOT, status_callback=f"{BOT}/twilio/status")
    receipt = await sender.send(make_delivery(Kind.CALL, **CALL))
    form = dict(peer.forms[0])
    assert receipt.provider_id == "XX1"
    assert peer.asked[0].endswith("/Calls.json")
    assert (form["To"], form["From"], form["Url"]) == (ANA, "+15550100002", f"{BOT}/twilio/voice/01PAGE")
    assert (form["Method"], form["MachineDetection"], form["Timeout"]) == ("POST", "Enable", "30")
    assert form["StatusCallback"] == f"{BOT}/twilio/status"
    assert [value for name, value in peer.forms[0] if name == "StatusCallbackEvent"] == ["answered", "completed"]
    assert "Twiml" not in form


async def test_a_call_without_a_public_address_carries_its_words_and_takes_no_keys(peer: Peer, session: aiohttp.ClientSession) -> None:
    await of_peer(taking(peer), session).send(make_delivery(Kind.CALL, **CALL))
    form = dict(peer.forms[0])
    said = [element.text or "" for element in fromstring(form["Twiml"]).iter("Say")]
    assert len(said) == 2
    assert all(text.startswith(CALL["say"]) and "reply by SMS" in text for text in said)
    assert not {"Url", "StatusCallback", "StatusCallbackEvent", "MachineDetection"} & form.keys()


@pytest.mark.parametrize(
    ("kind", "words", "missing", "setting"),
    [
        (Kind.SMS, PAGE, "sms_from", "TWILIO_SMS_FROM"),
        (Kind.WHATSAPP, WHATSAPP, "whatsapp_from", "TWILIO_WHATSAPP_FROM"),
        (Kind.CALL, CALL, "voice_from", "TWILIO_VOICE_FROM"),
    ],
)
async def test_a_road_without_a_number_is_refused_at_once_and_names_the_setting(
    peer: Peer, session: aiohttp.ClientSession, kind: Kind, words: dict[str, Any], missing: str, setting: str
) -> None:
    error = await failure(of_peer(taking(peer), session, **dict[str, Any]({missing: None})), make_delivery(kind, **words))
    assert (error.permanent, error.code) == (True, "unconfigured")
    assert setting in str(error)
    assert peer.asked == []


@pytest.mark.parametrize("code", [21205, 21609])
async def test_a_public_address_that_is_refused_costs_the_keys_and_not_the_call(
    peer: Peer, session: aiohttp.ClientSession, code: int
) -> None:
    peer.status, peer.body = 400, json.dumps({"code": code, "message": "Invalid URL", "status": 400})
    sender = of_peer(peer, session, voice_url="http://localhost", status_callback="http://localhost/twilio/status")
    await failure(sender, make_delivery(Kind.CALL, **CALL))
    first, second = (dict(form) for form in peer.forms)
    assert ("Url" in first, "Twiml" in first) == (True, False)
    assert ("Url" in second, "Twiml" in second, "StatusCallback" in second) == (False, True, False)


@pytest.mark.parametrize(
    ("kind", "code", "permanent", "reason"),
    [
        (Kind.WHATSAPP, 63016, True, "TWILIO_WHATSAPP_CONTENT_SID"),
        (Kind.WHATSAPP, 63024, True, "cannot be reached by WhatsApp"),
        (Kind.WHATSAPP, 63032, True, "does not carry it"),
        (Kind.WHATSAPP, 63007, True, "TWILIO_WHATSAPP_FROM"),
        (Kind.WHATSAPP, 63012, False, "63012"),
        (Kind.CALL, 21215, True, "voice geographic permissions"),
        (Kind.CALL, 21216, True, "blocks calls"),
        (Kind.CALL, 13224, True, "cannot be called"),
        (Kind.CALL, 21210, True, "TWILIO_VOICE_FROM"),
        (Kind.CALL, 20500, False, "20500"),
    ],
)
async def test_what_a_road_refuses_is_said_in_our_words(
    peer: Peer, session: aiohttp.ClientSession, kind: Kind, code: int, permanent: bool, reason: str
) -> None:
    peer.status, peer.body = 400, json.dumps({"code": code, "message": f"no way to {ANA}", "status": 400})
    error = await failure(of_peer(peer, session, voice_url=BOT), make_delivery(kind, **(CALL if kind is Kind.CALL else WHATSAPP)))
    assert (error.permanent, error.code) == (permanent, str(code))
    assert reason in str(error)
    assert ANA not in str(error)


@pytest.mark.parametrize(("kind", "words", "gate"), [(Kind.WHATSAPP, WHATSAPP, "twilio:Messages"), (Kind.CALL, CALL, "twilio:Calls")])
async def test_a_limit_closes_the_gate_of_its_own_method(
    peer: Peer, session: aiohttp.ClientSession, kind: Kind, words: dict[str, Any], gate: str
) -> None:
    peer.status, peer.body = 429, '{"code": 63018, "message": "Rate limit exceeded for Channel", "status": 429}'
    error = await failure(of_peer(peer, session), make_delivery(kind, **words))
    assert (error.gate, error.permanent, error.ambiguous) == (gate, False, False)
    assert error.retry_after is not None
