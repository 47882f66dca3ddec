"""``/incident gate``: whether one may launch or deploy, and the freeze by hand (J14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.domain.gate import SentryRules
from bot.domain.people import Member
from bot.domain.readiness import Issues, IssueTracker
from bot.errors import Malformed
from bot.listeners.lines import Command
from bot.messages import gate as words
from bot.services import gate
from bot.services.people import in_readable_words
from bot.services.work import UnitOfWork

Words = dict[str, Any]
WORD = "gate"
_SENTRY_WITHIN = 1.5
"""Seconds that Slack's patience leaves to Sentry; its answer is kept for whoever asks next."""
_LATE = Issues(trouble="it has not answered yet; ask again in a few seconds")


async def look_outside(command: Command, sentry: IssueTracker | None, rules: SentryRules | None) -> Command:
    """The command with what Sentry says, where the gate is to be shown: it is asked before any transaction begins."""
    if command.word != WORD or command.text or sentry is None or rules is None:
        return command
    try:
        async with asyncio.timeout(_SENTRY_WITHIN):
            return replace(command, issues=await sentry.look(rules))
    except TimeoutError:
        return replace(command, issues=_LATE)


async def gate_command(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Shows what closes the gate, freezes it with a reason, or ends a freeze."""
    word, _, rest = (await in_readable_words(work, command.text)).partition(" ")
    if not word:
        return words.answer(await gate.readiness(work, command.issues))
    if word.casefold() == "freeze":
        return words.froze(await gate.freeze(work, member, rest))
    if word.casefold() == "thaw":
        return words.thawed(await gate.thaw(work, member))
    raise Malformed("Say `/incident gate`, `/incident gate freeze why` or `/incident gate thaw`.")
