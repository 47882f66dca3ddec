"""Faults by script: what a peer does wrong, for how many requests, and the record of every request with its time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

PEERS = ("slack", "twilio", "sentry")
KINDS = ("error", "ratelimited", "status", "empty", "truncated", "hang", "delay", "drop_after", "refuse")
HANG_SECONDS = 3600.0


def check_peer(peer: str) -> str:
    """The peer, when it is one; raises ValueError."""
    if peer not in PEERS:
        raise ValueError(f"peer: expected {', '.join(PEERS[:-1])} or {PEERS[-1]}, got {peer!r}")
    return peer


@dataclass
class Fault:
    """One fault: ``name`` is a method or ``*``, ``times`` how many requests it still hits (None: all)."""

    peer: str
    kind: str
    name: str = "*"
    channel: str | None = None
    times: int | None = 1
    error: str = "internal_error"
    status: int = 503
    body: str = "<html>Service Unavailable</html>"
    retry_after: str | None = "1"
    delay: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {self.kind!r}")
        check_peer(self.peer)


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it arrived: the oracle of the fault tests."""

    at: datetime
    clock_at: datetime
    peer: str
    name: str
    params: dict[str, Any]
    status: int
    error: str | None


@dataclass
class Faults:
    """The script, matched in order; ``down`` holds peers that refuse everything."""

    script: list[Fault] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def add(self, fault: Fault) -> None:
        """Adds a fault at the end of the script."""
        self.script.append(fault)

    def clear(self) -> None:
        """Heals everything."""
        self.script.clear()
        self.down.clear()

    def take(self, peer: str, name: str, channel: str | None) -> Fault | None:
        """The first fault that hits this request, counted down."""
        if peer in self.down:
            return Fault(peer, "refuse")
        for fault in self.script:
            hits = fault.peer == peer and fault.name in ("*", name) and fault.channel in (None, channel)
            if hits and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


def cut(request: web.Request) -> web.StreamResponse:
    """Closes the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=599)


async def play(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """The answer that a fault gives instead of the real one; None when the request is to be carried out after all."""
    if fault.kind == "refuse":
        return cut(request)
    if fault.kind == "hang":
        await asyncio.sleep(HANG_SECONDS)
    if fault.kind == "delay":
        await asyncio.sleep(fault.delay)
    if fault.kind == "ratelimited":
        headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    if fault.kind == "error":
        return web.json_response({"ok": False, "error": fault.error})
    bodies = {"status": (fault.status, fault.body), "empty": (200, ""), "truncated": (200, '{"ok": tr')}
    if fault.kind in bodies:
        status, text = bodies[fault.kind]
        return web.Response(status=status, text=text, content_type="text/html")
    return None
