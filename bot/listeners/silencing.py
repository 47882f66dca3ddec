"""The commands about alerts: silences, the inbox, and incidents that turned out to be one."""

from __future__ import annotations

from typing import Any

from bot.domain.people import Member
from bot.domain.silences import parse_wish
from bot.errors import Malformed
from bot.listeners.lines import Command, incident_of, split_reference
from bot.messages import answers
from bot.messages import inbox as words
from bot.services import inbox, lookups, merging, silences, situations
from bot.services.people import in_readable_words, seen_by
from bot.services.work import UnitOfWork

Words = dict[str, Any]
_MERGE = "Name the incident that goes on, for example `/incident merge INC-7` in the channel of the other one."


async def silence(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Lists what is silenced, silences alerts by their labels, or ends a silence."""
    line = await in_readable_words(work, command.text)
    first, _, rest = line.partition(" ")
    if not line:
        return words.silences(await silences.live(work), work.policy.zones, work.now)
    if first.casefold() == "end":
        return words.silence_ended(await silences.end(work, member, _number(rest)))
    return words.silenced(await silences.add(work, member, parse_wish(line)), work.policy.zones)


def _number(text: str) -> int:
    named = text.strip().lstrip("#")
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        raise Malformed("Name the silence by its number, for example `/incident silence end 3`.")
    return int(named)


async def waiting(work: UnitOfWork, member: Member, _command: Command) -> Words:
    """What waits in the inbox."""
    joinable = await lookups.latest_open(work, member, words.JOINABLE) if member.access.may_act else []
    return words.inbox_answer(await inbox.listed(work), joinable, may_act=member.access.may_act)


async def merge(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Merges the channel's incident, or the first one named, into the one named last."""
    gone, into = await _pair(work, member, command)
    reference, _ = split_reference(into)
    if reference is None:
        raise Malformed(_MERGE)
    target = await seen_by(work, member, await situations.by_reference(work, reference))
    merged = await merging.merge(work, member, gone, target.id)
    return answers.said(f"It goes on as {merged.reference}.")


async def _pair(work: UnitOfWork, member: Member, command: Command) -> tuple[str, str]:
    """The id of the incident that ends, and what names the other: of two references the first ends."""
    _, rest = split_reference(command.text)
    if split_reference(rest)[0] is not None:
        gone, into = await incident_of(work, member, command)
        return gone.id, into
    here = Command(command.word, "", command.user_id, command.user_name, command.channel_id, command.trigger_id)
    gone, _ = await incident_of(work, member, here)
    return gone.id, command.text
