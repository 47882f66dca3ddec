"""What the pretend Twilio says of the account, its numbers and its registrations, and how it behaves without them."""

from __future__ import annotations

import pytest

from bot.sandbox import Fault
from tests.sandbox.phone_bot import TIM, PhoneBot

ACCOUNT = "/2010-04-01/Accounts/AC"


async def test_the_account_shows_its_state_and_not_its_token(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    phones.account_type, phones.balance = "Trial", "0.03"
    sid = phone_bot.sandbox.settings.twilio_account_sid
    _, account = await phone_bot.ask("GET", f"/2010-04-01/Accounts/{sid}.json")
    assert (account["sid"], account["status"], account["type"]) == (sid, "active", "Trial")
    assert phone_bot.sandbox.settings.twilio_auth_token not in str(account)
    assert (await phone_bot.ask("GET", f"{ACCOUNT}/Balance.json"))[1] == {"account_sid": sid, "balance": "0.03", "currency": "USD"}


async def test_a_number_shows_what_it_can_do(phone_bot: PhoneBot) -> None:
    ours = phone_bot.sandbox.settings.twilio_from
    phone_bot.sandbox.phones.capabilities[ours]["sms"] = False
    _, page = await phone_bot.ask("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json", PhoneNumber=ours)
    assert [(one["phone_number"], one["capabilities"]["sms"], one["capabilities"]["voice"]) for one in page["incoming_phone_numbers"]] == [
        (ours, False, True)
    ]
    assert (await phone_bot.ask("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json", PhoneNumber=TIM))[1]["incoming_phone_numbers"] == []


async def test_the_campaign_of_the_service_that_holds_the_number_is_shown(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    phones.a2p_status = "PENDING"
    [service] = (await phone_bot.ask("GET", "/v1/Services"))[1]["services"]
    pool = (await phone_bot.ask("GET", f"/v1/Services/{service['sid']}/PhoneNumbers"))[1]["phone_numbers"]
    assert phone_bot.sandbox.settings.twilio_from in [one["phone_number"] for one in pool]
    [campaign] = (await phone_bot.ask("GET", f"/v1/Services/{service['sid']}/Compliance/Usa2p"))[1]["compliance"]
    assert campaign["campaign_status"] == "PENDING"
    phones.a2p_status = None
    assert (await phone_bot.ask("GET", f"/v1/Services/{service['sid']}/Compliance/Usa2p"))[1]["compliance"] == []
    assert (await phone_bot.ask("GET", "/v1/Services/MG0/Compliance/Usa2p"))[0] == 404


@pytest.mark.parametrize(("status", "code"), [("PENDING", 30034), ("FAILED", 30034), (None, 30034), ("VERIFIED", None)])
async def test_a_text_from_an_unregistered_number_is_blocked_and_a_call_is_not(
    phone_bot: PhoneBot, status: str | None, code: int | None
) -> None:
    phones = phone_bot.sandbox.phones
    phones.a2p_status = status
    await phone_bot.send(Body="hello")
    assert (await phone_bot.send(Body="hello", To="+4915112345678"))[0] == 201
    domestic, abroad = phones.messages
    await phone_bot.until(lambda: domestic.status in ("delivered", "undelivered") and abroad.status == "delivered")
    assert (domestic.error_code, abroad.error_code) == (code, None)
    assert (await phone_bot.call(Twiml="<Response/>"))[0] == 201


async def test_an_unverified_tollfree_number_is_blocked_and_shown_so(phone_bot: PhoneBot) -> None:
    phones = phone_bot.sandbox.phones
    phones.capabilities["+18335550100"] = {"sms": True}
    phones.tollfree_status = "TWILIO_REJECTED"
    [shown] = (await phone_bot.ask("GET", "/v1/Tollfree/Verifications"))[1]["verifications"]
    assert (shown["tollfree_phone_number"], shown["status"]) == ("+18335550100", "TWILIO_REJECTED")
    assert phones.unregistered("+18335550100", TIM) == 30032
    phones.tollfree_status = None
    assert (await phone_bot.ask("GET", "/v1/Tollfree/Verifications"))[1]["verifications"] == []


async def test_a_template_is_shown_with_its_buttons_and_its_approval(phone_bot: PhoneBot) -> None:
    sid = phone_bot.sandbox.settings.whatsapp_content_sid
    _, content = await phone_bot.ask("GET", f"/v1/Content/{sid}")
    assert [action["title"] for action in content["types"]["twilio/quick-reply"]["actions"]] == ["Acknowledge", "Escalate"]
    phone_bot.sandbox.phones.template_status = "rejected"
    _, approval = await phone_bot.ask("GET", f"/v1/Content/{sid}/ApprovalRequests")
    assert (approval["whatsapp"]["status"], approval["whatsapp"]["rejection_reason"] != "") == ("rejected", True)
    assert (await phone_bot.ask("GET", f"/v1/Content/HX{'0' * 32}/ApprovalRequests"))[0] == 404


@pytest.mark.parametrize("name", ["Balance", "*"])
async def test_a_fault_can_hit_any_of_the_hosts(phone_bot: PhoneBot, name: str) -> None:
    phone_bot.sandbox.faults.add(Fault("twilio", "ratelimited", name))
    assert (await phone_bot.ask("GET", f"{ACCOUNT}/Balance.json"))[1]["code"] == 20429
    assert [(one.name, one.status) for one in phone_bot.sandbox.requests] == [("Balance", 429)]
