"""Twilio comes in: replies and receipts, signed over the public address that we configured (B4, SECURITY)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from bot import telemetry
from bot.services import once, replies
from bot.services.work import UnitOfWork
from bot.web.bodies import read_body
from bot.web.edge import Edge, edge_of, refusal


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_post("/twilio/message", take_message)
    app.router.add_post("/twilio/status", take_status)


async def take_message(request: web.Request) -> web.Response:
    """A reply from a phone, answered with what happened; silence for a number that nobody has."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    key = f"twilio:{form['MessageSid']}" if form.get("MessageSid") else None
    arguments = (form.get("From", ""), form.get("Body", ""))
    digest = once.digest(*(part.encode() for part in arguments))
    words = await edge_of(request).services.run(once.once, key, digest, replies.receive, *arguments)
    answer = MessagingResponse()
    if words:
        answer.message(words)
    return web.Response(text=answer.to_xml(), content_type="text/xml")


async def take_status(request: web.Request) -> web.Response:
    """A receipt for a message that we sent; 204 whatever it says, for nobody sends it again."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    sid, word = form.get("MessageSid", ""), form.get("MessageStatus", "")
    if sid and word:
        await edge_of(request).services.run(_receive_receipt, sid, word, form.get("ErrorCode") or None)
    return web.Response(status=204)


async def _receive_receipt(work: UnitOfWork, sid: str, word: str, error_code: str | None) -> None:
    await replies.receive_receipt(work, sid, word, error_code)


async def _signed_form(request: web.Request) -> Mapping[str, str] | None:
    """The form, when its signature fits our public address, every field and the account's token; None otherwise."""
    await read_body(request)
    form = await request.post()
    fields = {name: str(value) for name, value in form.items()}
    validator = _validator(edge_of(request))
    if validator is None:
        return None
    signature = request.headers.get("X-Twilio-Signature", "")
    address = f"{edge_of(request).settings.public_url}{request.rel_url}"
    if not signature.isascii() or not validator.validate(address, form, signature):
        telemetry.count_refused_request("twilio", "unsigned")
        return None
    return fields


def _validator(edge: Edge) -> RequestValidator | None:
    token = edge.settings.twilio_auth_token
    if token is None or edge.settings.public_url is None:
        return None
    return RequestValidator(token.get_secret_value())


def _forbidden() -> web.Response:
    return refusal(403, "unsigned", "The request does not carry Twilio's signature for this address.")
