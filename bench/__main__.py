"""``make bench``: prints every figure beside its floor, and exits 1 when one does not hold."""

from __future__ import annotations

import asyncio

import uvloop

from bench import figures, ingest, large, queue, report, timers, together
from bot import telemetry

_PARTS = (figures, ingest, timers, together, queue, large)


async def _measure() -> list[report.Figure]:
    return [figure for part in _PARTS for figure in await part.every_figure()]


def main() -> None:
    """Runs the bench."""
    telemetry.configure("ERROR", "console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(_measure())
    report.tell(measured)


if __name__ == "__main__":
    main()
