"""The account at Twilio: its balance, its numbers, and what they are registered for; a test sets what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.whatsapp import WhatsApp

_TOLLFREE = tuple(f"+1{prefix}" for prefix in (800, 833, 844, 855, 866, 877, 888))
_BORN = "2026-01-05T09:00:00Z"
_API, _MESSAGING = "/2010-04-01/Accounts", "https://messaging.twilio.com/v1"


class Account:
    """What Twilio knows of the customer; a status that is None stands for what was never asked for."""

    def __init__(self, account_sid: str, numbers: Sequence[str], whatsapp: WhatsApp, content_sid: str) -> None:
        self.balance, self.currency = "42.17", "USD"
        self.account_status, self.account_type = "active", "Full"
        self.a2p_status: str | None = "VERIFIED"
        self.tollfree_status: str | None = "TWILIO_APPROVED"
        self.capabilities = {number: {"voice": True, "sms": True, "mms": True, "fax": False} for number in numbers}
        self.messaging_service_sid = f"MG{account_sid[2:]}"
        self.whatsapp = whatsapp
        self._sid, self._content_sid = account_sid, content_sid

    @property
    def template_status(self) -> str:
        """What WhatsApp says of the template: unsubmitted, received, pending, approved, rejected, paused or disabled."""
        return self.whatsapp.templates[self._content_sid].status

    @template_status.setter
    def template_status(self, status: str) -> None:
        self.whatsapp.templates[self._content_sid].status = status

    def unregistered(self, sender: str, number: str) -> int | None:
        """The code with which carriers of the United States block a text from a number that is not registered."""
        if not number.startswith("+1"):
            return None
        if sender.startswith(_TOLLFREE):
            return None if self.tollfree_status == "TWILIO_APPROVED" else 30032
        return None if self.a2p_status == "VERIFIED" or not sender.startswith("+1") else 30034

    def account_shown(self) -> dict[str, Any]:
        """The account itself; its token stays out of it."""
        named = {"sid": self._sid, "friendly_name": "Sandbox", "status": self.account_status, "type": self.account_type}
        return named | {"owner_account_sid": self._sid, "uri": f"{_API}/{self._sid}.json"}

    def balance_shown(self) -> dict[str, Any]:
        """What is left to spend."""
        return {"account_sid": self._sid, "balance": self.balance, "currency": self.currency}

    def numbers_shown(self, wanted: str | None) -> dict[str, Any]:
        """The numbers of the account with what each can do, or the one that was asked for."""
        found = [self._number(number) for number in self.capabilities if wanted in (None, number)]
        path = f"{_API}/{self._sid}/IncomingPhoneNumbers.json"
        paging = {"page": 0, "page_size": 50, "start": 0, "end": max(0, len(found) - 1), "uri": path, "first_page_uri": path}
        return {"incoming_phone_numbers": found, **paging, "next_page_uri": None, "previous_page_uri": None}

    def _number(self, number: str) -> dict[str, Any]:
        sid = _sid_of(number)
        named = {"sid": sid, "account_sid": self._sid, "phone_number": number, "friendly_name": number, "status": "in-use", "beta": False}
        kind = "tollfree" if number.startswith(_TOLLFREE) else "local"
        return named | {
            "capabilities": self.capabilities[number],
            "type": kind,
            "uri": f"{_API}/{self._sid}/IncomingPhoneNumbers/{sid}.json",
        }

    def services_shown(self) -> dict[str, Any]:
        """The messaging services."""
        url = f"{_MESSAGING}/Services/{self.messaging_service_sid}"
        named = {"sid": self.messaging_service_sid, "account_sid": self._sid, "friendly_name": "Pages", "url": url}
        return listed("services", [named | {"us_app_to_person_registered": self.a2p_status == "VERIFIED"}], f"{_MESSAGING}/Services")

    def service_numbers_shown(self) -> dict[str, Any]:
        """The numbers that the messaging service sends from."""
        url = f"{_MESSAGING}/Services/{self.messaging_service_sid}/PhoneNumbers"
        found = [
            {"sid": _sid_of(number), "phone_number": number, "service_sid": self.messaging_service_sid} for number in self.capabilities
        ]
        return listed("phone_numbers", found, url)

    def campaigns_shown(self) -> dict[str, Any]:
        """The registration of the messaging service's campaign (A2P 10DLC), if there is one."""
        url = f"{_MESSAGING}/Services/{self.messaging_service_sid}/Compliance/Usa2p"
        campaign = {"sid": f"QE{self._sid[2:]}", "account_sid": self._sid, "messaging_service_sid": self.messaging_service_sid}
        campaign |= {"us_app_to_person_usecase": "LOW_VOLUME", "date_created": _BORN, "date_updated": _BORN}
        errors = [{"error_code": 30893, "fields": ["DESCRIPTION"]}] if self.a2p_status == "FAILED" else []
        found = [{**campaign, "campaign_status": self.a2p_status, "errors": errors, "mock": False}] if self.a2p_status else []
        return listed("compliance", found, url)

    def verifications_shown(self) -> dict[str, Any]:
        """The verifications of the toll-free numbers."""
        numbers = [number for number in self.capabilities if number.startswith(_TOLLFREE) and self.tollfree_status]
        found = [
            {
                "sid": f"HH{_sid_of(number)[2:]}",
                "account_sid": self._sid,
                "tollfree_phone_number_sid": _sid_of(number),
                "tollfree_phone_number": number,
                "status": self.tollfree_status,
                "rejection_reason": "The use case is not clear" if self.tollfree_status == "TWILIO_REJECTED" else None,
                "date_created": _BORN,
                "date_updated": _BORN,
            }
            for number in numbers
        ]
        return listed("verifications", found, f"{_MESSAGING}/Tollfree/Verifications")


def listed(key: str, found: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """A single page as Twilio's newer hosts show it."""
    meta = {"page": 0, "page_size": 50, "first_page_url": url, "previous_page_url": None, "next_page_url": None, "url": url, "key": key}
    return {key: found, "meta": meta}


def _sid_of(number: str) -> str:
    return f"PN{int(number[1:]):032x}"
