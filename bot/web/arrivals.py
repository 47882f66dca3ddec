"""A request at a source's door, as its source reads it, as it is stored, and by which receipt it is known."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.domain.routing import SourceKind
from bot.errors import Malformed
from bot.sources.forms import decode, is_json
from bot.sources.source import Delivery, Form
from bot.web.bodies import check_object
from bot.web.carriers import bare_query, bare_tail
from bot.web.edge import Monitor

_RECEIPT_BYTES = 16
_RECEIPT = re.compile(r"[\w-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request and its body at the door of a source. ``known``: its head carried the secret; ``tried``: somebody tries the source out."""

    request: web.Request
    monitor: Monitor
    tail: str
    form: Form
    body: bytes
    known: bool
    tried: bool


def delivery_of(arrival: Arrival, now: datetime) -> Delivery:
    """What arrived, decoded and without the secrets of its address; raises Malformed with the place."""
    request, monitor = arrival.request, arrival.monitor
    body = arrival.body
    if not body and monitor.rule.kind is SourceKind.OPSGENIE:
        body = b"{}"
    return Delivery(
        source=monitor.name,
        payload=_payload(arrival, body),
        body=body,
        received_at=now,
        method=request.method,
        tail=bare_tail(arrival.tail, monitor.secret),
        content_type=_content_type(arrival),
        query=bare_query(request.query, monitor.secret),
        headers={name: _plain(request.headers[name]) for name in monitor.keeps if name in request.headers},
        fields=monitor.rule.fields,
    )


def _payload(arrival: Arrival, body: bytes) -> Any:
    if is_json(arrival.form, body):
        return check_object(body, arrays=arrival.monitor.source.takes_arrays)
    return decode(arrival.form, _content_type(arrival), bare_query(arrival.request.query, arrival.monitor.secret), body)


def _content_type(arrival: Arrival) -> str:
    """The media type, whole where its parameters are needed to read the body."""
    return arrival.request.headers.get("Content-Type", "") if arrival.form is not Form.JSON else "application/json"


def _plain(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def envelope_of(arrival: Arrival, delivery: Delivery) -> dict[str, Any] | None:
    """How the delivery arrived, as it is stored beside the body; None for a plain POST of JSON."""
    plain = delivery.method == "POST" and arrival.form is Form.JSON
    if plain and not (delivery.tail or delivery.query or delivery.headers or arrival.tried):
        return None
    return {
        "method": delivery.method,
        "tail": delivery.tail,
        "query": dict(delivery.query),
        "content_type": delivery.content_type,
        "headers": dict(delivery.headers),
        "test": arrival.tried,
    }


def checked_receipt(named: str) -> str:
    """What somebody calls a receipt, when it can be one; raises Malformed otherwise."""
    if not _RECEIPT.fullmatch(named):
        raise Malformed("That is no receipt.")
    return named


def receipt_of(arrival: Arrival, delivery: Delivery) -> str | None:
    """The receipt of a delivery that names itself: the same whenever it is repeated, and nobody's guess; None for every other."""
    monitor = arrival.monitor
    if arrival.tried or monitor.source.delivery_id is None:
        return None
    identity = monitor.source.delivery_id(delivery)
    if not identity:
        return None
    digest = hmac.new(monitor.receipt_key, f"{monitor.name}\0{identity}".encode("utf-8", "replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:_RECEIPT_BYTES]).decode().rstrip("=")
