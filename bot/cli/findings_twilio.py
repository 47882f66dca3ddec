"""What ``muster doctor`` makes of Twilio's answers: the account, its money, its numbers and who has to have approved them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import phonenumbers

from bot.cli.findings import Finding, fail, ok, warn
from bot.senders.checks_twilio import Account, Balance, Number

LOW_BALANCE = Decimal(10)
_TOLL_FREE_CODES = frozenset(["800", "833", "844", "855", "866", "877", "888"])
_CAPABILITIES = {"TWILIO_SMS_FROM": "sms", "TWILIO_VOICE_FROM": "voice"}


def account(found: Account) -> Iterator[Finding]:
    """Whether the account works, and whether it is only a trial."""
    if found.status.lower() != "active":
        yield fail("phones", f"The Twilio account is {found.status}.", "Twilio's console says why, and how to have it opened again.")
        return
    yield ok("phones", "The Twilio account is active.")
    if found.kind.lower() == "trial":
        step = "Upgrade the account, or verify every number in Twilio's console."
        yield warn("phones", "It is a trial account: only numbers that were verified at Twilio can be called.", step)


def balance(found: Balance | None) -> Finding:
    """Whether there is money left."""
    if found is None:
        return ok("phones", "The account tells no balance, as subaccounts do: its parent pays.")
    left = f"{found.amount.normalize():f} {found.currency}".strip()
    if found.amount <= 0:
        return fail(
            "phones", f"The Twilio account is empty ({left}): nobody's phone rings.", "Add money, and have Twilio recharge it by itself."
        )
    if found.amount < LOW_BALANCE:
        return warn("phones", f"The Twilio account has {left} left.", "Add money, or have Twilio recharge it by itself.")
    return ok("phones", f"The Twilio account has {left} left.")


def number(setting: str, value: str, found: Number | None) -> Finding:
    """Whether a sender number is the account's, and can carry what it is for."""
    wanted = _CAPABILITIES[setting]
    if found is None:
        if wanted == "voice":
            step = "Buy a number that can call, or verify this one as a caller ID in Twilio's console."
            return warn("phones", f"{setting} ({value}) is no number of the account: it can only call if it is a verified caller ID.", step)
        return fail(
            "phones", f"{setting} ({value}) is no number of the account.", "Set it to a number of Twilio's console → Active numbers."
        )
    if wanted not in found.capabilities:
        able = ", ".join(sorted(found.capabilities)) or "nothing"
        return fail("phones", f"{setting} ({value}) cannot carry {wanted}, only {able}.", f"Set it to a number that can carry {wanted}.")
    return ok("phones", f"{setting} ({value}) is the account's own, and can carry {wanted}.")


def is_toll_free(value: str) -> bool:
    """Whether it is a toll-free number of North America."""
    return value.startswith("+1") and value[2:5] in _TOLL_FREE_CODES


def needs_campaign(value: str) -> bool:
    """Whether carriers of the United States want the number registered (A2P 10DLC): it is a local one of theirs."""
    if not value.startswith("+1") or is_toll_free(value):
        return False
    return phonenumbers.region_code_for_number(phonenumbers.parse(value, None)) in ("US", None)


def campaign(value: str, status: str | None) -> Finding:
    """Whether the carriers of the United States take texts from the number."""
    if status is None:
        step = (
            "Texts to the United States are refused (30034) until it is: Twilio's console → Messaging → Regulatory compliance → A2P 10DLC."
        )
        return warn("phones", f"{value} belongs to no messaging service with a campaign, so that its registration cannot be seen.", step)
    if status.upper() == "VERIFIED":
        return ok("phones", f"{value} is registered for texts in the United States (A2P 10DLC).")
    step = "Texts to the United States are refused until it is VERIFIED: Twilio's console says what is missing."
    return fail("phones", f"The registration of {value} for texts in the United States (A2P 10DLC) is {status}.", step)


def toll_free(value: str, status: str | None) -> Finding:
    """Whether a toll-free number was verified."""
    if status is not None and status.upper() == "TWILIO_APPROVED":
        return ok("phones", f"{value} is verified as a toll-free sender.")
    state = "was never asked for" if status is None else f"is {status}"
    step = "Texts from it are blocked until it is approved: Twilio's console → Messaging → Toll-free verification."
    return fail("phones", f"The verification of the toll-free number {value} {state}.", step)


def template(content_sid: str | None, status: str | None) -> Finding:
    """Whether WhatsApp approved the template that opens a conversation; outside of one nothing else is let through (63016)."""
    if content_sid is None:
        step = (
            "Make a template in Twilio's Content Editor, have it approved, and set TWILIO_WHATSAPP_CONTENT_SID; until then SMS stands in."
        )
        return warn("phones", "WhatsApp has no template: who did not write within 24 hours cannot be reached by it.", step)
    if status is None:
        return fail(
            "phones", "The account has no such template as TWILIO_WHATSAPP_CONTENT_SID names.", "Copy its HX… from the Content Editor."
        )
    if status.lower() == "approved":
        return ok("phones", "The WhatsApp template is approved.")
    return fail("phones", f"The WhatsApp template is {status}.", "Wait for WhatsApp's approval, or correct and submit it again.")
