"""The link in a page's mail: opening it shows what is broken, its button acknowledges (B4).

Mail servers and clients open links before a person does: GET and HEAD change nothing, only the button's POST does.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

from aiohttp import web

from bot import telemetry
from bot.domain import links
from bot.domain.links import Link
from bot.messages import mail
from bot.services import calls
from bot.web.bodies import read_body
from bot.web.edge import edge_of

_STYLE_HASH = b64encode(hashlib.sha256(mail.STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get("/ack/{token}", show)
    app.router.add_post("/ack/{token}", acknowledge)


async def show(request: web.Request) -> web.Response:
    """What the page is about, and the button; 403 for a link that we did not make, 410 for one that is over."""
    link = _link(request)
    if isinstance(link, web.Response):
        return link
    found = await edge_of(request).services.read(calls.linked_page, link.page_id)
    if found is None:
        return _forged()
    if found.ended is not None:
        return _page(410, mail.tell("Nothing to acknowledge", found.ended))
    return _page(200, mail.ask(found.reference, found.severity, found.title))


async def acknowledge(request: web.Request) -> web.Response:
    """What the button did: 200 when it acknowledged, 410 when somebody had been first, 403 when the person may not."""
    await read_body(request)
    link = _link(request)
    if isinstance(link, web.Response):
        return link
    done = await edge_of(request).services.run(calls.acknowledge_by_link, link.page_id)
    if done is None:
        return _forged()
    if done.ended:
        return _page(410, mail.tell("Nothing to acknowledge", done.words))
    return _page(200, mail.tell("Acknowledged", done.words)) if done.done else _page(403, mail.tell("Not acknowledged", done.words))


def _link(request: web.Request) -> Link | web.Response:
    """The link that was opened, or the answer to one that leads nowhere."""
    edge = edge_of(request)
    key = edge.settings.secret_key
    if key is None:
        return _page(404, mail.tell("No links here", "This installation sends no links: MUSTER_SECRET_KEY is not set. Answer in Slack."))
    link = links.read(key.get_secret_value(), request.match_info["token"], edge.clock.now())
    if link is None:
        telemetry.count_refused_request("link", "forged")
        return _forged()
    if link.expired:
        return _page(410, mail.tell("The link is over", "It worked for 24 hours. If it still rings, acknowledge in Slack."))
    return link


def _forged() -> web.Response:
    return _page(403, mail.tell("Not our link", "Open the link in the mail again, whole, or acknowledge in Slack."))


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
