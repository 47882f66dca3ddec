"""Messages on their way out: what kinds there are, and what each kind means when something goes wrong.

``SEND`` of a kind that may have been carried out although no answer came is *ambiguous*: a page is sent again (rather one too
many), a post or a channel is looked for first and adopted when it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What a message does in the world; the part before the dot names the sender."""

    CHANNEL = "slack.channel"
    TOPIC = "slack.topic"
    INVITE = "slack.invite"
    CARD = "slack.card"
    CARD_EDIT = "slack.card_edit"
    PIN = "slack.pin"
    BOOKMARK = "slack.bookmark"
    POST = "slack.post"
    CHECKLIST = "slack.checklist"
    CHECKLIST_EDIT = "slack.checklist_edit"
    FILE = "slack.file"
    DIRECT = "slack.direct"
    HOME = "slack.home"
    SMS = "twilio.sms"
    WHATSAPP = "twilio.whatsapp"
    CALL = "twilio.call"
    EMAIL = "email.page"
    CONFIRM = "sns.confirm"
    NOTICE = "email.notice"

    @property
    def provider(self) -> str:
        """The sender that carries it: ``slack``, ``twilio``, ``email`` or ``sns``."""
        return self.value.partition(".")[0]


class Ambiguity(StrEnum):
    """What to do when nobody knows whether the last attempt was carried out."""

    RESEND = "resend"
    ADOPT = "adopt"


class Priority(IntEnum):
    """Lower goes first."""

    PAGE = 0
    URGENT = 1
    NORMAL = 2


class MessageState(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


LIVE_STATES = (MessageState.PENDING, MessageState.SENDING)

METHODS: Mapping[Kind, str] = {
    Kind.CHANNEL: "conversations.create",
    Kind.TOPIC: "conversations.setTopic",
    Kind.INVITE: "conversations.invite",
    Kind.CARD: "chat.postMessage",
    Kind.CARD_EDIT: "chat.update",
    Kind.PIN: "pins.add",
    Kind.BOOKMARK: "bookmarks.add",
    Kind.POST: "chat.postMessage",
    Kind.CHECKLIST: "chat.postMessage",
    Kind.CHECKLIST_EDIT: "chat.update",
    Kind.FILE: "files.completeUploadExternal",
    Kind.DIRECT: "chat.postMessage",
    Kind.HOME: "views.publish",
    Kind.SMS: "Messages",
    Kind.WHATSAPP: "Messages",
    Kind.CALL: "Calls",
    Kind.EMAIL: "send",
    Kind.CONFIRM: "ConfirmSubscription",
    Kind.NOTICE: "send",
}
PAGES = (Kind.SMS, Kind.WHATSAPP, Kind.CALL, Kind.EMAIL)
"""The kinds that call a person out."""

AMBIGUITY: Mapping[Kind, Ambiguity] = {
    Kind.CHANNEL: Ambiguity.ADOPT,
    Kind.CARD: Ambiguity.ADOPT,
    Kind.POST: Ambiguity.ADOPT,
    Kind.CHECKLIST: Ambiguity.ADOPT,
    Kind.CHECKLIST_EDIT: Ambiguity.RESEND,
    Kind.BOOKMARK: Ambiguity.ADOPT,
    Kind.FILE: Ambiguity.ADOPT,
    Kind.TOPIC: Ambiguity.ADOPT,
    Kind.INVITE: Ambiguity.RESEND,
    Kind.CARD_EDIT: Ambiguity.RESEND,
    Kind.PIN: Ambiguity.RESEND,
    Kind.DIRECT: Ambiguity.RESEND,
    Kind.HOME: Ambiguity.RESEND,
    Kind.CONFIRM: Ambiguity.RESEND,
    Kind.NOTICE: Ambiguity.RESEND,
    **dict.fromkeys(PAGES, Ambiguity.RESEND),
}
PRIORITY: Mapping[Kind, Priority] = {
    **dict.fromkeys(PAGES, Priority.PAGE),
    Kind.CHANNEL: Priority.URGENT,
    Kind.HOME: Priority.URGENT,
    Kind.CARD: Priority.URGENT,
}


CHANNEL_GONE = frozenset(["channel_not_found", "is_archived", "not_in_channel", "method_not_supported_for_channel_type"])
"""What a sender says when a channel cannot be used by us any more, after it tried to join it."""
MESSAGE_GONE = "message_not_found"
"""What a sender says when somebody deleted the message."""
CHANNEL_STEPS = (Kind.CHANNEL, Kind.TOPIC, Kind.INVITE, Kind.CARD, Kind.PIN, Kind.BOOKMARK, Kind.CARD_EDIT)
"""What is done to one channel and means nothing in another; every other word follows the incident to its next channel."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A row of the outbox. ``token`` fences: who holds an older one may no longer send or record.

    ``words`` were frozen when it was enqueued; ``lane`` is the address by name (an incident's id and purpose), bound when sent.
    """

    id: str
    incident_id: str | None
    kind: Kind
    words: Mapping[str, Any]
    lane: str
    priority: int
    after_id: str | None
    page_id: str | None
    valid_until: datetime | None
    attempts: int
    token: int
    ambiguous: bool
    created_at: datetime
    created_real_at: datetime
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message with its address bound, ready for a sender. ``since`` is the real time before which it cannot have been sent."""

    id: str
    kind: Kind
    request: Mapping[str, Any]
    ambiguous: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider gave back: its id for the message (ts, sid, channel id) and what else has to be remembered."""

    provider_id: str | None
    facts: Mapping[str, Any]


def gates(kind: Kind, lane: str) -> tuple[str, str]:
    """The rate gates that hold a message back: its provider's, and its method's (of one lane, where Slack counts by channel)."""
    method = METHODS[kind]
    by_lane = method == "chat.postMessage"
    return kind.provider, f"{kind.provider}:{method}:{lane}" if by_lane else f"{kind.provider}:{method}"


def channel_gate(kind: Kind, lane: str) -> str | None:
    """The gate of the one channel that Slack counts posts in; None for what it counts for all of them together."""
    return gates(kind, lane)[1] if METHODS[kind] == "chat.postMessage" else None


_FIRST_BACKOFF = timedelta(seconds=1)
_LONGEST_BACKOFF = timedelta(minutes=5)


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after ``attempts`` failures: doubling from 1 s to 5 min, times 0.5 to 1 by ``jitter`` in [0, 1)."""
    longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * (1 << min(max(attempts - 1, 0), 20)))
    return longest * (0.5 + jitter / 2)


_PAGE_ATTEMPTS, _OTHER_ATTEMPTS = 8, 400


def exhausted(kind: Kind, attempts: int) -> bool:
    """Whether a message has been tried often enough: a page moves on by its chain, Slack is waited for through a day's outage."""
    return attempts >= (_PAGE_ATTEMPTS if kind in PAGES else _OTHER_ATTEMPTS)


class Sender(Protocol):
    """What carries messages to one provider."""

    async def send(self, delivery: Delivery) -> Receipt:
        """What the provider gave back; raises SendError."""
        ...
