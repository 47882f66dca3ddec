"""Asking: whose turn it is, what was learnt, and when to ask again (B13, C6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.outbox import Kind
from bot.domain.polls import LAST_WORDS, Inbox, Poll, Received, Said
from bot.errors import SendError
from bot.services import calls, once, replies
from bot.services.work import UnitOfWork
from bot.store import outbox, polls

EVERY = timedelta(seconds=60)
HURRY = timedelta(seconds=5)
"""How often phones are asked while an answer to a page is awaited; otherwise EVERY."""
AFTER_FAILURE = timedelta(seconds=30)
ANSWER_WITHIN = timedelta(minutes=15)
"""An answer to a reply that could not be sent by then only confuses."""
_SKEW = timedelta(minutes=1)
_UNFINISHED_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """How a poll is asked: never while one of its ``gates`` is closed; a ``hurried`` one every HURRY while a page is alive."""

    name: str
    gates: tuple[str, ...]
    hurried: bool


def _early(rule: Rule, page_alive: bool) -> timedelta:
    return EVERY - HURRY if rule.hurried and page_alive else timedelta()


async def prepare(work: UnitOfWork, rules: Sequence[Rule], inboxes: Sequence[str], now: datetime, *, alone: bool) -> None:
    """Makes a row of each poll; a process that owns the database ``alone`` takes back what its forerunner held.

    What was sent to our numbers before there was a row is not for us: nobody was paged from here.
    """
    since = Inbox(since=now - _SKEW).model_dump(mode="json")
    for rule in rules:
        await polls.add_poll(work.tx, rule.name, since if rule.name in inboxes else None)
    if alone:
        await polls.expire_leases(work.tx)


async def due(work: UnitOfWork, rules: Sequence[Rule]) -> list[str]:
    """The polls whose turn it is, the longest overdue first."""
    hurried = [rule.name for rule in rules if rule.hurried] if await polls.any_page_alive(work.tx) else []
    names = await polls.list_due(work.tx, EVERY - HURRY, hurried)
    closed = await _closed(work)
    open_ones = {rule.name for rule in rules if not closed & set(rule.gates)}
    return [name for name in names if name in open_ones]


async def _closed(work: UnitOfWork) -> set[str]:
    return {key for key, _ in await outbox.list_closed_gates(work.tx)}


async def claim(work: UnitOfWork, rule: Rule, owner: str, lease: timedelta) -> Poll | None:
    """The poll, ours until its lease runs out; None when it is not its turn, or somebody else's."""
    if await _closed(work) & set(rule.gates):
        return None
    return await polls.claim_due(work.tx, rule.name, owner, lease, _early(rule, await polls.any_page_alive(work.tx)))


async def finish(work: UnitOfWork, poll: Poll, cursor: Any) -> None:
    """Gives the poll back with what it leaves behind, until its next turn."""
    await polls.mark_polled(work.tx, poll, cursor, EVERY)


async def fail(work: UnitOfWork, rule: Rule, poll: Poll, error: SendError) -> None:
    """Gives the poll back as it was; when the provider asked for a pause its gate is closed for that long."""
    after = EVERY if rule.hurried else AFTER_FAILURE
    if error.retry_after is not None:
        gate = error.gate if error.gate in rule.gates else rule.gates[0]
        await outbox.close_gate(work.tx, gate, error.retry_after, str(error))
        after = max(after, error.retry_after)
    await polls.mark_polled(work.tx, poll, poll.cursor, after)


async def make_due(work: UnitOfWork, rules: Sequence[Rule]) -> None:
    """Makes it the turn of every one of the polls."""
    for rule in rules:
        await polls.make_due(work.tx, rule.name)


async def begin_anew(work: UnitOfWork, rule: Rule) -> None:
    """Makes it the poll's turn with everything it knows of where it stands forgotten."""
    await polls.begin_anew(work.tx, rule.name, None)


async def take_reply(work: UnitOfWork, message: Received) -> bool:
    """Whether the reply was new, by whichever way it came first; its answer goes out as a text, for there is no request to answer (B13)."""
    key = f"twilio:{message.sid}"
    if await once.answered(work, key) is not None:
        return False
    digest = once.digest(message.sender.encode(), message.text.encode())
    words = await once.once(work, key, digest, replies.receive, message.sender, message.text)
    if words:
        await outbox.add_message(
            work.tx,
            Kind.SMS,
            {"to": message.sender.rpartition(":")[2], "body": words},
            lane=f"answer:{message.sid}",
            created_at=work.now,
            valid_until=work.now + ANSWER_WITHIN,
            request_id=work.request_id,
        )
    return True


async def unfinished(work: UnitOfWork, cursor: Any) -> list[str]:
    """What the provider calls the pages by phone of which it has more to tell."""
    said = _said(cursor)
    return [sid for sid in await _sids(work) if said.get(sid) not in LAST_WORDS]


async def _sids(work: UnitOfWork) -> list[str]:
    return [page.provider_id for page in await polls.list_unfinished(work.tx, _UNFINISHED_AT_MOST) if page.provider_id]


def _said(cursor: Any) -> Mapping[str, str]:
    return cursor or {}


async def take_statuses(work: UnitOfWork, poll: Poll, found: Mapping[str, Said]) -> None:
    """Takes what was said of each message and call as its receipt, where it differs from the turn before, and gives the poll back."""
    before = _said(poll.cursor)
    for sid, said in found.items():
        if before.get(sid) == said.word:
            continue
        if said.call:
            await calls.call_ended(work, sid, said.word, said.answered_by)
        else:
            await replies.receive_receipt(work, sid, said.word, said.error_code)
    words = {**before, **{sid: said.word for sid, said in found.items()}}
    await finish(work, poll, {sid: words[sid] for sid in await _sids(work) if sid in words})
