"""``muster doctor`` and Twilio: the account, its balance, its numbers and what has to be registered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.cli import findings_twilio
from tests.cli.clinic import Clinic, of


@asynccontextmanager
async def odd_server(body: str) -> AsyncIterator[str]:
    """The address of a server that answers everything with one body."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_refused_credentials_of_twilio_fail_once(clinic: Clinic) -> None:
    found = await clinic.found(TWILIO_AUTH_TOKEN="wrong")
    assert "refuses our credentials" in of(found, "phones", "fail")
    assert len([finding for finding in found if finding[1] == "phones" and finding[0] != "warn"]) == 1


@pytest.mark.parametrize(("amount", "level"), [("0", "fail"), ("-3.5", "fail"), ("4.20", "warn"), ("250", "ok"), ("NaN", "ok"), ("", "ok")])
async def test_the_balance_warns_before_it_is_spent(clinic: Clinic, amount: str, level: str) -> None:
    clinic.sandbox.phones.balance = amount
    assert "balance" in (said := of(await clinic.found(), "phones", level)) or "USD" in said


async def test_a_suspended_account_fails_and_a_trial_is_warned_about(clinic: Clinic) -> None:
    clinic.sandbox.phones.account_type = "Trial"
    assert "trial account" in of(await clinic.found(), "phones", "warn")
    clinic.sandbox.phones.account_status = "suspended"
    assert "account is suspended" in of(await clinic.found(), "phones", "fail")


async def test_a_number_of_somebody_else_fails_and_so_does_one_that_cannot_text(clinic: Clinic) -> None:
    found = await clinic.found(TWILIO_SMS_FROM="+14155559999", TWILIO_VOICE_FROM="+14155559998")
    assert "TWILIO_SMS_FROM (+…99) is no number" in of(found, "phones", "fail")
    assert "TWILIO_VOICE_FROM (+…98) is no number" in of(found, "phones", "warn")
    own = clinic.sandbox.settings.twilio_from
    clinic.sandbox.phones.capabilities[own] = {"voice": True, "sms": False}
    assert "cannot carry sms, only voice" in of(await clinic.found(), "phones", "fail")


@pytest.mark.parametrize(("status", "level"), [("VERIFIED", "ok"), ("IN_PROGRESS", "fail"), ("FAILED", "fail"), (None, "warn")])
async def test_a_number_of_the_united_states_has_to_be_registered(clinic: Clinic, status: str | None, level: str) -> None:
    clinic.sandbox.phones.a2p_status = status
    assert "registration" in of(await clinic.found(), "phones", level) or level == "ok"
    assert (level == "ok") == ("A2P" in of(await clinic.found(), "phones", "ok"))


@pytest.mark.parametrize(("status", "level"), [("TWILIO_APPROVED", "ok"), ("IN_REVIEW", "fail"), (None, "fail")])
async def test_a_toll_free_number_has_to_be_verified(clinic: Clinic, status: str | None, level: str) -> None:
    clinic.sandbox.phones.capabilities["+18335550100"] = {"voice": True, "sms": True}
    clinic.sandbox.phones.tollfree_status = status
    found = await clinic.found(TWILIO_SMS_FROM="+18335550100")
    assert "toll-free" in of(found, "phones", level)


@pytest.mark.parametrize(("status", "level"), [("approved", "ok"), ("pending", "fail"), ("rejected", "fail")])
async def test_the_whatsapp_template_has_to_be_approved(clinic: Clinic, status: str, level: str) -> None:
    world, phones = clinic.sandbox.settings, clinic.sandbox.phones
    phones.template_status = status
    whatsapp = {"TWILIO_WHATSAPP_FROM": world.whatsapp_from, "TWILIO_WHATSAPP_CONTENT_SID": world.whatsapp_content_sid}
    assert "WhatsApp template is" in of(await clinic.found(**whatsapp), "phones", level)
    whatsapp["TWILIO_WHATSAPP_CONTENT_SID"] = f"HX{'0' * 32}"
    assert "no such template" in of(await clinic.found(**whatsapp), "phones", "fail")
    whatsapp["TWILIO_WHATSAPP_CONTENT_SID"] = ""
    assert "has no template" in of(await clinic.found(**whatsapp), "phones", "warn")


ODD_BODIES = ["", "<html>", "[]", "null", "{}", '{"status": {}, "incoming_phone_numbers": 3, "services": [4], "balance": []}', "[" * 5000]


@pytest.mark.parametrize("body", ODD_BODIES)
async def test_no_odd_answer_of_twilio_ends_the_examination(clinic: Clinic, body: str) -> None:
    async with odd_server(body) as url:
        found = await clinic.found(TWILIO_API_URL=url)
    assert of(found, "phones", "fail")


@pytest.mark.parametrize(
    ("number", "needs", "toll_free"),
    [("+14155550100", True, False), ("+18335550100", False, True), ("+447700900123", False, False), ("+16135550100", False, False)],
)
def test_which_numbers_need_which_registration(number: str, needs: bool, toll_free: bool) -> None:
    assert findings_twilio.needs_campaign(number) is needs
    assert findings_twilio.is_toll_free(number) is toll_free
