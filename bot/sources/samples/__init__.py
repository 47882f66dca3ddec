"""A sample of what every monitor sends, for trying a source out: one alert that fires, and its recovery where the monitor says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import orjson

from bot.domain.routing import SourceKind

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as a monitor would make it; ``tail`` and ``query`` come behind the source's address. Not signed yet."""

    method: str
    tail: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content_type: str
    body: bytes


def load(kind: SourceKind, state: str, now: datetime, secret: str) -> Sample | None:
    """The sample of a kind in a state, ``firing`` or ``resolved``; None where such a monitor never says that.

    ``@now@``, ``@unix@``, ``@millis@`` and ``@secret@`` are filled in, and so are ``@today@`` (the start of the day, when the trouble of
    the sample began: the same in its recovery) and ``@later@`` (an hour ahead). A text that is nothing but ``@unix@`` or ``@millis@``
    becomes a number.
    """
    written = orjson.loads(files(__package__).joinpath(f"{kind.value}.json").read_bytes()).get(state)
    if written is None:
        return None
    sample = _fill(written, _values(now, secret))
    content_type = sample.get("content_type", "application/json")
    return Sample(
        method=sample.get("method", "POST"),
        tail=sample.get("tail", ""),
        query={name: str(value) for name, value in sample.get("query", {}).items()},
        headers={name: str(value) for name, value in sample.get("headers", {}).items()},
        content_type=content_type,
        body=_body(sample.get("body", ""), content_type),
    )


def _values(now: datetime, secret: str) -> dict[str, str | int]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "@now@": now.isoformat(),
        "@today@": day.isoformat(),
        "@later@": (now + timedelta(hours=1)).isoformat(),
        "@unix@": int(now.timestamp()),
        "@millis@": int(now.timestamp() * 1000),
        "@secret@": secret,
    }


def _fill(value: Any, values: Mapping[str, str | int]) -> Any:
    if isinstance(value, dict):
        return {name: _fill(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if not isinstance(value, str) or value in values:
        return values[value] if isinstance(value, str) else value
    for name, filled in values.items():
        value = value.replace(name, str(filled))
    return value


def _body(body: Any, content_type: str) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return urlencode(body).encode() if content_type.startswith(_FORM) else orjson.dumps(body)
