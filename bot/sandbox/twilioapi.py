"""Twilio's REST API over HTTP: the paths of all its hosts behind one address, their faults, and the record of what was asked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Fault, Faults, cut, play
from bot.sandbox.phones import PhoneNetwork
from bot.sandbox.refusals import TwilioError
from bot.sandbox.whatsapp import PREFIX, Template

Record = Callable[[str, str, dict[str, Any], int, str | None], None]
Params = Mapping[str, str]
Handler = Callable[[Params, Params], dict[str, Any]]
_ACCOUNT = "/2010-04-01/Accounts/{account}"


class TwilioApi:
    """The routes over one phone network.

    A fault is scripted by the name of what it hits: ``Messages`` and ``Calls`` stand for making one, ``Messages.list``, ``Messages.fetch``,
    ``Calls.fetch`` and ``Calls.update`` for the rest, then ``Accounts``, ``Balance``, ``IncomingPhoneNumbers``, ``Services``,
    ``Services.PhoneNumbers``, ``Usa2p``, ``Tollfree``, ``Content`` and ``ApprovalRequests``. Its channel is ``sms``, ``whatsapp`` or
    ``voice``.
    """

    def __init__(self, phones: PhoneNetwork, faults: Faults, record: Record) -> None:
        self._phones, self._faults, self._record = phones, faults, record

    def register(self, app: web.Application) -> None:
        """Mounts the routes."""
        for method, path, name, handler in self._routes():
            app.router.add_route(method, path, self._served(name, handler, 201 if name in ("Messages", "Calls") else 200))

    def _routes(self) -> list[tuple[str, str, str, Handler]]:
        phones = self._phones
        services = "/v1/Services/{service}"
        return [
            ("POST", f"{_ACCOUNT}/Messages.json", "Messages", self._create_message),
            ("GET", f"{_ACCOUNT}/Messages.json", "Messages.list", lambda _place, params: phones.page(params)),
            ("GET", f"{_ACCOUNT}/Messages/{{sid}}.json", "Messages.fetch", lambda place, _: phones.shown(phones.find(place["sid"]))),
            ("POST", f"{_ACCOUNT}/Calls.json", "Calls", lambda _place, params: phones.voice.shown(phones.voice.create(params))),
            ("GET", f"{_ACCOUNT}/Calls/{{sid}}.json", "Calls.fetch", lambda place, _: phones.voice.shown(phones.voice.find(place["sid"]))),
            ("POST", f"{_ACCOUNT}/Calls/{{sid}}.json", "Calls.update", self._update_call),
            ("GET", f"{_ACCOUNT}.json", "Accounts", lambda *_: phones.account_shown()),
            ("GET", f"{_ACCOUNT}/Balance.json", "Balance", lambda *_: phones.balance_shown()),
            ("GET", f"{_ACCOUNT}/IncomingPhoneNumbers.json", "IncomingPhoneNumbers", self._numbers),
            ("GET", "/v1/Services", "Services", lambda *_: phones.services_shown()),
            ("GET", f"{services}/PhoneNumbers", "Services.PhoneNumbers", self._of_service(phones.service_numbers_shown)),
            ("GET", f"{services}/Compliance/Usa2p", "Usa2p", self._of_service(phones.campaigns_shown)),
            ("GET", "/v1/Tollfree/Verifications", "Tollfree", lambda *_: phones.verifications_shown()),
            ("GET", "/v1/Content/{sid}", "Content", lambda place, _: self._template(place).shown(place["account"])),
            (
                "GET",
                "/v1/Content/{sid}/ApprovalRequests",
                "ApprovalRequests",
                lambda place, _: self._template(place).approval(place["account"]),
            ),
        ]

    def _create_message(self, _place: Params, params: Params) -> dict[str, Any]:
        return self._phones.send(params)

    def _update_call(self, place: Params, params: Params) -> dict[str, Any]:
        return self._phones.voice.shown(self._phones.voice.update(place["sid"], params))

    def _numbers(self, _place: Params, params: Params) -> dict[str, Any]:
        return self._phones.numbers_shown(params.get("PhoneNumber"))

    def _of_service(self, shown: Callable[[], dict[str, Any]]) -> Handler:
        def handler(place: Params, _params: Params) -> dict[str, Any]:
            if place["service"] != self._phones.messaging_service_sid:
                raise TwilioError(20404, path=f"/v1/Services/{place['service']}")
            return shown()

        return handler

    def _template(self, place: Params) -> Template:
        template = self._phones.whatsapp.templates.get(place["sid"])
        if template is None:
            raise TwilioError(20404, path=f"/v1/Content/{place['sid']}")
        return template

    def _served(self, name: str, handler: Handler, made: int) -> Callable[[web.Request], Any]:
        """The handler with what every request goes through: its fault, the login, and the record."""

        async def serve(request: web.Request) -> web.StreamResponse:
            params = await _params(request)
            fault = self._faults.take("twilio", name, _channel(name, params))
            played = await _play(request, fault) if fault is not None else None
            if played is not None:
                self._record("twilio", name, params, played.status, fault.kind if fault else None)
                return played
            login = _login(request)
            place = {"account": login[0] if login else "", **request.match_info}
            try:
                self._phones.check_login(place["account"], login)
                body, status, code = handler(place, params), made, None
            except TwilioError as error:
                body, status, code = error.body, error.status, str(error.code)
            self._record("twilio", name, params, status, code)
            answer = web.json_response(body, status=status)
            return cut(request) if fault is not None and fault.kind == "drop_after" else answer

        return serve


async def _params(request: web.Request) -> dict[str, str]:
    """The form, or the query of a GET; a name that comes more than once has its values side by side."""
    given = request.query if request.method == "GET" else await request.post()
    return {name: " ".join(map(str, given.getall(name))) for name in given}


def _channel(name: str, params: Params) -> str | None:
    if name.startswith("Calls"):
        return "voice"
    if name != "Messages":
        return None
    return "whatsapp" if params.get("To", "").startswith(PREFIX) else "sms"


async def _play(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    if fault.kind not in ("ratelimited", "error"):
        return await play(request, fault)
    error = TwilioError(20429 if fault.kind == "ratelimited" else int(fault.error) if fault.error.isdecimal() else 20500)
    return web.json_response(error.body, status=error.status)


def _login(request: web.Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return None
    return name, password
