"""The clock comes in: APScheduler knocks when the next timer is due, and once a second; services.timers answers.

APScheduler owns no deadline. It holds one date job, armed anew for the next due row, and the poll that makes up for whatever it
misses: its defaults drop a job that is a second late (complaint 2), so nothing leans on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock
from bot.domain.timers import Timer, lateness
from bot.loop import survives
from bot.services import alerts, once, rates, security, timers
from bot.services.work import Services

POLL_SECONDS = 1.0
AT_ONCE = timers.Share(of_all=500, of_costly=25)
"""Timers that share a transaction, for each waits its turn at the database; so few that others do not wait long for theirs."""
_LATE = timedelta(milliseconds=50)
"""Timers that fire later than this are behind, and what calls nobody gives way to them."""
_BEHIND_SECONDS = 1.0
"""How long it does so after the last of them: were it back at once, the next timers would wait for all of it again."""
_BREAKS_AT_MOST = 75
"""How often in a cycle something may break: where all breaks, as of a database that cannot write, more would be in vain."""
_BREATH_SECONDS = 0.02
"""The least time until the next look: what is due and held by somebody else is not asked for without a pause."""
_ASIDE_AT_MOST = 15.0
"""Real seconds for which a timer that breaks is left alone: what the database brought about is not to be late for longer."""
_FORGET_ASIDE_AFTER = 60.0
_FORGET_EVERY = 3600
_FORGET_RATES_EVERY = 300
_RELEASE_EVERY = 10
_JOB = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1, "replace_existing": True}


class Ticker:
    """Fires due timers; ``cycles`` counts how often it has looked, for /readyz."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self.cycles = 0
        self.last_cycle = clock.monotonic()
        self._services = services
        self._clock = clock
        self._knock = asyncio.Event()
        self._stopped = False
        self._aside: dict[str, tuple[float, float]] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=_JOB)

    async def run(self) -> None:
        """Looks, fires, arms the next knock, waits; until ``stop``."""
        self._scheduler.start()
        self._scheduler.add_job(self._knock.set, "interval", seconds=POLL_SECONDS, id="poll", **_JOB)
        woken = asyncio.create_task(self._follow_wakes())
        try:
            while not self._stopped:
                await survives(self._cycle(), "ticker_cycle_failed")
                await self._knock.wait()
                self._knock.clear()
        finally:
            woken.cancel()
            self._scheduler.shutdown(wait=False)

    def stop(self) -> None:
        """Ends the loop after the present cycle."""
        self._stopped = True
        self._knock.set()

    async def _follow_wakes(self) -> None:
        while True:
            if await self._services.wait("timers", POLL_SECONDS):
                self._knock.set()

    async def _cycle(self) -> None:
        if not await survives(self._fire_due(), "timers_broke_together"):
            await self._fire_apart()
            await survives(self._fire_due(), "due_work_broke")
        await self._arm()
        await survives(self._note_refusals(), "refusals_not_noted")
        if self.cycles % _FORGET_EVERY == 0:
            await self._services.run(once.forget_old)
        if self.cycles % _RELEASE_EVERY == 0:
            await self._services.run(alerts.release)
        if self.cycles % _FORGET_RATES_EVERY == 0:
            await self._services.run(rates.forget_old)
        self.cycles += 1
        self.last_cycle = self._clock.monotonic()

    async def _fire_due(self) -> None:
        """Fires share after share until nothing is due; while some are late, what calls nobody gives way."""
        while not self._stopped and (fired := await self._services.run(timers.fire_next, AT_ONCE, self._set_aside())) is not None:
            if isinstance(fired, Timer) and lateness(fired.due_at, self._clock.now()) > _LATE:
                self._services.behind_until = self._clock.monotonic() + _BEHIND_SECONDS

    async def _fire_apart(self) -> None:
        """Fires what broke together apart, so that what breaks by itself does not hold up the others (B2).

        Those that call people out come first, each alone; the others in halves, down to the one that breaks.
        """
        due = await self._services.read(timers.list_due, AT_ONCE, self._set_aside())
        many = [timer for timer in due if timers.goes_with_others(timer)]
        waiting = [many] if many else []
        waiting += [[timer] for timer in reversed(due) if not timers.goes_with_others(timer)]
        broke = 0
        while waiting and broke < _BREAKS_AT_MOST and not self._stopped:
            some = waiting.pop()
            if await self._fires(some):
                continue
            broke += 1
            if len(some) == 1:
                self._put_aside(some[0])
            else:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]

    async def _fires(self, some: Sequence[Timer]) -> bool:
        """Whether the timers fired; what broke is logged, of a single one with which it is."""
        if len(some) > 1:
            return await survives(self._services.run(timers.fire, some), "timers_broke_together", count=len(some))
        timer = some[0]
        late = lateness(timer.due_at, self._clock.now()).total_seconds()
        facts = {"timer_id": timer.id, "kind": timer.kind.value, "incident_id": timer.incident_id, "late_seconds": late}
        return await survives(self._services.run(timers.fire, some), "timer_broke", **facts)

    def _put_aside(self, timer: Timer) -> None:
        """Leaves a timer alone for a while: it stays armed and is tried again, after a pause that grows.

        Whatever makes it fire in the end, its lateness is known.
        """
        _, pause = self._aside.get(timer.id, (0.0, POLL_SECONDS / 2))
        pause = min(pause * 2, _ASIDE_AT_MOST)
        self._aside[timer.id] = (self._clock.monotonic() + pause, pause)

    def _set_aside(self) -> list[str]:
        """The ids of the timers whose pause is not over; what has not broken again long after its pause is forgotten."""
        now = self._clock.monotonic()
        self._aside = {key: (until, pause) for key, (until, pause) in self._aside.items() if now < until + _FORGET_ASIDE_AFTER}
        return [key for key, (until, _) in self._aside.items() if now < until]

    async def _note_refusals(self) -> None:
        """Writes down of whom there is to tell; what cannot be written down now is told in the next turn."""
        suspects = set(self._services.refusals.waiting)
        if suspects:
            await self._services.run(security.note, sorted(suspects))
            self._services.refusals.told(suspects)

    async def _arm(self) -> None:
        due_at = await self._services.read(timers.next_due, self._set_aside())
        seconds = POLL_SECONDS if due_at is None else self._clock.seconds_until(due_at)
        if seconds < POLL_SECONDS:
            at = self._clock.real() + timedelta(seconds=max(seconds, _BREATH_SECONDS))
            self._scheduler.add_job(self._knock.set, "date", run_date=at, id="next", **_JOB)
