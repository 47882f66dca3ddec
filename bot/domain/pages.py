"""Pages: calling a person out, one attempt a row, and what the answer on a phone means (B4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.escalation import Position
from bot.domain.severity import ClockName

CODES = 99
"""Short codes run from 1 to this; a code is taken again only when nothing alive holds it."""


class PageState(StrEnum):
    """Where an attempt stands; ``rank`` never goes back, so that receipts may come in any order."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    ANSWERED = "answered"
    STOPPED = "stopped"

    @property
    def alive(self) -> bool:
        """Whether an answer is still awaited."""
        return self in (PageState.PENDING, PageState.SENT, PageState.DELIVERED)


class ReceiptStatus(StrEnum):
    """What a provider says became of a message, in the order in which it can happen."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"

    @property
    def bad(self) -> bool:
        """Whether the person was not reached."""
        return self in (ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED)

    @property
    def final(self) -> bool:
        """Whether it says how the page ended; the others say that it is on its way, which we know."""
        return self.bad or self is ReceiptStatus.DELIVERED


_RECEIPTS = {
    "accepted": ReceiptStatus.QUEUED,
    "scheduled": ReceiptStatus.QUEUED,
    "queued": ReceiptStatus.QUEUED,
    "sending": ReceiptStatus.QUEUED,
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Page:
    """One attempt to reach one person by one road; ``code`` is what they answer with, unique among the live of a number."""

    id: str
    incident_id: str
    escalation_id: str
    person_id: str
    road: str
    address: str
    code: int
    level: int
    ring: int
    round: int
    state: PageState
    provider_id: str | None
    error_code: str | None
    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Escalation:
    """One run through the chain for one clock of one incident; ``level`` 0 is the owner, before the chain's first."""

    id: str
    incident_id: str
    clock: ClockName
    level: int
    ring: int
    round: int
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None

    def at(self, place: Position) -> Escalation:
        """The same run as it stands at another place."""
        return replace(self, round=place.round, level=place.level, ring=place.ring)


class Answer(StrEnum):
    """What a person means by a reply."""

    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    UNCLEAR = "unclear"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply read forgivingly; ``code`` is None when none was typed."""

    answer: Answer
    code: int | None = None


_NOISE = re.compile(r"[\s'\"`.,;:!#()\[\]-]+")
_OPT_OUT = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
_OPT_IN = frozenset({"start", "yes", "unstop"})
_READ = re.compile(
    r"^(?:(?P<ack>ack|acknowledge|acknowledged|ok|a)|(?P<esc>escalate|esc|e))?(?P<code>\d{1,4})?"
    r"(?:(?P<ack2>ack|acknowledge|a)|(?P<esc2>escalate|esc|e))?$"
)


def receipt_status(word: str) -> ReceiptStatus | None:
    """What a provider's status word means; None for a word that is not known."""
    return _RECEIPTS.get(word.strip().lower())


def parse_reply(text: str) -> Reply:
    """What ``7``, `` 7 ``, ``ack 7``, ``7a``, ``'7'``, ``Ack``, ``7E`` or ``STOP`` means (complaint 9)."""
    words = _NOISE.sub("", text.casefold())
    if words in _OPT_OUT:
        return Reply(Answer.OPT_OUT)
    if words in _OPT_IN:
        return Reply(Answer.OPT_IN)
    match = _READ.match(words)
    if not words or match is None:
        return Reply(Answer.UNCLEAR)
    code = int(match["code"]) if match["code"] else None
    escalates = bool(match["esc"] or match["esc2"])
    if escalates and (match["ack"] or match["ack2"]):
        return Reply(Answer.UNCLEAR)
    return Reply(Answer.ESCALATE if escalates else Answer.ACKNOWLEDGE, code)


def next_code(last: int | None, taken: frozenset[int]) -> int:
    """The next free short code after ``last``; beyond CODES only when all of those are alive."""
    start = last or 0
    for step in range(1, CODES + 1):
        code = (start + step - 1) % CODES + 1
        if code not in taken:
            return code
    return max(taken) + 1
