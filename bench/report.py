"""Figures beside the floors below which the work is not done, and the aims where it means to stand."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench.load import percentile
from bot import telemetry


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report; ``holds`` says whether the floor is held."""

    name: str
    measured: str
    floor: str
    holds: bool
    aim: str = ""


def spans(name: str, seconds: list[float], floor: str, share: float, limit: float, aim: str = "") -> Figure:
    """How long something took, as its middle and its 99th percentile; ``share`` is the percentile that must not exceed ``limit``."""
    middle, last = (percentile(seconds, at) * 1000 for at in (0.5, 0.99))
    measured = f"p50 {middle:.1f} ms, p99 {last:.1f} ms ({len(seconds)} times)"
    return Figure(name, measured, floor, percentile(seconds, share) <= limit, aim)


async def in_a_folder(measure: Callable[[Path], Awaitable[list[Figure]]]) -> list[Figure]:
    """What is measured in a folder of its own, which is gone afterwards."""
    with TemporaryDirectory(prefix="muster-bench-") as folder:
        return await measure(Path(folder))


def run(every_figure: Callable[[], Coroutine[Any, Any, list[Figure]]]) -> None:
    """Measures a part of the bench, or all of it, on the fastest loop there is, and tells it."""
    telemetry.configure("ERROR", "console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(every_figure())
    tell(figures)


def tell(figures: Sequence[Figure]) -> None:
    """Prints the figures, and ends the program with 1 when one does not hold."""
    title = f"Muster on {platform.platform()}, Python {platform.python_version()}"
    table = Table("Figure", "Measured", "Floor", "Aim", "", title=title)
    for figure in figures:
        table.add_row(figure.name, figure.measured, figure.floor, figure.aim, "held" if figure.holds else "[red]not held")
    Console(width=180).print(table)
    sys.exit(0 if all(figure.holds for figure in figures) else 1)
