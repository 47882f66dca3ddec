"""``/incident runbook`` and ``/incident followup``: what to do now, and what is left to do afterwards (O6)."""

from __future__ import annotations

from typing import Any

from bot.domain.people import Member
from bot.errors import Malformed
from bot.listeners.lines import MENTION, Command, incident_of
from bot.messages import runbooks as words
from bot.services import follow_ups, runbooks, situations
from bot.services.people import in_readable_words, who_in_slack
from bot.services.work import UnitOfWork

Words = dict[str, Any]
_UNTICK, _DONE = "untick", "done"
_LINE = "`/incident runbook 2` ticks step 2, `/incident runbook NAME 2` where there are several, `/incident runbook NAME` shows one."


async def runbook(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Lists the incident's runbooks, ticks a step of one, or shows another one in the channel."""
    incident, rest = await incident_of(work, member, command)
    named = rest.split()
    if not named:
        found = await runbooks.progress_of(work, incident)
        situation = (await situations.read(work, incident)).with_names(await runbooks.names_of(work, found))
        return words.listing(situation, found, await runbooks.others(work, incident))
    number = _number(named[-1])
    if number is None and len(named) == 1:
        shown, new = await runbooks.show_by_hand(work, incident.id, member.id, named[0])
        return words.shown_now(shown.title, again=not new)
    back = _UNTICK in (word.casefold() for word in named)
    keys = [word for word in named[:-1] if word.casefold() != _UNTICK]
    if number is None or len(keys) > 1:
        raise Malformed(_LINE)
    done = await runbooks.tick(work, incident.id, member.id, number, keys[0] if keys else None, back=back)
    return words.ticked(await situations.read(work, done.incident), done)


async def follow_up(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Lists what the incident leaves to be done, adds to it, or ends one."""
    incident, rest = await incident_of(work, member, command)
    first, _, last = rest.strip().partition(" ")
    number = _number(last.strip()) if first.casefold() == _DONE else None
    if number is not None:
        ended, newly = await follow_ups.done(work, incident.id, member, number)
        return words.follow_up_done(incident.reference, ended, first=newly)
    if not rest.strip():
        found = await follow_ups.list_of(work, incident)
        return words.follow_up_list(incident.reference, found, await follow_ups.names_of(work, found))
    mention = MENTION.match(rest.strip())
    owner = await who_in_slack(work, mention["id"], mention["name"] or "") if mention else None
    text = await in_readable_words(work, rest.strip()[mention.end() :] if mention else rest)
    added, new = await follow_ups.add(work, incident.id, member, text, owner)
    return words.follow_up_added(incident.reference, added, await follow_ups.names_of(work, [added]), new=new)


def _number(text: str) -> int | None:
    digits = text.lstrip("#")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else None
