"""The pretend phone network: Twilio's REST validation, delayed signed receipts, and replies."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import aiohttp

from bot.sandbox.background import Background
from bot.sandbox.clock import SandboxClock
from bot.sandbox.people import Answer

_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"])
_START = frozenset(["START", "YES", "UNSTOP"])
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
TEXTS: Mapping[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    21211: (400, "Invalid 'To' Phone Number: {to}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The From phone number {sender} is not a valid, SMS-capable inbound phone number for your account."),
    21609: (400, "The 'StatusCallback' URL {callback} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
}


class TwilioError(Exception):
    """A refusal with Twilio's code."""

    def __init__(self, code: int, **names: str) -> None:
        status, text = TEXTS.get(code, (400, "The request was refused"))
        self.code, self.status, self.text = code, status, text.format_map({"to": "", "sender": "", "callback": ""} | names)
        super().__init__(self.text)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that Twilio answers."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.text, "more_info": more, "status": self.status}


@dataclass
class Sms:
    """A text on its way or arrived."""

    sid: str
    to: str
    from_: str
    body: str
    at: datetime
    status: str = "queued"
    callback: str | None = None


@dataclass
class Behaviour:
    """What becomes of texts to a number: ``delivered``, ``undelivered``, ``failed``, ``no_receipt``, or refused with ``refuse``."""

    outcome: str = "delivered"
    error_code: int | None = None
    refuse: int | None = None


