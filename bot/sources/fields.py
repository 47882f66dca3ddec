"""Reading payloads, the same way for every monitor: what is odd in a minor field is left out, never a reason to lose the alert."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.domain.alert import AlertStatus
from bot.errors import Malformed

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
TEXT_LIMIT = 4000
TITLE_LIMIT = 200
WORD_LIMIT = 60
KEY_LIMIT = 200
UNTITLED = "Untitled alert"


def text_of(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A scalar as text without NUL and lone surrogates, cut to ``limit`` characters; JSON for lists and objects; nothing for None."""
    if type(value) is str and value.isascii() and "\x00" not in value:
        return value.strip()[:limit]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        value = _written(value)
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()[:limit]


def _written(value: Any, *, sort_keys: bool = False) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=sort_keys, default=str)
    except RecursionError:
        return "(nested too deeply to be shown)"


def word_of(value: Any) -> str:
    """A state, level or kind as one word whose case says nothing."""
    return text_of(value, WORD_LIMIT).casefold()


def first_text(*candidates: Any) -> str:
    """The first candidate that says anything, as text; nothing when none does."""
    return next((text for text in map(text_of, candidates) if text), "")


def error_of(kind: Any, message: Any) -> str:
    """An error's signature, its type before its message; either alone when the other is missing."""
    return ": ".join(part for part in (text_of(kind, 200), text_of(message, 1000)) if part)


def title_of(*candidates: Any) -> str:
    """The first candidate that says anything, on one line, at most 200 characters; ``Untitled alert`` when none does."""
    for candidate in candidates:
        if title := " ".join(text_of(candidate).split()):
            return title[:TITLE_LIMIT]
    return UNTITLED


def at(value: Any, *path: str | int) -> Any:
    """What lies at a path of keys and places inside objects and arrays; None where anything on the way is missing or something else."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def texts_of(value: Any) -> dict[str, str]:
    """A JSON object as names and texts, without what is null; empty for anything else."""
    if not isinstance(value, dict):
        return {}
    return {text_of(key, 200): text_of(item) for key, item in value.items() if item is not None}


def filled(**values: Any) -> dict[str, str]:
    """Names and texts of what says anything; for labels and annotations."""
    texts = {name: text_of(value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text}


def list_of(value: Any, place: str) -> list[Any]:
    """A JSON array; raises Malformed when it is something else."""
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected an array.")
    return value


def object_of(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object; raises Malformed when it is something else."""
    if not isinstance(value, dict):
        raise Malformed(f"{place}: expected an object.")
    return value


def moment_of(value: Any) -> datetime | None:
    """A moment as aware UTC, from ISO 8601 or from Unix seconds or milliseconds; None for anything else and beyond this century."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        moment = _from_number(float(value)) if _is_number(value) else datetime.fromisoformat(text_of(value, 64))
        moment = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def stamp_of(value: Any) -> str:
    """A moment as ISO 8601 in UTC; nothing for what is no moment of this century."""
    moment = moment_of(value)
    return moment.isoformat() if moment else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value.strip().lstrip("-").replace(".", "", 1).isdecimal())


def _from_number(value: float) -> datetime:
    if not math.isfinite(value):
        raise ValueError("no moment")
    return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)


def link_of(value: Any) -> str | None:
    """An http or https link; None for anything else."""
    if not isinstance(value, str):
        return None
    link = text_of(value, 2000)
    return link if link.startswith(("http://", "https://")) and len(link.split()) == 1 else None


def address_of(value: Any) -> str:
    """An http or https address without user, password, query and fragment, where secrets stand; nothing for anything else."""
    parts = _web(value)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts else ""


def path_of(value: Any) -> str:
    """The path of an http or https address, without host, query and fragment; nothing for anything else."""
    parts = _web(value)
    return parts.path if parts else ""


def _web(value: Any) -> SplitResult | None:
    try:
        parts = urlsplit(text_of(value, 2000))
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def status_of(value: Any, known: Mapping[str, AlertStatus], place: str) -> AlertStatus:
    """What an exact state word means, whatever its case; raises Malformed for a word that nobody documented."""
    status = known.get(word_of(value))
    if status is None:
        raise Malformed(f"{place}: expected one of {', '.join(sorted(known))}, got {text_of(value, 40)!r}.")
    return status


def fingerprint_of(*parts: Any) -> str:
    """What tells one alert from another when the monitor has no name for it: SHA-256 over the parts, mappings by sorted name."""
    texts = (_written(part, sort_keys=True) if isinstance(part, Mapping) else text_of(part) for part in parts)
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def key_of(value: Any) -> str:
    """A monitor's own name for an alert as a fingerprint: itself, or its hash where it is longer than a fingerprint may be."""
    key = text_of(value)
    return key if len(key) <= KEY_LIMIT else fingerprint_of(key)
