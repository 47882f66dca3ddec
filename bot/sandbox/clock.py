"""The sandbox's clock; the bot's follows it over the bot's control route."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Follow = Callable[[dict[str, object]], Awaitable[None]]


def real_now() -> datetime:
    """The wall clock, for receipts, trigger ages and rate limits."""
    return datetime.now(UTC)


class SandboxClock:
    """The time that people and promises live in; it can be sped up, stopped and moved on."""

    def __init__(self) -> None:
        self._at, self._since, self.speed = real_now(), time.monotonic(), 1.0
        self.follow: Follow | None = None

    def now(self) -> datetime:
        """The present."""
        return self._at + timedelta(seconds=(time.monotonic() - self._since) * self.speed)

    def _anchor(self, moment: datetime) -> None:
        self._at, self._since = moment, time.monotonic()

    async def _tell(self, step: dict[str, object]) -> None:
        if self.follow is not None:
            await self.follow(step)

    async def advance(self, seconds: float) -> None:
        """Jumps ahead, and has the bot jump too."""
        self._anchor(self.now() + timedelta(seconds=seconds))
        await self._tell({"advance": seconds})

    async def set(self, moment: datetime) -> None:
        """Makes ``moment`` the present here and at the bot."""
        self._anchor(moment)
        await self._tell({"now": moment.isoformat()})

    async def set_speed(self, speed: float) -> None:
        """Lets ``speed`` seconds pass in a real one; 0 stops."""
        self._anchor(self.now())
        self.speed = max(0.0, speed)
        await self._tell({"speed": self.speed})

    async def freeze(self) -> None:
        """Stops the clock."""
        await self.set_speed(0)

    async def resume(self) -> None:
        """Lets it run as real time does."""
        await self.set_speed(1)
