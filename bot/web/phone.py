"""Twilio comes in: replies, calls and receipts, signed over the public address that we configured (B4, SECURITY)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from bot import telemetry
from bot.errors import Malformed
from bot.messages import voice
from bot.services import calls, once, replies
from bot.services.calls import Spoken
from bot.services.replies import Button
from bot.web.bodies import read_body
from bot.web.edge import Edge, edge_of, refusal

_FORM = "application/x-www-form-urlencoded"
_VOICE = "/twilio/voice/{page_id:[0-9A-Za-z_-]{1,64}}"


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_post("/twilio/message", take_message)
    app.router.add_post("/twilio/status", take_status)
    app.router.add_post(_VOICE, take_call)
    app.router.add_post(f"{_VOICE}/key", take_key)


async def take_message(request: web.Request) -> web.Response:
    """A reply from a phone, by SMS or WhatsApp, answered with what happened; silence for a number that nobody has."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    key = f"twilio:{form['MessageSid']}" if form.get("MessageSid") else None
    sender, text = form.get("From", ""), form.get("Body", "")
    button = Button(form.get("ButtonPayload", ""), form.get("ButtonText", ""), form.get("OriginalRepliedMessageSid") or None)
    digest = once.digest(sender.encode(), text.encode())
    words = await edge_of(request).services.run(once.once, key, digest, replies.receive, sender, text, button)
    answer = MessagingResponse()
    if words:
        answer.message(words)
    return _xml(answer.to_xml())


async def take_call(request: web.Request) -> web.Response:
    """What a call says that was picked up; a machine is told nothing, and its page has failed."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    edge, answered_by = edge_of(request), form.get("AnsweredBy")
    if calls.is_machine(answered_by):
        await edge.services.run(calls.call_ended, form.get("CallSid", ""), "in-progress", answered_by)
        return _xml(voice.hang_up())
    page_id = request.match_info["page_id"]
    return _speak(edge, page_id, await edge.services.read(calls.voice_words, page_id), 0)


async def take_key(request: web.Request) -> web.Response:
    """What a call says after a key, or after none."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    edge, page_id = edge_of(request), request.match_info["page_id"]
    asked = _count(request.query.get("asked", ""))
    spoken = await edge.services.run(calls.press, page_id, form.get("Digits", ""), form.get("CallSid", ""), asked)
    return _speak(edge, page_id, spoken, asked + 1)


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) == 1 else calls.ASKED_AGAIN if text else 0


def _speak(edge: Edge, page_id: str, spoken: Spoken, asked: int) -> web.Response:
    if not spoken.asks:
        return _xml(voice.tell(spoken.words))
    return _xml(voice.ask(spoken.words, f"{edge.settings.public_url}/twilio/voice/{page_id}/key?asked={asked}"))


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")


async def take_status(request: web.Request) -> web.Response:
    """A receipt for a message or a call of ours; 204 whatever it says, for nobody sends it again."""
    form = await _signed_form(request)
    if form is None:
        return _forbidden()
    services = edge_of(request).services
    sid, word = form.get("MessageSid", ""), form.get("MessageStatus", "")
    call, state = form.get("CallSid", ""), form.get("CallStatus", "")
    if sid and word:
        await services.run(replies.receive_receipt, sid, word, form.get("ErrorCode") or None)
    elif call and state:
        await services.run(calls.call_ended, call, state, form.get("AnsweredBy"))
    return web.Response(status=204)


async def _signed_form(request: web.Request) -> Mapping[str, str] | None:
    """The form, when its signature fits our public address, every field and the account's token; None otherwise.

    Twilio sends no files: a form that could hold some is not even read.
    """
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType(reason=f"Send a form, with Content-Type: {_FORM}.")
    await read_body(request)
    try:
        form = await request.post()
    except (UnicodeDecodeError, LookupError) as error:
        raise Malformed("The form is not text in the character set that it names.") from error
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
