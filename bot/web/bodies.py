"""Reading a body: size, time, encoding, syntax, depth and top-level type decide before anything is committed."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import orjson
from aiohttp import ContentTypeError, web

from bot.errors import Malformed
from bot.web.edge import BODY_WITHIN, edge_of

DEPTH = 64
_JSON_TYPES = re.compile(r"^application/(?:[\w.+-]+\+)?json$")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""What stands in quotes; one that nobody closes reaches to the end, so that no body is looked through twice."""


async def read_body(request: web.Request) -> bytes:
    """The whole body within BODY_WITHIN seconds; aiohttp itself answers 413 beyond the limit, unpacked size included.

    Raises Full when bodies that are still on their way to this route would take more memory than there is for them.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "deflate", ""):
        raise web.HTTPUnsupportedMediaType(reason="Send the body plain, or packed with gzip.")
    try:
        if request.content.is_eof():
            return await request.read()
        with edge_of(request).room.held(request):
            async with asyncio.timeout(BODY_WITHIN):
                return await request.read()
    except (ContentTypeError, ValueError, web.HTTPBadRequest) as error:
        raise Malformed("The body cannot be unpacked.") from error


def require_json(request: web.Request) -> None:
    """Raises 415 unless the request says that it carries JSON."""
    if not _JSON_TYPES.match(request.content_type):
        raise web.HTTPUnsupportedMediaType(reason="Send JSON, with Content-Type: application/json.")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is; raises Malformed with the place, whatever it is instead."""
    if not body.strip():
        raise Malformed("The body is empty; expected a JSON object.")
    _check_depth(body)
    try:
        text = body.decode("utf-8")
        parsed = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
        _check_surrogates(body, parsed)
    except UnicodeError as error:
        raise Malformed("The body is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The JSON cannot be read: {str(error)[:120]}.") from error
    if not isinstance(parsed, dict):
        raise Malformed(f"The body is {type(parsed).__name__}; expected a JSON object at the top.")
    return parsed


def check_object(body: bytes, *, arrays: bool = False) -> Any:
    """The JSON object of a bearable depth that a body is, or the array where ``arrays`` allows one; quick, for the door of the alerts."""
    if body.count(b"{") + body.count(b"[") > DEPTH:
        _check_depth(body)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}.") from error
    if not isinstance(parsed, dict) and not (arrays and isinstance(parsed, list)):
        raise Malformed(f"The body is {type(parsed).__name__}; expected a JSON object at the top.")
    return parsed


def _check_depth(body: bytes) -> None:
    deepest = depth = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    if deepest > DEPTH:
        raise Malformed(f"The JSON is nested {deepest} deep; at most {DEPTH} is read.")


def _check_surrogates(body: bytes, parsed: Any) -> None:
    """A lone surrogate can stand in JSON only as an escape, and no database takes it."""
    if b"\\u" in body and b"\\ud" in body.lower():
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands in one object twice")
    return parsed
