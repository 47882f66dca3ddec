"""Requests that come again: the first answer is given again and nothing happens twice (complaint 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from bot.services.work import UnitOfWork
from bot.store import answers
from bot.store.answers import Answered

T = TypeVar("T")
KEPT_FOR = timedelta(hours=24)


def digest(*parts: bytes) -> str:
    """What tells one request from another with the same key."""
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


async def answered(work: UnitOfWork, key: str) -> Answered | None:
    """The answer that was given to that key within the last day."""
    return await answers.find_answer(work.tx, key)


async def remember(work: UnitOfWork, key: str, request_digest: str, answer: Any) -> None:
    """Keeps the answer in the same transaction as its effect; a twin that runs at this moment loses and starts again."""
    await answers.add_answer(work.tx, key, request_digest, answer, work.now)


async def first_within(work: UnitOfWork, key: str, span: timedelta) -> bool:
    """Whether it did not happen within the ``span`` before now, KEPT_FOR at most; from now on it has."""
    known = await answers.find_answer(work.tx, key)
    if known is not None and work.now - known.created_at < span:
        return False
    await answers.replace_answer(work.tx, key, "", None, work.now)
    return True


async def forget_old(work: UnitOfWork) -> int:
    """Drops the answers that nobody can ask for any more."""
    return await answers.forget_answers(work.tx, work.now - KEPT_FOR)


async def once(
    work: UnitOfWork,
    key: str | None,
    request_digest: str,
    use_case: Callable[..., Awaitable[T]],
    *args: Any,
) -> T:
    """What the use case answers; a request whose key was answered before gets that answer and has no second effect.

    The answer has to be plain JSON. Without a key nothing tells a repetition, and the use case runs.
    """
    if key is None:
        return await use_case(work, *args)
    known = await answered(work, key)
    if known is not None:
        answer: T = known.answer
        return answer
    answer = await use_case(work, *args)
    await remember(work, key, request_digest, answer)
    return answer
