"""``make bench``: prints every figure beside its floor, and exits 1 when one does not hold."""

from __future__ import annotations

import asyncio
import platform
import sys

import uvloop
from rich.console import Console
from rich.table import Table

from bench.figures import every_figure
from bot import telemetry


def main() -> None:
    """Runs the bench."""
    telemetry.configure("ERROR", "console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(every_figure())
    table = Table(
        "Figure",
        "Measured",
        "Floor",
        "",
        title=f"Muster on {platform.platform()}, Python {platform.python_version()}",
    )
    for figure in figures:
        table.add_row(figure.name, figure.measured, figure.floor, "held" if figure.holds else "[red]not held")
    Console(width=140).print(table)
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


if __name__ == "__main__":
    main()
