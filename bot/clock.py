"""The one place that reads the clock: the steerable time of promises, and the real time of leases.

``now()`` is what deadlines, the timeline and people go by; tests and the demo steer it. ``real()`` and ``monotonic()`` are
never steered: leases, rate gates, backoff, signatures and trigger ages go by them.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    """What the rest of the program asks for the time; every moment is aware UTC."""

    def now(self) -> datetime:
        """The time that promises are counted in."""
        ...

    def real(self) -> datetime:
        """The wall clock, never steered."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def seconds_until(self, moment: datetime) -> float:
        """Real seconds until ``now()`` reaches ``moment``: 0 when it has, infinity when time stands still."""
        ...


class SystemClock:
    """The clock of ``muster serve``: both times are the machine's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def seconds_until(self, moment: datetime) -> float:
        return max(0.0, (moment - self.now()).total_seconds())


class SteeredClock:
    """A clock whose ``now()`` can be moved, sped up and stopped; it never runs backwards by itself."""

    def __init__(self, start: datetime | None = None, *, speed: float = 1.0) -> None:
        self._at = start or datetime.now(UTC)
        self._since = time.monotonic()
        self._speed = speed

    @property
    def speed(self) -> float:
        """Steered seconds that pass in a real second; 0 while frozen."""
        return self._speed

    def now(self) -> datetime:
        return self._at + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def real(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def seconds_until(self, moment: datetime) -> float:
        left = (moment - self.now()).total_seconds()
        if left <= 0:
            return 0.0
        return left / self._speed if self._speed else float("inf")

    def advance(self, by: timedelta) -> datetime:
        """The new ``now()`` after jumping ahead by ``by``."""
        return self.set(self.now() + by)

    def set(self, moment: datetime) -> datetime:
        """Makes ``moment`` the present."""
        self._at, self._since = moment.astimezone(UTC), time.monotonic()
        return self._at

    def set_speed(self, speed: float) -> None:
        """Lets ``speed`` steered seconds pass in a real one; 0 stops the clock."""
        self.set(self.now())
        self._speed = max(0.0, speed)


class _Chance:
    """Random bytes of the system's generator, drawn from it a few hundred ids at a time: each draw is a system call."""

    def __init__(self) -> None:
        self._drawn, self._next = b"", 0

    def draw(self, count: int) -> bytes:
        if self._next + count > len(self._drawn):
            self._drawn, self._next = os.urandom(4096), 0
        self._next += count
        return self._drawn[self._next - count : self._next]


class _Ids:
    """Ids in the order they were asked for, also within one millisecond."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        fresh = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(_chance.draw(10))
        self._last = max(fresh, self._last + 1)
        return self._last


_chance = _Chance()
_ids = _Ids()
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id() -> str:
    """A new 26-character id that sorts in the order of asking within a process, else by its millisecond (a ULID's layout)."""
    value = _ids.next()
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def new_receipt(moment: datetime) -> str:
    """A name of 32 characters that nobody guesses, 80 random bits, and that sorts by its millisecond, for the sake of the index."""
    return f"{int(moment.timestamp() * 1000):012x}{_chance.draw(10).hex()}"


def new_request_id() -> str:
    """A name of 32 characters for a request whose sender gave it none; in no order, which makes it cheaper than an id."""
    return _chance.draw(16).hex()
