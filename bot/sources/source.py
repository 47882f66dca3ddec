"""Reading payloads, the same way for every monitor: missing and odd fields become a sentence that names their place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.errors import Malformed

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
TEXT_LIMIT = 4000
UNTITLED = "Untitled alert"


def text_of(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A scalar as text without NUL, cut to ``limit`` characters; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\x00", "").strip()[:limit]


def texts_of(value: Any, place: str) -> dict[str, str]:
    """A JSON object as names and texts; raises Malformed when it is something else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{place}: expected an object of names and values.")
    return {text_of(key, 200): text_of(item) for key, item in value.items()}


def list_of(value: Any, place: str) -> list[Any]:
    """A JSON array; raises Malformed when it is something else."""
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected an array.")
    return value


def object_of(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object; raises Malformed when it is something else."""
    if not isinstance(value, Mapping):
        raise Malformed(f"{place}: expected an object.")
    return value


def moment_of(value: Any, place: str) -> datetime | None:
    """An RFC 3339 moment as aware UTC; None when it is missing or out of this century; raises Malformed when it is no moment."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Malformed(f"{place}: expected a moment such as 2026-11-20T22:05:00Z.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Malformed(f"{place}: expected a moment such as 2026-11-20T22:05:00Z, got {value[:40]!r}.") from error
    if not _EARLIEST.year <= moment.year < _LATEST.year:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)


def link_of(value: Any) -> str | None:
    """An http or https link; None for anything else."""
    link = text_of(value, 2000)
    return link if link.startswith(("http://", "https://")) else None


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """What tells one alert from another when the monitor does not say: SHA-256 over the sorted labels."""
    joined = "\x1f".join(f"{name}={labels[name]}" for name in sorted(labels))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]
