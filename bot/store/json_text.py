"""JSON as columns hold it: by orjson, which is several times quicker, and by the standard library where orjson refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson


def write(value: Any) -> str:
    """The value as JSON; half a surrogate pair, a number beyond 64 bits and a key that is no text are json's to write."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value)


def read(text: str) -> Any:
    """The value that ``write`` wrote."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
