"""Calls as resources: where one stands, what was said in it, and how Twilio shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from bot.sandbox.twiml import Verb

OVER = frozenset(["completed", "busy", "no-answer", "failed", "canceled"])
SIP = {"busy": "486", "failed": "503", "completed": "200"}
_STATES = {"queued": "ringing", "in-progress": "answered"}


@dataclass
class Call:
    """A call on its way, spoken, or over; ``status`` is Twilio's word for it and ``state`` that of the person who is called."""

    sid: str
    to: str
    from_: str
    at: datetime
    status: str = "queued"
    state: str = "ringing"
    said: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    waits_for_key: bool = False
    answered_by: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    error_code: int | None = None

    def move(self, status: str) -> None:
        """Takes the call on to a status."""
        self.status, self.state = status, _STATES.get(status, status)

    @property
    def seconds(self) -> int:
        """How long it was spoken, once it is over."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return round((self.ended_at - self.answered_at).total_seconds())


@dataclass
class Line:
    """What the network alone knows of a call: where its words come from, and whom to tell."""

    url: str | None
    method: str
    twiml: str | None
    callback: str | None
    events: frozenset[str]
    timeout: timedelta
    detects: bool
    verbs: list[Verb] = field(default_factory=list)
    gather: Verb | None = None
    documents: int = 0
    events_so_far: int = 0
    rings_since: datetime | None = None
    in_order: asyncio.Lock = field(default_factory=asyncio.Lock)


def shown(call: Call, account: str, detects: bool) -> dict[str, Any]:
    """A call as Twilio shows it."""
    started, ended = call.answered_at, call.ended_at
    return {
        "sid": call.sid,
        "account_sid": account,
        "to": call.to,
        "from": call.from_,
        "status": call.status,
        "direction": "outbound-api",
        "answered_by": call.answered_by if detects else None,
        "duration": str(call.seconds) if ended is not None else None,
        "start_time": format_datetime(started) if started is not None else None,
        "end_time": format_datetime(ended) if ended is not None else None,
        "date_created": format_datetime(call.at),
        "date_updated": format_datetime(ended or started or call.at),
        "api_version": "2010-04-01",
        "price": None,
        "price_unit": "USD",
        "uri": f"/2010-04-01/Accounts/{account}/Calls/{call.sid}.json",
        "subresource_uris": {},
    }


def line_of(form: Mapping[str, str]) -> Line:
    """What a request for a call asks of the network."""
    events = frozenset((form.get("StatusCallbackEvent") or "completed").split())
    asked = form.get("Timeout", "60")
    timeout = timedelta(seconds=min(600, int(asked) if asked.isdecimal() else 60))
    detects = form.get("MachineDetection") in ("Enable", "DetectMessageEnd")
    return Line(
        form.get("Url") or None, form.get("Method", "POST"), form.get("Twiml"), form.get("StatusCallback"), events, timeout, detects
    )


def entered_keys(gather: Verb, digits: str) -> tuple[str, str]:
    """The digits that a Gather takes, and the key that ended it, if one did."""
    finish, most = gather.options.get("finishOnKey", "#"), int(gather.options.get("numDigits") or len(digits))
    for place, key in enumerate(digits[: most + 1]):
        if key in finish:
            return digits[:place], key
    return digits[:most], ""
