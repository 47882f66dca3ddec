"""The nouns of an incident: itself, its roles, its channels, and how it is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.status import Status

TITLE_LIMIT = 200
_CHANNEL_LIMIT = 80
_REFERENCE = re.compile(r"^\s*#?(?:inc-)?(\d{1,9})\s*$", re.IGNORECASE)


class Role(StrEnum):
    """Incident roles (O12); the value is the word people type. The owner decides unless it is delegated (J5)."""

    OWNER = "owner"
    COMMANDER = "commander"
    TECHNICAL_LEAD = "technical lead"
    COMMUNICATIONS_LEAD = "communications lead"


class Road(StrEnum):
    """How an acknowledgement reached us (B4)."""

    SLACK = "Slack"
    SMS = "SMS"
    WHATSAPP = "WhatsApp"
    VOICE = "voice call"
    EMAIL = "e-mail link"
    API = "API"
    COMMAND_LINE = "command line"


class Purpose(StrEnum):
    """What a channel row is for: the incident's own channel, or where it was announced."""

    INCIDENT = "incident"
    ANNOUNCE = "announce"


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. ``opened_at`` is when its alert was received, or it was declared: the acknowledge clock's start (J6).

    ``started_at`` is when the trouble began, as far as known. ``severity`` is a label of the policy with ``policy_digest``.
    ``ended_at`` is when the trouble ended, where somebody said so; ``triage`` is what people said about it (domain.triage).
    ``system`` is a key of the policy. ``provisional``: Muster raised the severity for ``severity_reason``, and no person has said yet.
    ``phase`` is one of the policy's; ``major`` what a person said where the policy asks; ``ticket`` the link under which it goes on;
    ``overridden`` why it was resolved unverified; ``verified_at`` when its watch after the resolution ended quietly.
    """

    id: str
    organisation: str
    branch: str
    number: int
    title: str
    severity: str
    status: Status
    impact: str | None
    started_at: datetime
    opened_at: datetime
    declared_by: str | None
    owner_id: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_via: str | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    next_update_at: datetime | None
    policy_digest: str
    token: str
    correlation_key: str | None
    link: str | None
    private: bool
    ended_at: datetime | None
    triage: Mapping[str, Any]
    version: int
    service: str | None = None
    system: str | None = None
    provisional: bool = False
    severity_reason: str | None = None
    merged_into: str | None = None
    phase: str | None = None
    major: bool | None = None
    ticket: str | None = None
    overridden: str | None = None
    verified_at: datetime | None = None

    @property
    def reference(self) -> str:
        """How people name it: ``INC-42``."""
        return f"INC-{self.number}"

    @property
    def open(self) -> bool:
        """Whether it is not resolved."""
        return self.status.open


@dataclass(frozen=True, slots=True)
class Channel:
    """A Slack channel that shows an incident; ``message_ts`` is the status post in it. One live row for each purpose.

    ``opened_by`` and ``posted_by`` are the outbox messages that create the channel and post the status: what is said later waits for them.
    """

    id: str
    incident_id: str
    purpose: Purpose
    name: str
    channel_id: str | None
    message_ts: str | None
    permalink: str | None
    opened_by: str | None
    posted_by: str | None
    live: bool


def find_number(text: str) -> int | None:
    """The number that ``INC-42``, ``42`` or ``#42`` names; None when the text is something else."""
    match = _REFERENCE.match(text)
    return int(match.group(1)) if match else None


def channel_name(number: int, title: str, *, again: int = 1) -> str:
    """``inc-42-checkout-errors``: lower case, at most 80 characters, only ``inc-42`` when no Latin word is left (C3).

    ``again`` counts the channels of the incident: the second one is ``inc-42-checkout-errors-2``.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    stem = f"inc-{number}"
    tail = f"-{again}" if again > 1 else ""
    name = f"{stem}-{slug}" if slug else stem
    return f"{name[: _CHANNEL_LIMIT - len(tail)].rstrip('-')}{tail}"
