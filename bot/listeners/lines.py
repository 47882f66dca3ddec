"""What people type: the line of a slash command, the people it mentions, and the incident it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.readiness import Issues
from bot.domain.status import Status, find_status
from bot.services import people, situations
from bot.services.work import UnitOfWork

MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<name>[^>]*))?>")
_REFERENCE = re.compile(r"^(?P<reference>inc-\d{1,9})\b\s*(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command; ``text`` is what follows ``word``, with Slack's escapes taken back except for mentions.

    ``issues`` is what Sentry said just before, where the command is about the gate.
    """

    word: str
    text: str
    user_id: str
    user_name: str
    channel_id: str
    trigger_id: str
    issues: Issues | None = None


def parse(body: Mapping[str, Any]) -> Command:
    """The command that a slash command's form holds."""
    text = str(body.get("text") or "").strip()
    word, _, rest = text.partition(" ")
    return Command(
        word.lower(),
        rest.strip(),
        str(body.get("user_id", "")),
        str(body.get("user_name", "")),
        str(body.get("channel_id", "")),
        str(body.get("trigger_id", "")),
    )


def split_reference(text: str) -> tuple[str | None, str]:
    """``INC-7 it is over`` as the incident it names and the rest; None when it names none."""
    match = _REFERENCE.match(text)
    return (match["reference"], match["rest"].strip()) if match else (None, text)


async def incident_of(work: UnitOfWork, member: Member, command: Command) -> tuple[Incident, str]:
    """The incident that the line names first, else the channel's; and what is left of the line.

    Naming a private incident needs a part in it; who types in its channel is in it.
    """
    reference, rest = split_reference(command.text)
    if reference is None:
        return await situations.by_channel(work, command.channel_id), rest
    return await people.seen_by(work, member, await situations.by_reference(work, reference)), rest


def split_status(text: str) -> tuple[Status | None, str]:
    """``mitigating: rolled back`` as its status and the rest; no status when the first word names none."""
    first, _, rest = text.partition(" ")
    status = find_status(first.rstrip(":,"))
    return (status, rest.strip(" :,") or first) if status is not None else (None, text)
