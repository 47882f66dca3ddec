"""The edge of every loop, and of every request: what breaks there is logged, and the next turn comes."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from bot import telemetry

T = TypeVar("T")


async def survives(work: Awaitable[object], event: str, **facts: object) -> bool:
    """Whether the work ended well; whatever it raised is logged as ``event``, with its traceback."""
    return await outlive(_ended(work), False, event, **facts)


async def _ended(work: Awaitable[object]) -> bool:
    await work
    return True


async def outlive(work: Awaitable[T], otherwise: T, event: str, **facts: object) -> T:
    """What the work gives; ``otherwise`` where it raised something, which is logged as ``event``, with its traceback."""
    try:
        return await work
    except Exception:
        telemetry.logger().exception(event, **facts)
        return otherwise
