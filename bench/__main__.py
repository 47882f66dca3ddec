"""``make bench``: prints every figure beside its floor, and exits 1 when one does not hold."""

from __future__ import annotations

from bench import figures, ingest, large, queue, report, timers, together

_PARTS = (figures, ingest, timers, together, queue, large)


async def _measure() -> list[report.Figure]:
    return [figure for part in _PARTS for figure in await part.every_figure()]


if __name__ == "__main__":
    report.run(_measure)
