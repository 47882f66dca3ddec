"""Refused requests are counted by the peer that sent them and by the source in whose name they came (W6).

The peer is who holds the connection; no header can change it.
"""

from __future__ import annotations

from aiohttp import web

from bot.domain.security import Suspect, Suspicion, from_address
from bot.web.edge import edge_of

SOURCE = "source"
"""Where a handler says in whose name a request came, when its address does not."""
_REFUSED = (401, 403)
_SIGNED = {"/slack/": "slack", "/twilio/": "twilio"}


def note(request: web.Request, status: int) -> None:
    """Counts a request that was answered with 401 or 403, in memory alone."""
    if status not in _REFUSED:
        return
    edge = edge_of(request)
    rules, now = edge.services.policy.security.refusals, edge.clock.now()
    edge.services.refusals.count(from_address(request.remote), now, rules)
    if (name := _signer(request)) is not None:
        edge.services.refusals.count(Suspect(Suspicion.SIGNATURE, name), now, rules)


def _signer(request: web.Request) -> str | None:
    """The source, the heartbeat or the provider whose secret the request should have carried: one that we know, whatever was asked for."""
    policy = edge_of(request).services.policy
    source, heartbeat = request.get(SOURCE) or request.match_info.get("source"), request.match_info.get("name")
    if source in policy.sources:
        return str(source)
    if heartbeat in policy.heartbeats and request.path.startswith("/heartbeat/"):
        return f"heartbeat {heartbeat}"
    return next((provider for path, provider in _SIGNED.items() if request.path.startswith(path)), None)
