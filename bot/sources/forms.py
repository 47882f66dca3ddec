"""Decoding deliveries: JSON, forms, multipart, a query string, and JSON that calls itself text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from bot.errors import Malformed
from bot.sources.source import Form

_JSON = re.compile(r"^application/(?:[\w.+-]+\+)?json$")
_BOUNDARY = re.compile(r'\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb'[;\s]name=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_FIELDS_AT_MOST = 1000
_PARTS_AT_MOST = 200
_HEAD_AT_MOST = 4096


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
    """What a delivery says: a JSON value, or a form's fields by name; raises Malformed with the place.

    A request without a body says what its query says, and JSON stays JSON where a sender's HTTP client calls every body a form.
    """
    if form is Form.QUERY or (query and not body.strip()):
        return dict(query)
    if form is Form.URLENCODED and not is_json(form, body):
        return _urlencoded(body)
    if form is Form.MULTIPART:
        return _multipart(content_type, body)
    return _json(body)


def is_json(form: Form, body: bytes) -> bool:
    """Whether a body is to be read as JSON: a form that begins as JSON does is one in name only."""
    return form in (Form.JSON, Form.TEXT) or (form is Form.URLENCODED and body.lstrip().startswith((b"{", b"[")))


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
    """The fields of a form by name, files left out; read in one pass, for anybody may send one."""
    boundary = _BOUNDARY.search(content_type)
    delimiter = rb"(?:\A|\r?\n)--" + re.escape((boundary[1] or boundary[2]).encode("utf-8", "replace")) if boundary else rb"\Z"
    parts = re.split(delimiter, body, maxsplit=_PARTS_AT_MOST + 1)[1:]
    if len(parts) > _PARTS_AT_MOST:
        raise Malformed(f"The form cannot be read: expected at most {_PARTS_AT_MOST} parts.")
    fields = dict(field for part in parts if (field := _field(part)) is not None)
    if not fields:
        raise Malformed("The form holds no fields: expected multipart/form-data with named parts.")
    return fields


def _field(part: bytes) -> tuple[str, str] | None:
    """The name and the text of a part; None for the end, a file, and what has no name."""
    head = _HEAD_ENDS.search(part, 0, _HEAD_AT_MOST)
    name = None if head is None else _NAME.search(part, 0, head.start())
    if head is None or name is None or b"filename" in part[: head.start()].lower():
        return None
    return _text(name[1] or name[2]), _text(part[head.end() :])


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
