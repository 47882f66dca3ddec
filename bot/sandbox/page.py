"""The page in the browser: its files, the headers they carry, and who may ask for anything at all."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from importlib.resources import files
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_PATH = re.compile(rf"[a-z0-9_-]+(?:/[a-z0-9_-]+)*\.(?P<type>{'|'.join(_TYPES)})")
_ROOT = files("bot.sandbox") / "page"


def read(path: str) -> web.Response:
    """A file of the page; raises HTTPNotFound for anything that is none."""
    match = _PATH.fullmatch(path)
    file = _ROOT.joinpath(path) if match is not None else None
    if match is None or file is None or not file.is_file():
        raise web.HTTPNotFound(text=f"The page has no file {path!r}.")
    return web.Response(body=file.read_bytes(), content_type=_TYPES[match["type"]], charset="utf-8", headers=HEADERS)


async def _index(_request: web.Request) -> web.Response:
    return read("index.html")


async def _file(request: web.Request) -> web.Response:
    return read(request.match_info["path"])


def register(app: web.Application, host: str) -> None:
    """Mounts the routes of the page, for a server that is bound to ``host``."""
    app.router.add_get("/", guarded(_index, host))
    app.router.add_get("/page/{path:.+}", guarded(_file, host))


def guarded(handler: Handler, host: str) -> Handler:
    """The handler behind the door: on a loopback address only its own names are served, and no other site may post."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if _is_loopback(host) and not _is_loopback(urlsplit(f"//{request.host}").hostname or ""):
            return _refused(f"This page is served as 127.0.0.1 or localhost, not as {request.host}.")
        if request.method not in ("GET", "HEAD") and _from_elsewhere(request):
            return _refused("Another site may not act here; use the page itself.")
        return await handler(request)

    return handle


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _from_elsewhere(request: web.Request) -> bool:
    """Whether a browser says that another site asks; programs send no Origin."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return True
    return origin is not None and origin != f"{request.scheme}://{request.host}"


def _refused(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=403, headers=HEADERS)
