"""What Twilio says about our account and numbers, for ``muster doctor``: facts only, each asked for once and within ten seconds."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.errors import SendError

TIMEOUT_SECONDS = 10.0
_OWN_HOSTS = ".twilio.com"
_API, _MESSAGING, _CONTENT = "api", "messaging", "content"
_MOST_SERVICES = 20
_REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Account:
    """Whether the account works (``active``), and whether it is a ``Trial`` or ``Full`` one."""

    status: str
    kind: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left to spend."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the account, and what it can carry: ``sms``, ``voice``, …"""

    sid: str
    number: str
    capabilities: frozenset[str]


class TwilioChecks:
    """Asks Twilio, on all of its hosts; every method raises SendError."""

    def __init__(self, *, account_sid: str, auth_token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._sid, self._session, self._api_url = account_sid, session, api_url.rstrip("/")
        self._headers = {"Authorization": f"Basic {base64.b64encode(f'{account_sid}:{auth_token}'.encode()).decode()}"}

    async def account(self) -> Account:
        """The account itself; raises SendError when the credentials are refused."""
        found = await self._get(_API, f"/2010-04-01/Accounts/{self._sid}.json")
        if found is None:
            raise SendError("Twilio does not know the account", code=_REFUSED, permanent=True)
        return Account(str(found.get("status")), str(found.get("type")))

    async def balance(self) -> Balance | None:
        """What is left; None for a subaccount, which spends its parent's money."""
        found = await self._get(_API, f"/2010-04-01/Accounts/{self._sid}/Balance.json")
        try:
            amount = Decimal(str((found or {}).get("balance")))
        except InvalidOperation:
            return None
        return Balance(amount, str((found or {}).get("currency") or "")) if amount.is_finite() else None

    async def number(self, number: str) -> Number | None:
        """The account's own number of that name; None when it owns no such."""
        path = f"/2010-04-01/Accounts/{self._sid}/IncomingPhoneNumbers.json"
        for item in _items(await self._get(_API, path, PhoneNumber=number), "incoming_phone_numbers"):
            if item.get("phone_number") == number:
                able = item.get("capabilities")
                names = [name for name, can in able.items() if can] if isinstance(able, Mapping) else []
                return Number(str(item.get("sid")), number, frozenset(str(name).lower() for name in names))
        return None

    async def campaign(self, number: Number) -> str | None:
        """The state of the A2P 10DLC campaign that the number sends under, such as ``VERIFIED``; None when it sends under none.

        A campaign belongs to a messaging service, so that the service is looked for which holds the number.
        """
        services = _items(await self._get(_MESSAGING, "/v1/Services", PageSize=str(_MOST_SERVICES)), "services")
        for service in services[:_MOST_SERVICES]:
            path = f"/v1/Services/{service.get('sid')}"
            pool = _items(await self._get(_MESSAGING, f"{path}/PhoneNumbers"), "phone_numbers")
            if any(item.get("phone_number") == number.number for item in pool):
                found = _items(await self._get(_MESSAGING, f"{path}/Compliance/Usa2p"), "compliance")
                return str(found[0].get("campaign_status")) if found else None
        return None

    async def toll_free_verification(self, number: Number) -> str | None:
        """The state of a toll-free number's verification, such as ``TWILIO_APPROVED``; None when it was never asked for."""
        path = "/v1/Tollfree/Verifications"
        found = _items(await self._get(_MESSAGING, path, TollfreePhoneNumberSid=number.sid), "verifications")
        mine = (item for item in found if item.get("tollfree_phone_number_sid") in (None, number.sid))
        return next((str(item.get("status")) for item in mine), None)

    async def template(self, content_sid: str) -> str | None:
        """WhatsApp's word on a template, such as ``approved``; None when there is no such template."""
        found = await self._get(_CONTENT, f"/v1/Content/{content_sid}/ApprovalRequests")
        whatsapp = (found or {}).get("whatsapp")
        return None if not isinstance(whatsapp, Mapping) else str(whatsapp.get("status"))

    def _address(self, host: str, path: str) -> str:
        """Twilio's host of that name, or where TWILIO_API_URL points for all of them."""
        if f".{urlsplit(self._api_url).hostname or ''}".endswith(_OWN_HOSTS):
            return f"https://{host}{_OWN_HOSTS}{path}"
        return f"{self._api_url}{path}"

    async def _get(self, host: str, path: str, **query: str) -> Mapping[str, Any] | None:
        """The object that Twilio answers; None for a 404."""
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._session.get(self._address(host, path), params=query, headers=self._headers, allow_redirects=False) as answer,
            ):
                status, text = answer.status, await answer.text(errors="replace")
        except (aiohttp.ClientError, OSError) as error:
            raise SendError(f"Twilio cannot be reached ({type(error).__name__})", code="unreachable") from error
        if status == 404:
            return None
        if status in (401, 403):
            raise SendError(f"Twilio refuses our credentials (HTTP {status})", code=_REFUSED, permanent=True)
        if status != 200:
            raise SendError(f"Twilio failed (HTTP {status})", code=str(status))
        return _parsed(text)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SendError(f"Twilio's answer cannot be read ({type(error).__name__})", code="unreadable") from error
    if not isinstance(parsed, dict):
        raise SendError("Twilio's answer cannot be read (no object)", code="unreadable")
    return parsed


def _items(found: Mapping[str, Any] | None, key: str) -> Sequence[Mapping[str, Any]]:
    listed = (found or {}).get(key)
    return [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
