"""Alert webhooks: checked, committed, answered; what they mean is decided right after (C2, RELIABILITY 1)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot import telemetry
from bot.domain.routing import Carrier
from bot.errors import SendError
from bot.services import intake
from bot.sources.forms import form_of, takes
from bot.sources.source import Answer, Delivery, Form
from bot.store.intake import Busy
from bot.web import sns
from bot.web.arrivals import Arrival, checked_receipt, delivery_of, envelope_of, receipt_of
from bot.web.bodies import check_object, read_body
from bot.web.carriers import acts_for_us, bare_body, compare_in_vain, in_query, is_carried
from bot.web.edge import Edge, Monitor, answer, edge_of, refusal
from bot.web.prompt import accepted

TEST_HEADER = "X-Muster-Test"
RECEIPT_HEADER = "X-Muster-Receipt"
_AGAIN = {"Retry-After": "5"}
_METHODS = ("POST", "PUT", "GET")
_MEDIA_TYPES = {
    Form.JSON: "application/json",
    Form.URLENCODED: "application/x-www-form-urlencoded",
    Form.MULTIPART: "multipart/form-data",
    Form.TEXT: "text/plain",
}


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get("/alerts/receipts/{id}", show_receipt)
    for path in ("/alerts/{source}", "/alerts/{source}/{tail:.*}"):
        for method in _METHODS:
            app.router.add_route(method, path, take)


async def take(request: web.Request) -> web.StreamResponse:
    """202 and a receipt once the body is committed; 4xx before that for what can be seen at the door; 503 when not now."""
    edge = edge_of(request)
    monitor = edge.monitors.get(request.match_info["source"])
    if monitor is None:
        compare_in_vain(request)
        telemetry.count_refused_request("alerts", "unknown_source")
        return refusal(404, "unknown_source", "There is no alert source of that name.")
    return await receive(request, edge, monitor, request.match_info.get("tail", ""))


async def receive(request: web.Request, edge: Edge, monitor: Monitor, tail: str = "") -> web.StreamResponse:
    """The answer to a request at a source; ``tail`` is what stands behind the source's address.

    A JSON body whose secret is in the head of its request is only checked and committed; everything else is looked at more closely.
    """
    if request.method not in monitor.source.methods:
        raise web.HTTPMethodNotAllowed(request.method, sorted(monitor.source.methods))
    tried = TEST_HEADER in request.headers
    known = monitor.rule.unsigned or is_carried(request, monitor, tail) or (tried and acts_for_us(request, edge))
    if not known and not monitor.signs:
        return _wrong_secret(request, monitor)
    form = _form(request, monitor)
    if form is None:
        return _unknown_form(monitor)
    body = await read_body(request)
    if not (known and monitor.plain) or form is not Form.JSON or tail or tried or request.query_string or request.method != "POST":
        return await _take_closely(Arrival(request, monitor, tail, form, body, known, tried), edge)
    check_object(body, arrays=monitor.source.takes_arrays)
    try:
        receipt = await edge.intake.add(monitor.name, body, telemetry.current_request_id() or "")
    except Busy as error:
        return refusal(503, "busy", str(error), **_AGAIN)
    telemetry.count_body(monitor.name)
    return accepted(request, receipt)


def _form(request: web.Request, monitor: Monitor) -> Form | None:
    """How the delivery is written; None for a way that the source does not use."""
    if request.query_string and not request.can_read_body and Form.QUERY in monitor.source.forms:
        return Form.QUERY
    form = form_of(request.method, request.headers.get("Content-Type", ""))
    return form if takes(monitor.source.forms, form) else None


async def _take_closely(arrival: Arrival, edge: Edge) -> web.Response:
    """The answer to a delivery that is signed, tried out, sent as a form, repeated by its id, or answered in the sender's own way."""
    monitor = arrival.monitor
    delivery = delivery_of(arrival, edge.clock.now())
    if (refused := await _refused(arrival, edge, delivery)) is not None:
        return refused
    envelope = envelope_of(arrival, delivery)
    body = bare_body(delivery, arrival.form, monitor.secret) if monitor.in_body else delivery.body
    receipt = receipt_of(arrival, delivery)
    try:
        receipt = await edge.intake.add(monitor.name, body, telemetry.current_request_id() or "", envelope, receipt)
    except Busy as error:
        return refusal(503, "busy", str(error), **_AGAIN)
    telemetry.count_body(monitor.name)
    return _say(monitor.source.answer(delivery, receipt), receipt)


async def _refused(arrival: Arrival, edge: Edge, delivery: Delivery) -> web.Response | None:
    """The refusal of a delivery that does not prove itself: 401, and 403 for SNS, which signs for every topic of everybody."""
    monitor = arrival.monitor
    if not monitor.is_sns:
        verify = monitor.source.verify
        known = arrival.known or (verify is not None and verify(monitor.secret, delivery))
        return None if known else _wrong_secret(arrival.request, monitor)
    try:
        sentence = await sns.refused(arrival, edge, delivery)
    except SendError as error:
        return refusal(503, "busy", f"{error}. Send it again in a few seconds.", **_AGAIN)
    if sentence is None:
        return None
    telemetry.count_refused_request("alerts", "wrong_signature")
    return refusal(403, "wrong_signature", sentence)


def _say(said: Answer, receipt: str) -> web.Response:
    headers = {RECEIPT_HEADER: receipt}
    if isinstance(said.body, Mapping):
        return answer(said.status, said.body, **headers)
    return web.Response(status=said.status, text=said.body, headers=headers)


def _wrong_secret(request: web.Request, monitor: Monitor) -> web.Response:
    telemetry.count_refused_request("alerts", "wrong_secret")
    if in_query(request) and Carrier.QUERY not in monitor.carriers:
        return refusal(400, "secret_in_query", "This source does not take its secret in the address; send it in a header.")
    return refusal(401, "wrong_secret", "The source's secret is missing or wrong.")


def _unknown_form(monitor: Monitor) -> web.Response:
    taken = " or ".join(name for form, name in _MEDIA_TYPES.items() if form in monitor.source.forms)
    return refusal(415, "unsupported_media_type", f"This source is understood as {taken}: send it with that Content-Type.")


async def show_receipt(request: web.Request) -> web.Response:
    """What became of a body; its id cannot be guessed, so who has it may read it."""
    receipt_id = checked_receipt(request.match_info["id"])
    found = await edge_of(request).services.read(intake.receipt, receipt_id)
    if found is None:
        return refusal(404, "unknown_receipt", "There is no such receipt.")
    return answer(200, found | {"received_at": found["received_at"].isoformat()})
