"""Decoding deliveries: JSON, forms, multipart, a query string, and JSON that calls itself text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import orjson

from bot.errors import Malformed
from bot.sources.source import Form

_JSON = re.compile(r"^application/(?:[\w.+-]+\+)?json$")
_FIELDS_AT_MOST = 1000


def form_of(method: str, content_type: str) -> Form | None:
    """How a request of that method and media type is written; None for one that no source takes."""
    kind = content_type.partition(";")[0].strip().lower()
    if method == "GET":
        return Form.QUERY
    if _JSON.match(kind):
        return Form.JSON
    known = {
        "application/x-www-form-urlencoded": Form.URLENCODED,
        "multipart/form-data": Form.MULTIPART,
        "text/plain": Form.TEXT,
        "": Form.TEXT,
        "application/octet-stream": Form.TEXT,
    }
    return known.get(kind)


def decode(form: Form, content_type: str, query: Mapping[str, str], body: bytes) -> Any:
    """What a delivery says: a JSON value, or a form's fields by name; raises Malformed with the place."""
    if form is Form.QUERY:
        return dict(query)
    if form is Form.URLENCODED:
        return _urlencoded(body)
    if form is Form.MULTIPART:
        return _multipart(content_type, body)
    return _json(body)


def takes(forms: Collection[Form], form: Form | None) -> bool:
    """Whether a source that takes ``forms`` takes this one."""
    return form is not None and form in forms


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}.") from error


def _urlencoded(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS_AT_MOST))
    except (UnicodeDecodeError, ValueError) as error:
        raise Malformed("The form cannot be read: expected name=value pairs in UTF-8.") from error


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = {
        str(part.get_param("name", header="content-disposition")): _text(part.get_payload(decode=True))
        for part in message.iter_parts()
        if part.get_param("name", header="content-disposition")
    }
    if not parts:
        raise Malformed("The form holds no fields: expected multipart/form-data with named parts.")
    return parts


def _text(content: Any) -> str:
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
