"""Alive, able to work, and the numbers."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import telemetry
from bot.services import health
from bot.services.health import Snapshot
from bot.web.edge import answer, edge_of, refusal

STALE_SECONDS = 15.0
_NEXT_CYCLE_WITHIN = 10.0


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/health/engine", engine)
    app.router.add_get("/metrics", metrics)


async def alive(_request: web.Request) -> web.Response:
    """200: the process answers."""
    return answer(200, {"alive": True})


async def ready(request: web.Request) -> web.Response:
    """200 when the database takes a write and every loop went round lately; 503 with the reasons otherwise.

    A provider that refuses us does not make us unready, for the phones go on without Slack; it is named as what is held up.
    """
    edge = edge_of(request)
    reasons = [
        f"{type(loop).__name__} has not gone round for {STALE_SECONDS:.0f} s"
        for loop in edge.loops
        if edge.clock.monotonic() - loop.last_cycle > STALE_SECONDS
    ]
    held_up: list[str] = []
    try:
        async with asyncio.timeout(5):
            await edge.services.run(health.check_writes)
            held_up = await edge.services.read(health.held_up)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reasons.append(f"the database does not take a write: {type(error).__name__}")
    return answer(200 if not reasons else 503, {"ready": not reasons, "reasons": reasons, "held_up": held_up})


async def engine(request: web.Request) -> web.Response:
    """200 once every loop has finished a whole turn that began after the request; 503 when one does not."""
    edge = edge_of(request)
    wanted = [loop.cycles + 2 for loop in edge.loops]
    for name in ("timers", "intake", "pages", "outbox", "polls"):
        edge.services.database.wakes.set(name)
    try:
        async with asyncio.timeout(_NEXT_CYCLE_WITHIN):
            while any(loop.cycles < count for loop, count in zip(edge.loops, wanted, strict=True)):
                await asyncio.sleep(0.02)
    except TimeoutError:
        return refusal(503, "engine_stuck", "A loop of the engine does not go round.")
    return answer(200, {"cycles": [loop.cycles for loop in edge.loops]})


async def metrics(request: web.Request) -> web.Response:
    """Everything in Prometheus's text format, the gauges as of now."""
    _set_gauges(await edge_of(request).services.read(health.snapshot))
    return web.Response(body=telemetry.render_metrics(), content_type="text/plain", charset="utf-8")


def _set_gauges(now: Snapshot) -> None:
    for gauge, counted in ((telemetry.INTAKE, now.intake), (telemetry.OPEN_INCIDENTS, now.open_incidents)):
        gauge.clear()
        for label, count in counted.items():
            gauge.labels(label).set(count)
    telemetry.OUTBOX.clear()
    for state, count in now.outbox.items():
        telemetry.OUTBOX.labels(state.value).set(count)
    telemetry.OVERDUE_TIMERS.set(now.overdue_timers)
    telemetry.CLOSED_GATES.set(len(now.closed_gates))
