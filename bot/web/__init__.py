"""HTTP comes in: alerts, phone callbacks, the bot's own API, health."""

from __future__ import annotations

from aiohttp import web

from bot.web import acknowledge, alerts, api, compatible, control, health, heartbeats, phone
from bot.web.edge import EDGE, Edge
from bot.web.errors import guard
from bot.web.room import BODY_LIMIT

__all__ = ["Edge", "build"]


def build(edge: Edge) -> web.Application:
    """The application with every route; the clock's control only where there is a control token."""
    app = web.Application(middlewares=[guard], client_max_size=BODY_LIMIT)
    app[EDGE] = edge
    for part in (alerts, compatible, heartbeats, phone, acknowledge, health, api):
        part.register(app)
    if edge.control_token is not None:
        control.register(app)
    return app
