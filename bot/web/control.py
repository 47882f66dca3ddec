"""The route that steers the clock: mounted only with a control token, which tests and the demo have and nobody else."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import SteeredClock
from bot.errors import Malformed
from bot.services import health, timers
from bot.web.bodies import parse_object, read_body
from bot.web.edge import Edge, answer, edge_of

_STEPS = ("advance", "speed", "freeze", "now")


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get("/control/clock", show_clock)
    app.router.add_post("/control/clock", steer)
    app.router.add_get("/control/idle", show_idle)


def _clock(request: web.Request) -> SteeredClock:
    edge = edge_of(request)
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {edge.control_token}".encode()):
        raise web.HTTPUnauthorized(reason="The control token is missing or wrong.")
    if not isinstance(edge.clock, SteeredClock):
        raise web.HTTPConflict(reason="This clock cannot be steered.")
    return edge.clock


async def show_clock(request: web.Request) -> web.Response:
    """The clock as it runs."""
    return _shown(_clock(request))


async def steer(request: web.Request) -> web.Response:
    """Moves the clock: ``advance`` seconds, ``speed``, ``freeze``, or ``now`` as a moment; one of them."""
    clock = _clock(request)
    wanted = parse_object(await read_body(request))
    if len(wanted) != 1 or next(iter(wanted)) not in _STEPS:
        raise Malformed(f"Expected one of {', '.join(_STEPS)}.")
    _steer(clock, *next(iter(wanted.items())))
    edge_of(request).services.database.wakes.set("timers")
    return _shown(clock)


def _steer(clock: SteeredClock, step: str, value: Any) -> None:
    try:
        if step == "advance":
            clock.advance(timedelta(seconds=float(value)))
        elif step == "now":
            clock.set(datetime.fromisoformat(value))
        else:
            speed = float(value) if step == "speed" else (0.0 if value else 1.0)
            clock.set_speed(speed)
    except (TypeError, ValueError, OverflowError) as error:
        raise Malformed(f"{step}: {error}") from error


def _shown(clock: SteeredClock) -> web.Response:
    return answer(200, {"now": clock.now().isoformat(), "speed": clock.speed, "frozen": clock.speed == 0})


async def show_idle(request: web.Request) -> web.Response:
    """Whether nothing is due, and when the next timer is."""
    _clock(request)
    edge: Edge = edge_of(request)
    due_at = await edge.services.read(timers.next_due)
    idle = await edge.services.read(health.idle)
    return answer(200, {"idle": idle, "next_due_at": due_at.isoformat() if due_at else None})
