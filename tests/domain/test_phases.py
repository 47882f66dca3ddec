"""Which phase belongs to which status."""

from __future__ import annotations

import pytest

from bot.domain.phases import Phase, find_phase, phase_in
from bot.domain.status import Status

PHASES = (
    Phase(name="Detect", status=Status.INVESTIGATING, meaning=""),
    Phase(name="Diagnose", status=Status.INVESTIGATING, meaning=""),
    Phase(name="Stabilize", status=Status.MITIGATING, meaning=""),
)


@pytest.mark.parametrize(
    ("status", "current", "expected"),
    [
        (Status.INVESTIGATING, None, "Detect"),
        (Status.INVESTIGATING, "Diagnose", "Diagnose"),
        (Status.MITIGATING, "Diagnose", "Stabilize"),
        (Status.RESOLVED, "Diagnose", None),
    ],
)
def test_a_status_keeps_the_phase_that_fits_it_and_else_takes_the_first(status: Status, current: str | None, expected: str | None) -> None:
    found = phase_in(PHASES, status, current)
    assert (found.name if found else None) == expected


def test_a_phase_is_found_whatever_the_case() -> None:
    assert find_phase(PHASES, " stabilize ") is PHASES[2]
    assert find_phase(PHASES, "stable") is None
