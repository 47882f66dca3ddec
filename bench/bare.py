"""What every intake is measured against: an aiohttp handler on uvloop that reads a body, parses it and answers 202."""

from __future__ import annotations

import sys

import orjson
import uvloop
from aiohttp import web


async def _take(request: web.Request) -> web.Response:
    orjson.loads(await request.read())
    return web.json_response({"receipt": "none"}, status=202)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"ready": True})


def main() -> None:
    """Serves on the port given."""
    app = web.Application()
    app.router.add_post("/alerts/bench", _take)
    app.router.add_get("/readyz", _alive)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
