"""Time that goes by without being waited for: the clock stops at everything that is due on the way, as time itself would."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

LONGEST = timedelta(days=7)
_REST_SECONDS = 3.0
_LOOK_EVERY = 0.02
_A_LITTLE = timedelta(milliseconds=5)


async def travel(sandbox: Sandbox, target: datetime) -> None:
    """Moves the clock to ``target``; a moment of the past moves nothing."""
    if target.tzinfo is None or target - sandbox.clock.now() > LONGEST:
        raise ValueError(f"travel: expected a moment with its zone, at most {LONGEST.days} days ahead")
    while (now := sandbox.clock.now()) < target:
        due_at = await _next_due(sandbox)
        stop = target if due_at is None else min(max(due_at, now) + _A_LITTLE, target)
        await sandbox.clock.advance((stop - now).total_seconds())
    await _next_due(sandbox)


async def _next_due(sandbox: Sandbox) -> datetime | None:
    """When the bot's next timer is due, asked once the bot has nothing left to do; it is not waited for longer than seconds."""
    found = await _idle(sandbox)
    for _ in range(int(_REST_SECONDS / _LOOK_EVERY)):
        if found["idle"]:
            break
        await asyncio.sleep(_LOOK_EVERY)
        found = await _idle(sandbox)
    return datetime.fromisoformat(found["next_due_at"]) if found["next_due_at"] else None


async def _idle(sandbox: Sandbox) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {sandbox.settings.control_token}"}
    async with sandbox.session.get(f"{sandbox.bot_url}/control/idle", headers=headers) as response:
        response.raise_for_status()
        found: dict[str, Any] = await response.json()
        return found
