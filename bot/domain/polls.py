"""What has to be asked for, because nobody tells us: how far each poll has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict

from bot.domain.healing import HistoryPage

LAST_WORDS = frozenset(["delivered", "read", "undelivered", "completed", "busy", "no-answer", "failed", "canceled"])
"""After one of these a provider has nothing more to say."""
OVERLAP = timedelta(hours=1)
"""How late a provider may list a message that it took; so far each reading goes back behind the one before."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One claimed poll; ``cursor`` is what its last turn left behind, ``token`` fences."""

    name: str
    cursor: Any
    token: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message that somebody sent to one of our numbers."""

    sid: str
    sender: str
    text: str
    sent_at: datetime | None

    @property
    def for_us(self) -> bool:
        """Whether it is for us to answer: Twilio answers HELP and INFO itself, and lists them all the same."""
        return self.text.strip().upper() not in ("HELP", "INFO")


@dataclass(frozen=True, slots=True)
class Said:
    """A provider's word on a message or a ``call`` of ours; ``answered_by`` whom or what, where that was listened for."""

    word: str
    error_code: str | None = None
    call: bool = False
    answered_by: str | None = None


class Inbox(BaseModel):
    """How far the messages to one number were read: nothing older than ``since`` is new, nor what is among ``seen``."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime
    seen: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        """The first day (GMT) to list."""
        return self.since.date()

    def unseen(self, listed: Iterable[Received]) -> list[Received]:
        """What is new of a listing, each once."""
        fresh = (message for message in listed if message.for_us and (message.sent_at is None or message.sent_at >= self.since))
        return list({message.sid: message for message in fresh if message.sid not in self.seen}.values())

    def after(self, listed: Sequence[Received], now: datetime) -> Inbox:
        """The inbox once all of that listing was taken."""
        return Inbox(since=max(self.since, now - OVERLAP), seen=tuple(message.sid for message in listed))


class PhoneReader(Protocol):
    """What asks the provider of phones."""

    async def received(self, number: str, since: date) -> list[Received]:
        """What was sent to a number of ours since that day (GMT), oldest first; raises SendError."""
        ...

    async def status(self, sid: str) -> Said:
        """What became of a message or a call; raises SendError."""
        ...


class HistoryReader(Protocol):
    """What asks Slack for the past."""

    async def read(self, channel_id: str, thread_ts: str | None, cursor: str | None) -> HistoryPage:
        """One page of a channel, or of one of its threads; raises SendError."""
        ...
