"""Texts as resources: what lies on a phone or was written on one, and how Twilio lists it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from bot.sandbox.refusals import LATER, TwilioError
from bot.sandbox.whatsapp import PREFIX

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
_RANKS = {"queued": 0, "sending": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3, "read": 4}


@dataclass
class Sms:
    """A text on its way or arrived, by SMS or WhatsApp; numbers stand without the channel's prefix."""

    sid: str
    to: str
    from_: str
    body: str
    at: datetime
    status: str = "queued"
    callback: str | None = None
    channel: str = "sms"
    template: bool = False
    error_code: int | None = None
    buttons: list[tuple[str, str]] = field(default_factory=list)
    media: tuple[str, ...] = ()
    sent_at: datetime | None = None
    direction: str = "outbound-api"

    def move(self, status: str, error_code: int | None, now: datetime) -> None:
        """Takes the status on; one that comes late takes nothing back."""
        if _RANKS.get(status, -1) >= _RANKS.get(self.status, 0):
            self.status = status
            self.error_code = error_code if error_code is not None else self.error_code
            self.sent_at = self.sent_at or now

    @property
    def lost(self) -> bool:
        """Whether it never came to lie on the phone."""
        return self.status in ("undelivered", "failed")


@dataclass(frozen=True)
class Reply:
    """What a person wrote on a phone."""

    number: str
    text: str
    channel: str
    at: datetime


@dataclass(frozen=True)
class TextAnswer:
    """What came back to a phone at once: the bot's own words, or Twilio's to HELP."""

    to: str
    text: str
    channel: str = "sms"
    at: datetime | None = field(default=None, compare=False)


@dataclass
class Behaviour:
    """What becomes of texts and calls to a number.

    ``outcome`` of a text: ``delivered``, ``read``, ``undelivered``, ``failed``, ``no_receipt``; of a call: ``human``, ``machine_start``,
    ``busy``, ``no-answer``, ``failed``, anything else rings. ``refuse`` is the code with which the request itself is refused.
    ``receipts`` are the statuses to report, in this very order, in place of ``sent`` and the outcome.
    """

    outcome: str = "delivered"
    error_code: int | None = None
    refuse: int | None = None
    receipts: tuple[str, ...] | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The receipts that follow a message."""
        if self.receipts is not None:
            return self.receipts
        return ("sent", "delivered", "read") if self.outcome == "read" else ("sent", self.outcome)


def is_address(url: str) -> bool:
    """Whether Twilio takes it for an address of the web."""
    return url.startswith(("http://", "https://"))


def address(number: str, channel: str) -> str:
    """A number as Twilio writes it on a channel."""
    return f"{PREFIX}{number}" if channel == "whatsapp" else number


def shown(sms: Sms, account: str) -> dict[str, Any]:
    """A message as Twilio shows it: what button was pressed, or which message was meant, is not in it."""
    path = f"/2010-04-01/Accounts/{account}/Messages/{sms.sid}"
    return {
        "sid": sms.sid,
        "account_sid": account,
        "to": address(sms.to, sms.channel),
        "from": address(sms.from_, sms.channel),
        "body": sms.body,
        "status": sms.status,
        "num_segments": str(segments(sms.body)),
        "num_media": str(len(sms.media)),
        "direction": sms.direction,
        "api_version": "2010-04-01",
        "date_created": format_datetime(sms.at),
        "date_updated": format_datetime(sms.sent_at or sms.at),
        "date_sent": format_datetime(sms.sent_at) if sms.sent_at is not None else None,
        "messaging_service_sid": None,
        "error_code": sms.error_code,
        "error_message": LATER.get(sms.error_code, "Unknown error") if sms.error_code is not None else None,
        "price": None,
        "price_unit": "USD",
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def page(messages: Iterable[Sms], account: str, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the messages that fit the query, newest first."""
    fitting = [sms for sms in messages if _fits(sms, query)]
    newest = sorted(fitting, key=lambda sms: sms.at, reverse=True)
    size, number = min(1000, int(query.get("PageSize") or 50)), int(query.get("Page") or 0)
    here = newest[number * size : (number + 1) * size]
    more = len(newest) > (number + 1) * size
    token = {"PageToken": f"PA{here[-1].sid}"} if more else {}
    return {
        "messages": [shown(sms, account) for sms in here],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(here) - 1),
        "uri": _uri(account, query, number, size),
        "first_page_uri": _uri(account, query, 0, size),
        "next_page_uri": _uri(account, query, number + 1, size, **token) if more else None,
        "previous_page_uri": _uri(account, query, number - 1, size) if number else None,
    }


def _uri(account: str, query: Mapping[str, str], page: int, size: int, **more: str) -> str:
    kept = {name: value for name, value in query.items() if name not in ("Page", "PageSize", "PageToken")}
    return f"/2010-04-01/Accounts/{account}/Messages.json?{urlencode({**kept, 'PageSize': size, 'Page': page, **more})}"


def _fits(sms: Sms, query: Mapping[str, str]) -> bool:
    """Whether a message is asked for; its day is that of GMT."""
    ends = (("To", address(sms.to, sms.channel)), ("From", address(sms.from_, sms.channel)))
    if any(query.get(name, mine) != mine for name, mine in ends):
        return False
    days = {name: _day(query[name]) for name in ("DateSent", "DateSent<", "DateSent>") if name in query}
    if not days:
        return True
    if sms.sent_at is None:
        return False
    day = sms.sent_at.astimezone(UTC).date()
    return days.get("DateSent", day) == day and days.get("DateSent>", day) <= day <= days.get("DateSent<", day)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise TwilioError(20001, path=f"DateSent {text}") from error


def segments(body: str) -> int:
    """How many segments a body takes: GSM-7 160 or 153 each, UCS-2 70 or 67."""
    plain = all(letter in _GSM for letter in body)
    size = sum(2 if letter in "^{}\\[~]|€" else 1 for letter in body) if plain else len(body.encode("utf-16-le")) // 2
    single, each = (160, 153) if plain else (70, 67)
    return 1 if size <= single else -(-size // each)
