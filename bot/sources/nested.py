"""JSON that travels as a text inside a delivery, as a message of SNS or the ``payload`` of a form does: read within the same bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from bot.errors import Malformed

DEPTH = 64


def parse(text: str | bytes, place: str) -> Any:
    """The value that a text is; raises Malformed with the place when it is no JSON, or nested deeper than a body may be."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{place}: the JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}.") from error
    if _is_too_deep(value):
        raise Malformed(f"{place}: the JSON is nested deeper than {DEPTH}.")
    return value


def parsed(value: Any) -> Any:
    """The list or object that a text is; any other text, and anything else, unchanged."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return parse(value, "the text")
    except Malformed:
        return value


def _is_too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= DEPTH:
        level = [child for one in level for child in _children(one)]
        depth += 1
    return bool(level)


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
