"""Staying below what Slack takes in one channel, so that it need not say so (C3)."""

from __future__ import annotations

from datetime import timedelta

MINUTE = 60.0
AT_ONCE = 50
"""How much is said in one channel before it rests; Slack takes sixty a minute."""
_LEFT_OVER = 10
_REMEMBERED = 1000
REASON = "Slack takes about one post a second in a channel; what waits there follows within a minute."


class Pace:
    """How often each gate was passed since it last rested."""

    def __init__(self) -> None:
        self._passed: dict[str, list[float]] = {}

    def passed(self, gate: str, now: float) -> timedelta | None:
        """For how long the gate has to rest after being passed at ``now``, in monotonic seconds; None while it may be passed again.

        When it opens, so few of the ones before are left in the last minute that AT_ONCE more are not too many.
        """
        self._forget(now)
        times = [at for at in self._passed.get(gate, ()) if now - at < MINUTE] + [now]
        if len(times) < AT_ONCE:
            self._passed[gate] = times
            return None
        self._passed.pop(gate, None)
        return timedelta(seconds=times[-_LEFT_OVER - 1] + MINUTE - now)

    def _forget(self, now: float) -> None:
        if len(self._passed) > _REMEMBERED:
            self._passed = {gate: times for gate, times in self._passed.items() if now - times[-1] < MINUTE}
