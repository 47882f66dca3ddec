"""``make bench``: prints every figure beside its floor, and exits 1 when one does not hold."""

from __future__ import annotations

import asyncio

import uvloop

from bench import ingest, report
from bench.figures import every_figure
from bot import telemetry


async def _measure() -> list[report.Figure]:
    return [*await every_figure(), *await ingest.every_figure()]


def main() -> None:
    """Runs the bench."""
    telemetry.configure("ERROR", "console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_measure())
    report.tell(figures)


if __name__ == "__main__":
    main()
