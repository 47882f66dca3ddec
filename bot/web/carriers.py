"""Secrets of alert sources: found wherever a request may carry them, and taken out of whatever is stored of it (SECURITY)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import web

from bot.domain.routing import Carrier
from bot.sources.forms import is_json
from bot.sources.source import Delivery, Form
from bot.web.edge import Edge, Monitor

PLACEHOLDER = "[secret]"
QUERY_NAMES = ("token", "auth_token", "api_key", "apikey", "secret", "key")
_SCHEMES = dict.fromkeys(("bearer", "geniekey", "token", "apikey"), Carrier.BEARER) | {"basic": Carrier.BASIC}
_NOBODY = b"a secret that no source has"


def is_carried(request: web.Request, monitor: Monitor, tail: str = "") -> bool:
    """Whether the head of the request carries the source's secret in a place where this source may carry it."""
    secret = monitor.secret or _NOBODY
    found = [hmac.compare_digest(given.encode("utf-8", "replace"), secret) for given in _given(request, monitor, tail)]
    return sum(found) > 0 and bool(monitor.secret)


def is_in_authorization(value: str | None, monitor: Monitor) -> bool:
    """Whether the value of an ``Authorization`` header is the source's secret, where this source may carry it there."""
    given = None if value is None else _in_authorization(value, monitor)
    return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), monitor.secret) and bool(monitor.secret)


def compare_in_vain(request: web.Request) -> None:
    """Takes as long over a source that does not exist as over one whose secret is wrong."""
    hmac.compare_digest(request.headers.get("Authorization", "").encode("utf-8", "replace"), _NOBODY)


def acts_for_us(request: web.Request, edge: Edge) -> bool:
    """Whether a token of the policy that may act sent this; such a one may try a source out."""
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    tokens = [token for token in edge.services.policy.tokens if token.access.may_act]
    return sum(hmac.compare_digest(given, b"Bearer " + edge.doors.token_secrets[token.name]) for token in tokens) > 0


def _given(request: web.Request, monitor: Monitor, tail: str) -> Iterator[str]:
    carriers = monitor.carriers
    authorization = request.headers.get("Authorization")
    if authorization is not None and (given := _in_authorization(authorization, monitor)) is not None:
        yield given
    if Carrier.HEADER in carriers and monitor.header is not None:
        yield request.headers.get(monitor.header, "")
    if Carrier.PATH in carriers and (ends := tail.strip("/")):
        yield ends.partition("/")[0]
        yield ends.rpartition("/")[2]
    if Carrier.QUERY in carriers and request.query_string:
        yield from (value for name in QUERY_NAMES for value in request.query.getall(name, ()))


def _in_authorization(value: str, monitor: Monitor) -> str | None:
    scheme, _, rest = value.partition(" ")
    carrier = _SCHEMES.get(scheme.lower())
    if carrier not in monitor.carriers:
        return None
    return _password(rest) if carrier is Carrier.BASIC else rest.strip()


def _password(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def in_query(request: web.Request) -> bool:
    """Whether the address carries something by the name of a secret."""
    return bool(request.query_string) and any(name in request.query for name in QUERY_NAMES)


def bare_tail(tail: str, secret: bytes) -> str:
    """The end of an address without the secret in it."""
    return "/".join(part for part in tail.split("/") if part and not _is(part, secret))


def bare_query(query: Mapping[str, str], secret: bytes) -> dict[str, str]:
    """A query without what is a secret by its name or by its value; ``key`` alone may also name an alert."""
    return {name: value for name, value in query.items() if name not in QUERY_NAMES[:-1] and not _is(value, secret)}


def bare_body(delivery: Delivery, form: Form, secret: bytes) -> bytes:
    """A body with a placeholder wherever the secret stood as a value."""
    if not secret:
        return delivery.body
    if is_json(form, delivery.body):
        return orjson.dumps(_bare(delivery.payload, secret))
    if form is Form.URLENCODED:
        return urlencode(_bare(delivery.payload, secret)).encode()
    return delivery.body.replace(secret, PLACEHOLDER.encode())


def _bare(value: Any, secret: bytes) -> Any:
    if isinstance(value, dict):
        return {name: _bare(item, secret) for name, item in value.items()}
    if isinstance(value, list):
        return [_bare(item, secret) for item in value]
    return PLACEHOLDER if isinstance(value, str) and _is(value.strip(), secret) else value


def _is(value: str, secret: bytes) -> bool:
    return bool(secret) and hmac.compare_digest(value.encode("utf-8", "replace"), secret)
