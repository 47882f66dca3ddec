"""The edge of every loop: a turn that breaks is logged, and the loop goes on."""

from __future__ import annotations

from collections.abc import Awaitable

from bot import telemetry


async def survives(work: Awaitable[object], event: str, **facts: object) -> bool:
    """Whether the work ended well; whatever it raised is logged as ``event``, with its traceback."""
    try:
        await work
    except Exception:
        telemetry.logger().exception(event, **facts)
        return False
    return True
