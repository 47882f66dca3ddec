"""Twilio goes out. There is no idempotency key: an ambiguous page is sent again, with the same reference in its text."""

from __future__ import annotations

import asyncio
import base64
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot.domain.outbox import Delivery, Receipt
from bot.errors import SendError

PROVIDER = "twilio"
TIMEOUT_SECONDS = 10.0
VALIDITY_SECONDS = 600
"""A page that a carrier could not deliver within this is no longer worth waking anybody for: the chain has gone on."""
_TRANSIENT = frozenset({20429, 20500, 20503, 21611, 30001, 30003, 30008, 14107})
_CONFIGURATION = frozenset({20003, 20404, 21606, 21601, 21212, 21609, 21703})
_THROTTLE = timedelta(seconds=5)


class _Http(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's requests through our session, to the host that TWILIO_API_URL names, whichever host the SDK meant."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        super().__init__(logger=logging.getLogger("twilio"), is_async=True)
        self._session = session
        self._base = urlsplit(api_url)

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
        parts = urlsplit(url)
        address = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        signed = dict(headers or {})
        if auth is not None:
            signed["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
        options: dict[str, Any] = {"params": params, "data": data, "headers": signed}
        async with self._session.request(method, address, allow_redirects=False, **options) as answer:
            return Response(answer.status, await answer.text(), answer.headers)


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
        """The SID of the accepted message; raises SendError."""
        more = {} if self._status_callback is None else {"status_callback": self._status_callback}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                message = await self._client.messages.create_async(
                    to=delivery.request["to"],
                    from_=self._from,
                    body=delivery.request["body"],
                    validity_period=VALIDITY_SECONDS,
                    **more,
                )
        except TwilioRestException as error:
            raise _classify(error) from error
        except (aiohttp.ClientError, OSError, TimeoutError, TwilioException, ValueError) as error:
            refused = isinstance(error, aiohttp.ClientConnectorError)
            text = f"Twilio cannot be reached ({type(error).__name__})"
            raise SendError(text, code="unreachable", ambiguous=not refused) from error
        return Receipt(message.sid, {})


def _classify(error: TwilioRestException) -> SendError:
    code = error.code or 0
    if error.status == 429 or code in (20429, 21611):
        return SendError("Twilio asks us to wait", code=str(code), retry_after=_THROTTLE, gate=PROVIDER)
    if error.status >= 500 or code in _TRANSIENT:
        return SendError(f"Twilio failed ({code or error.status})", code=str(code or error.status), ambiguous=True)
    if code in _CONFIGURATION:
        text = f"Twilio refuses our account or number ({code}); check the TWILIO_ settings"
        return SendError(text, code=str(code), permanent=True)
    return SendError(f"Twilio refuses the message ({code}): {error.msg}"[:300], code=str(code), permanent=True)
