"""Twilio goes out. There is no idempotency key: an ambiguous page is sent again, with the same reference in its text."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot import telemetry
from bot.domain.outbox import Delivery, Receipt
from bot.errors import SendError

PROVIDER = "twilio"
TIMEOUT_SECONDS = 10.0
VALIDITY_SECONDS = 600
"""A page that a carrier could not deliver within this is no longer worth waking anybody for: the chain has gone on."""
_OWN_HOSTS = "twilio.com"
_BAD_CALLBACK = "21609"
_TOO_FAST = frozenset([20429, 21611])
_PASSING_STATUS = frozenset([408, 425])
_PASSING = frozenset([14107, 20500, 20503, 30001, 30003, 30008, 30410, 30500])
_THROTTLE = timedelta(seconds=5)
_CREDENTIALS = "our credentials are refused: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
_SENDER = "our own number may not text: check TWILIO_SMS_FROM"
_REASONS: Mapping[int, str] = {
    401: _CREDENTIALS,
    20003: _CREDENTIALS,
    20005: "our account is not active",
    20404: _CREDENTIALS,
    21211: "the phone number is not valid",
    21212: _SENDER,
    21219: "a trial account may only text numbers that are verified at Twilio",
    21265: "the phone number is a short code",
    21266: "the phone number is our own",
    21408: "texts to that country are switched off: allow it in Twilio's geographic permissions",
    21601: _SENDER,
    21603: _SENDER,
    21606: _SENDER,
    21608: "a trial account may only text numbers that are verified at Twilio",
    21610: "the phone has opted out with STOP: START sent from it opts in again",
    21612: "that phone number cannot be texted from ours",
    21614: "the phone number cannot receive texts",
    21617: "the text is too long",
    21635: "the phone number is a landline",
    21659: _SENDER,
    21660: _SENDER,
    21703: "the messaging service has no numbers",
    30002: "our account is suspended",
    30004: "the phone blocks our texts",
    30005: "the phone number is unknown",
    30006: "the phone number is a landline",
    30007: "the carrier filtered the text",
    30022: "our number is over its carrier limit",
    30023: "our number is over its daily limit",
    30034: "our number is not registered for texts in the United States (A2P 10DLC)",
}
"""Why a page can never arrive. Twilio's own texts are not repeated: they name the phone number."""


class _Http(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's requests through our session, to where TWILIO_API_URL points, whichever host the SDK meant."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        super().__init__(logger=logging.getLogger("twilio"), is_async=True)
        self._session = session
        self._base = urlsplit(api_url)

    def _address(self, url: str) -> str:
        if (self._base.hostname or "").endswith(_OWN_HOSTS):
            return url
        parts = urlsplit(url)
        path = f"{self._base.path.rstrip('/')}{parts.path}"
        return urlunsplit((self._base.scheme, self._base.netloc, path, parts.query, ""))

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Twilio's answer, read whole; the span of a request is its caller's to keep."""
        signed = dict(headers or {})
        if auth is not None:
            signed["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
        options: dict[str, Any] = {"params": params, "data": data, "headers": signed, "allow_redirects": allow_redirects}
        async with self._session.request(method, self._address(url), **options) as answer:
            return Response(answer.status, await answer.text(errors="replace"), answer.headers)


class Twilio:
    """Sends what the outbox holds for phones."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sms_from: str,
        api_url: str,
        status_callback: str | None,
        session: aiohttp.ClientSession,
    ) -> None:
        self._client = Client(account_sid, auth_token, http_client=_Http(session, api_url))
        self._from = sms_from
        self._status_callback = status_callback

    async def send(self, delivery: Delivery) -> Receipt:
        """The SID of the accepted message; raises SendError.

        An address for receipts that Twilio does not take costs the receipts, never the page.
        """
        try:
            return await self._create(delivery, self._status_callback)
        except SendError as error:
            if error.code != _BAD_CALLBACK or self._status_callback is None:
                raise
        telemetry.logger().warning("page_without_receipt", message_id=delivery.id, reason="Twilio refuses MUSTER_PUBLIC_URL")
        return await self._create(delivery, None)

    async def _create(self, delivery: Delivery, status_callback: str | None) -> Receipt:
        more = {} if status_callback is None else {"status_callback": status_callback}
        to, body = delivery.request["to"], delivery.request["body"]
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                made = await self._client.messages.create_async(
                    to=to, from_=self._from, body=body, validity_period=VALIDITY_SECONDS, **more
                )
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error.status, error.code) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error
        except (TwilioException, AttributeError, ValueError) as error:  # the SDK asks any JSON for its fields
            raise _unreadable(type(error).__name__) from error
        if not made.sid:
            raise _unreadable("no sid")
        return Receipt(str(made.sid), {})


def _refusal(status: int, code: int | str | None) -> SendError:
    """What Twilio's own answer stands for: a limit, a failure that passes, or a number that can never be reached."""
    number = int(str(code)) if str(code or "").isdecimal() else status
    if status == 429 or number in _TOO_FAST:
        return SendError("Twilio asks for a pause", code=str(number), retry_after=_THROTTLE, gate=f"{PROVIDER}:Messages")
    if status >= 500 or status in _PASSING_STATUS or number in _PASSING:
        return SendError(f"Twilio failed ({number})", code=str(number), ambiguous=True)
    reason = _REASONS.get(number, "the text is refused")
    return SendError(f"{reason} (Twilio {number})", code=str(number), permanent=True)


def _unreachable(error: Exception) -> SendError:
    never_sent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL)
    what = "does not answer" if isinstance(error, TimeoutError) and not never_sent else "cannot be reached"
    return SendError(f"Twilio {what} ({type(error).__name__})", code="unreachable", ambiguous=not never_sent)


def _unreadable(what: str) -> SendError:
    return SendError(f"Twilio's answer cannot be read ({what})", code="unreadable", ambiguous=True)