class PhoneNetwork:
    """Phones, what lies on them, and the provider in between."""

    def __init__(self, clock: SandboxClock, account_sid: str, auth_token: str, owned: frozenset[str], bot_url: Callable[[], str]) -> None:
        self.messages: list[Sms] = []
        self.receipt_delay: float | None = 0.02
        self.public_url = "http://bot.test"
        self.answers: list[tuple[str, str]] = []
        self.session: aiohttp.ClientSession | None = None
        self._clock, self._sid, self._token, self._owned, self._bot_url = clock, account_sid, auth_token, owned, bot_url
        self._behaviour: dict[str, Behaviour] = {}
        self._opted_out: set[str] = set()
        self._numbers = itertools.count(1)
        self._background = Background()

    def behave(self, number: str, outcome: str = "delivered", error_code: int | None = None, refuse: int | None = None) -> None:
        """Decides what becomes of texts to a number from now on."""
        self._behaviour[number] = Behaviour(outcome, error_code, refuse)

    def inbox(self, number: str) -> list[Sms]:
        """The texts that arrived on a phone, oldest first."""
        return [sms for sms in self.messages if sms.to == number and sms.status not in ("undelivered", "failed")]

    def create(self, account: str, auth: tuple[str, str] | None, form: Mapping[str, str]) -> dict[str, Any]:
        """Twilio's answer to a new message, 201; raises TwilioError."""
        if auth != (self._sid, self._token) or account != self._sid:
            raise TwilioError(20003)
        sms = self._checked(form)
        self.messages.append(sms)
        if sms.callback is not None and self.receipt_delay is not None:
            self._background.start(self._deliver(sms))
        return self.shown(sms)

    def _checked(self, form: Mapping[str, str]) -> Sms:
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        behaviour = self._behaviour.get(to, Behaviour())
        refusals = (
            (21604, not to),
            (21211, not _E164.match(to)),
            (21603, not sender),
            (21606, sender not in self._owned),
            (21602, not body),
            (21617, len(body) > 1600),
            (21610, to in self._opted_out),
            (behaviour.refuse or 0, behaviour.refuse is not None),
            (21609, not form.get("StatusCallback", "http://x").startswith(("http://", "https://"))),
        )
        for code, wrong in refusals:
            if wrong:
                raise TwilioError(code, to=to, sender=sender, callback=form.get("StatusCallback", ""))
        sid = f"SM{next(self._numbers):032x}"
        return Sms(sid, to, sender, body, self._clock.now(), callback=form.get("StatusCallback"))

    def shown(self, sms: Sms) -> dict[str, Any]:
        """A message as Twilio shows it."""
        return {
            "sid": sms.sid,
            "account_sid": self._sid,
            "to": sms.to,
            "from": sms.from_,
            "body": sms.body,
            "status": sms.status,
            "num_segments": str(segments(sms.body)),
            "num_media": "0",
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "date_created": format_datetime(sms.at),
            "date_updated": format_datetime(sms.at),
            "date_sent": None,
            "messaging_service_sid": None,
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "uri": f"/2010-04-01/Accounts/{self._sid}/Messages/{sms.sid}.json",
            "subresource_uris": {},
        }

    async def _deliver(self, sms: Sms) -> None:
        behaviour = self._behaviour.get(sms.to, Behaviour())
        if behaviour.outcome == "no_receipt":
            sms.status = "sent"
            return
        for status in ("sent", behaviour.outcome):
            await asyncio.sleep(self.receipt_delay or 0)
            bad = status in ("undelivered", "failed")
            await self.callback(sms.sid, status, behaviour.error_code if bad else None)

    async def callback(self, sid: str, status: str, error_code: int | None = None) -> Answer:
        """Sends a receipt, in whatever order; one for an unknown sid goes to the bot all the same."""
        sms = next((sms for sms in self.messages if sms.sid == sid), None)
        if sms is not None:
            sms.status = status
        fields = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
        fields |= {"AccountSid": self._sid, "ApiVersion": "2010-04-01"}
        if sms is not None:
            fields |= {"To": sms.to, "From": sms.from_}
        if error_code is not None:
            fields["ErrorCode"] = str(error_code)
        return await self.post("/twilio/status", fields)

    async def reply(self, number: str, text: str, to: str | None = None) -> Answer:
        """Answers from a phone; STOP and its like opt out and START opts in, as Twilio does."""
        word = text.strip().upper()
        fields = {"Body": text, "From": number, "To": to or min(self._owned), "NumMedia": "0", "NumSegments": "1"}
        sid = f"SM{next(self._numbers):032x}"
        fields |= {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received"}
        fields |= {"AccountSid": self._sid, "ApiVersion": "2010-04-01", "FromCountry": "US"}
        if word in _STOP:
            self._opted_out.add(number)
            fields["OptOutType"] = "STOP"
        elif word in _START:
            self._opted_out.discard(number)
            fields["OptOutType"] = "START"
        answer = await self.post("/twilio/message", fields)
        said = re.search(r"<Message>(.*?)</Message>", str(answer.body or ""))
        if said:
            self.answers.append((number, said.group(1)))
        return answer

    async def close(self) -> None:
        """Ends what is still under way."""
        await self._background.close()

    def sign(self, path: str, fields: Mapping[str, str], public_url: str | None = None) -> str:
        """Twilio's signature over the public address and the sorted fields."""
        text = f"{public_url or self.public_url}{path}" + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        return base64.b64encode(hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()).decode()

    async def post(self, path: str, fields: Mapping[str, str], signature: str | None = None) -> Answer:
        """Posts a signed callback to the bot."""
        assert self.session is not None, "the sandbox is started"
        headers = {"X-Twilio-Signature": self.sign(path, fields) if signature is None else signature}
        try:
            async with self.session.post(f"{self._bot_url()}{path}", data=dict(fields), headers=headers) as response:
                return Answer(response.status, await response.text())
        except aiohttp.ClientError:
            return Answer(0, None)


def segments(body: str) -> int:
    """How many segments a body takes: GSM-7 160 or 153 each, UCS-2 70 or 67."""
    plain = all(letter in _GSM for letter in body)
    size = sum(2 if letter in "^{}\\[~]|€" else 1 for letter in body) if plain else len(body.encode("utf-16-le")) // 2
    single, each = (160, 153) if plain else (70, 67)
    return 1 if size <= single else -(-size // each)
