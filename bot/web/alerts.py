"""Alert webhooks: checked, committed, answered; what they mean is decided right after (C2, RELIABILITY 1)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable

from aiohttp import web

from bot import telemetry
from bot.domain.routing import Carrier, SourceRule
from bot.errors import Malformed
from bot.services import intake
from bot.sources import SOURCES
from bot.store.intake import Busy
from bot.web.bodies import check_object, read_body, require_json
from bot.web.edge import Edge, answer, edge_of, refusal

_NOBODY = b"a secret that no source has"
_AGAIN = {"Retry-After": "5"}


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get("/alerts/receipts/{id}", show_receipt)
    app.router.add_post("/alerts/{source}", take)
    app.router.add_post("/alerts/{source}/{secret}", take)


async def take(request: web.Request) -> web.Response:
    """202 and a receipt once the body is committed; 4xx before that for what can be seen at the door; 503 when not now."""
    edge, name = edge_of(request), request.match_info["source"]
    rule = edge.services.policy.sources.get(name)
    refused = _check_secret(edge, request, name, rule)
    if refused is not None:
        return refused
    require_json(request)
    body = await read_body(request)
    check_object(body)
    try:
        receipt = await edge.intake.add(name, body, telemetry.current_request_id() or "")
    except Busy as error:
        return refusal(503, "busy", str(error), **_AGAIN)
    telemetry.ALERT_BODIES.labels(name).inc()
    return answer(202, {"receipt": receipt, "url": f"/alerts/receipts/{receipt}"})


def _check_secret(edge: Edge, request: web.Request, name: str, rule: SourceRule | None) -> web.Response | None:
    """The refusal of a request that does not carry its source's secret; an unknown source costs the same time."""
    expected = edge.source_secrets.get(name, _NOBODY)
    carried = [hmac.compare_digest(given, expected) for given in _carried(request, rule)]
    if rule is None:
        telemetry.count_refused_request("alerts", "unknown_source")
        return refusal(404, "unknown_source", "There is no alert source of that name.")
    if rule.unsigned or any(carried):
        return None
    telemetry.count_refused_request("alerts", "wrong_secret")
    if "token" in request.query and Carrier.QUERY not in (rule.carried_by or ()):
        return refusal(400, "secret_in_query", "This source does not take its secret in the address; send it in a header.")
    return refusal(401, "wrong_secret", "The source's secret is missing or wrong.")


def _carried(request: web.Request, rule: SourceRule | None) -> Iterable[bytes]:
    """The secrets that a request carries where its source may carry them."""
    authorization = request.headers.get("Authorization", "")
    scheme, _, rest = authorization.partition(" ")
    found = {
        Carrier.BEARER: rest.strip() if scheme.lower() == "bearer" else None,
        Carrier.BASIC: _password(rest) if scheme.lower() == "basic" else None,
        Carrier.HEADER: request.headers.get(rule.header) if rule is not None and rule.header else None,
        Carrier.PATH: request.match_info.get("secret"),
        Carrier.QUERY: request.query.get("token"),
    }
    carried_by = (rule.carried_by or SOURCES[rule.kind].carried_by) if rule is not None else (Carrier.BEARER,)
    return [value.encode("utf-8", "replace") for carrier in carried_by if (value := found.get(carrier)) is not None]


def _password(encoded: str) -> str | None:
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    _, colon, password = text.partition(":")
    return password if colon else None


async def show_receipt(request: web.Request) -> web.Response:
    """What became of a body; its id cannot be guessed, so who has it may read it."""
    receipt_id = request.match_info["id"]
    if len(receipt_id) > 32 or not receipt_id.isascii():
        raise Malformed("That is no receipt.")
    found = await edge_of(request).services.read(intake.receipt, receipt_id)
    if found is None:
        return refusal(404, "unknown_receipt", "There is no such receipt.")
    return answer(200, found | {"received_at": found["received_at"].isoformat()})
