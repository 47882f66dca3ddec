"""A lane that could not be heard for a while catches up in a few messages instead of one for each word (C3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile

from bot.domain.outbox import Kind, OutboxMessage
from bot.messages import backlog
from bot.services.work import UnitOfWork
from bot.store import outbox

JOIN_OVER = 5
JOIN_AFTER = timedelta(minutes=1)
_LOOKED_AT = 50


async def join(work: UnitOfWork, message: OutboxMessage) -> OutboxMessage:
    """The message, with what waits behind it in its lane where these are more than JOIN_OVER and the first is JOIN_AFTER old.

    Words that are no longer true by then are left to be taken back. A message that may stand in the channel already is left as it is,
    for it is looked for there and must be found as it was sent.
    """
    if message.kind is not Kind.POST or message.ambiguous or work.now - message.created_at < JOIN_AFTER:
        return message
    behind = await outbox.list_behind(work.tx, message, _LOOKED_AT)
    alike = takewhile(lambda one: one.kind is Kind.POST and one.after_id == message.after_id and not one.ambiguous, behind)
    true = [one for one in alike if one.valid_until is None or work.now < one.valid_until]
    said = backlog.said(message.words, message.created_at)
    waiting = [*said, *[each for one in true for each in backlog.said(one.words, one.created_at)]]
    fitting = backlog.fitting(waiting)
    if len(waiting) <= JOIN_OVER or fitting <= len(said):
        return message
    words = backlog.joined(waiting[:fitting], work.now, work.policy.zones)
    await outbox.mark_joined(work.tx, message, words, [one.id for one in true[: fitting - len(said)]], work.now)
    return replace(message, words=words)
