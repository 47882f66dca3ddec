"""Named places where a process may die, so that tests can kill it there (RELIABILITY: crash points).

In production ``reach`` costs one comparison. With ``MUSTER_CRASHPOINT=name:n`` the process kills itself the n-th time that it
reaches ``name``. Every name is a member of ``CrashPoint``; the fault suite takes its cases from there, so that a new step
without a kill test fails the build.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum


class CrashPoint(StrEnum):
    """Every place with a kill test; the value is what ``MUSTER_CRASHPOINT`` names."""

    BEFORE_INTAKE_COMMIT = "before_intake_commit"
    AFTER_INTAKE_COMMIT = "after_intake_commit"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    AFTER_CLAIM = "after_claim"
    BEFORE_SEND = "before_send"
    AFTER_SEND = "after_send"
    AFTER_RECORD = "after_record"


_armed: dict[str, int] = {}


def arm(name: str, nth: int = 1) -> None:
    """Makes the process kill itself the ``nth`` time it reaches ``name``: a CrashPoint, or ``point@step`` for one step."""
    _armed[name] = nth


def reach(point: CrashPoint, step: str = "") -> None:
    """Kills the process here when a test armed ``point``, or ``point@step``; otherwise nothing."""
    if _armed:
        for name in (point.value, f"{point.value}@{step}"):
            _count_down(name)


def _count_down(name: str) -> None:
    if name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
