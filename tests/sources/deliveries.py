"""Deliveries as the intake hands them to a source, from the bodies under ``tests/payloads``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.domain.alert import Alert, Reading
from bot.domain.routing import SourceKind
from bot.sources.forms import decode, form_of
from bot.sources.source import Delivery, Form, Source

PAYLOADS = Path(__file__).parent.parent / "payloads"
RECEIVED_AT = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)


def body_of(kind: str, name: str) -> bytes:
    """The bytes of ``tests/payloads/<kind>/<name>``, a ``.json`` file when the name does not say otherwise."""
    return (PAYLOADS / kind / (name if "." in name else f"{name}.json")).read_bytes()


def delivery(kind: SourceKind | str, payload: Any, **changes: Any) -> Delivery:
    """What a monitor of that kind posted: the body of a file by its name, or a payload; ``changes`` are fields of the Delivery.

    The payload is what the intake would decode: from ``body`` when it is given, from a form by ``content_type``, from the query of a GET.
    """
    kind = SourceKind(kind).value
    method, content_type = changes.get("method", "POST"), changes.get("content_type", "application/json")
    form = form_of(method, content_type) or Form.JSON
    body = changes.pop("body", None)
    if form is Form.QUERY:
        changes, body = {"query": payload} | changes, b""
    elif body is None:
        body = body_of(kind, payload) if isinstance(payload, str) else _written(payload, form)
    decoded = decode(form, content_type, changes.get("query", {}), body)
    return Delivery(kind, decoded, body, RECEIVED_AT)._replace(**changes)


def _written(payload: Any, form: Form) -> bytes:
    return urlencode(payload).encode() if form is Form.URLENCODED else json.dumps(payload).encode()


def payload_of(kind: SourceKind | str, name: str, **changes: Any) -> Any:
    """The decoded body of a file, with top-level fields changed; a field changed to ``...`` is left out."""
    payload = json.loads(body_of(SourceKind(kind).value, name)) | changes
    return {field: value for field, value in payload.items() if value is not ...}


def read(source: Source, payload: Any, **changes: Any) -> Reading:
    """What a source makes of a body, by name or as a payload."""
    return source.read(delivery(source.kind, payload, **changes))


def only(source: Source, payload: Any, **changes: Any) -> Alert:
    """The one alert that a source makes of a body."""
    (alert,) = read(source, payload, **changes).alerts
    return alert
