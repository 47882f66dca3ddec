"""Texts through Twilio's SDK: what was taken, what can never arrive, and what is tried again."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault, Sandbox
from bot.senders import twilio as module
from bot.senders.twilio import Twilio
from tests.senders.conftest import Peer, make_twilio
from tests.senders.deliveries import asked, failure, make_delivery

ANA = "+14155550102"
PAGE: dict[str, Any] = {"to": ANA, "body": "[INC-42 #7] P0 Checkout returns 500. Reply 7 to acknowledge."}


def of_peer(peer: Peer, session: aiohttp.ClientSession, path: str = "") -> Twilio:
    return Twilio(
        account_sid="AC" + "0" * 32,
        auth_token="of-a-test",
        sms_from="+15550100000",
        api_url=f"{peer.url}{path}",
        status_callback=None,
        session=session,
    )


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
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
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
    assert module._Http(session, api_url)._address("https://messaging.twilio.com/v1/Services?PageSize=1") == address
