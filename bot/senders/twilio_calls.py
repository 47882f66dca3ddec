"""One request to Twilio at a time, each within its own span, each failure a SendError that says whether trying again can help."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from bot.domain.outbox import METHODS, Kind
from bot.errors import SendError

PROVIDER = "twilio"
TIMEOUT_SECONDS = 10.0
SENDERS: Mapping[Kind, str] = {
    Kind.SMS: "TWILIO_SMS_FROM",
    Kind.WHATSAPP: "TWILIO_WHATSAPP_FROM",
    Kind.CALL: "TWILIO_VOICE_FROM",
}
"""The setting that holds the number from which each kind is sent."""
_OWN_HOSTS = "twilio.com"
_TOO_FAST = frozenset([10004, 20429, 21611, 63018])
_PASSING_STATUS = frozenset([408, 425])
_PASSING = frozenset([14107, 20500, 20503, 30001, 30003, 30008, 30410, 30500, 63010, 63012])
_THROTTLE = timedelta(seconds=5)
_CREDENTIALS = "our credentials are refused: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
_SENDER = "our own number may not send this: check {sender}"
_TRIAL = "a trial account may only reach numbers that are verified at Twilio"
_CALL_COUNTRY = "calls to that country are switched off: allow it in Twilio's voice geographic permissions"
_BLOCKED = "Twilio blocks calls to that number"
_NO_CALL = "the phone number cannot be called"
_TEMPLATE = "the WhatsApp template does not fit: check TWILIO_WHATSAPP_CONTENT_SID"
_LIMIT = "our WhatsApp account is over its daily limit"
_REASONS: Mapping[int, str] = {
    401: _CREDENTIALS,
    20003: _CREDENTIALS,
    20005: "our account is not active",
    20404: _CREDENTIALS,
    13223: _NO_CALL,
    13224: _NO_CALL,
    13225: _BLOCKED,
    13227: _CALL_COUNTRY,
    21210: _SENDER,
    21211: "the phone number is not valid",
    21212: _SENDER,
    21214: _NO_CALL,
    21215: _CALL_COUNTRY,
    21216: _BLOCKED,
    21217: "the phone number is not valid",
    21219: _TRIAL,
    21265: "the phone number is a short code",
    21266: "the phone number is our own",
    21401: "the phone number is not valid",
    21408: "texts to that country are switched off: allow it in Twilio's geographic permissions",
    21601: _SENDER,
    21603: _SENDER,
    21606: _SENDER,
    21608: _TRIAL,
    21610: "the phone has opted out with STOP: START sent from it opts in again",
    21612: "that phone number cannot be texted from ours",
    21614: "the phone number cannot receive texts",
    21617: "the text is too long",
    21635: "the phone number is a landline",
    21654: _TEMPLATE,
    21655: _TEMPLATE,
    21656: _TEMPLATE,
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
    63001: "WhatsApp refuses our account",
    63003: "the phone number is not on WhatsApp",
    63007: _SENDER,
    63013: "WhatsApp's policy forbids it",
    63015: "the phone has not joined Twilio's WhatsApp sandbox",
    63016: "WhatsApp takes only a template outside the 24 hours after a person wrote: set TWILIO_WHATSAPP_CONTENT_SID",
    63020: "WhatsApp refuses our business account",
    63021: _TEMPLATE,
    63024: "the phone number cannot be reached by WhatsApp",
    63026: "WhatsApp takes us for spam",
    63027: _TEMPLATE,
    63028: _TEMPLATE,
    63032: "WhatsApp does not carry it to this person",
    63033: "the person has blocked us on WhatsApp",
    63038: _LIMIT,
    63051: "our WhatsApp account is locked",
}
"""Why a page can never arrive. Twilio's own texts are not repeated: they name the phone number."""


class Http(AsyncHttpClient):  # type: ignore[misc]
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
        options: dict[str, Any] = {"params": params, "data": _pairs(data), "headers": signed, "allow_redirects": allow_redirects}
        async with self._session.request(method, self._address(url), **options) as answer:
            return Response(answer.status, await answer.text(errors="replace"), answer.headers)


def _pairs(data: Mapping[str, object] | None) -> list[tuple[str, str]] | None:
    """The form field by field: what the SDK gives as a list stands in it once for each value."""
    if data is None:
        return None
    return [(name, str(each)) for name, value in data.items() for each in (value if isinstance(value, list) else [value])]


async def create(kind: Kind, request: Awaitable[Any]) -> str:
    """The SID of what Twilio made of the request, within TIMEOUT_SECONDS; raises SendError."""
    made = await ask(kind, request)
    if not made.sid:
        raise _unreadable("no sid")
    return str(made.sid)


async def ask(kind: Kind, request: Awaitable[Any]) -> Any:
    """Twilio's answer to a request about that kind of message, within TIMEOUT_SECONDS; raises SendError."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await request
    except (TwilioRestException, TwilioServiceException) as error:
        raise _refusal(kind, error.status, error.code) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _unreachable(error) from error
    except (TwilioException, AttributeError, ValueError) as error:  # the SDK asks any JSON for its fields
        raise _unreadable(type(error).__name__) from error


def _refusal(kind: Kind, status: int, code: int | str | None) -> SendError:
    """What Twilio's own answer stands for: a limit, a failure that passes, or a number that can never be reached."""
    number = int(str(code)) if str(code or "").isdecimal() else status
    if status == 429 or number in _TOO_FAST:
        return SendError("Twilio asks for a pause", code=str(number), retry_after=_THROTTLE, gate=f"{PROVIDER}:{METHODS[kind]}")
    if status >= 500 or status in _PASSING_STATUS or number in _PASSING:
        return SendError(f"Twilio failed ({number})", code=str(number), ambiguous=True)
    reason = _REASONS.get(number, "the page is refused").format(sender=SENDERS[kind])
    return SendError(f"{reason} (Twilio {number})", code=str(number), permanent=True)


def _unreachable(error: Exception) -> SendError:
    never_sent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL)
    what = "does not answer" if isinstance(error, TimeoutError) and not never_sent else "cannot be reached"
    return SendError(f"Twilio {what} ({type(error).__name__})", code="unreachable", ambiguous=not never_sent)


def _unreadable(what: str) -> SendError:
    return SendError(f"Twilio's answer cannot be read ({what})", code="unreadable", ambiguous=True)
