"""Reading payloads, the same way for every monitor: what is odd in a minor field is left out, never a reason to lose the alert."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.alert import Alert, AlertStatus
from bot.errors import Malformed

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
TEXT_LIMIT = 4000
TITLE_LIMIT = 200
UNTITLED = "Untitled alert"


def text_of(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A scalar as text without NUL and lone surrogates, cut to ``limit`` characters; JSON for lists and objects; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()[:limit]


def title_of(*candidates: Any) -> str:
    """The first candidate that says anything, on one line, at most 200 characters; ``Untitled alert`` when none does."""
    found = (" ".join(text_of(candidate).split()) for candidate in candidates)
    return next((title[:TITLE_LIMIT] for title in found if title), UNTITLED)


def at(value: Any, *path: str | int) -> Any:
    """What lies at a path of keys and places inside objects and arrays; None where anything on the way is missing or something else."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def texts_of(value: Any) -> dict[str, str]:
    """A JSON object as names and texts, without what is null; empty for anything else."""
    if not isinstance(value, Mapping):
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
    if not isinstance(value, Mapping):
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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value.strip().lstrip("-").replace(".", "", 1).isdecimal())


def _from_number(value: float) -> datetime:
    if not math.isfinite(value):
        raise ValueError("no moment")
    return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)


def link_of(value: Any) -> str | None:
    """An http or https link; None for anything else."""
    link = text_of(value, 2000)
    return link if link.startswith(("http://", "https://")) and not any(letter.isspace() for letter in link) else None


def status_of(value: Any, known: Mapping[str, AlertStatus], place: str) -> AlertStatus:
    """What an exact state word means, whatever its case; raises Malformed for a word that nobody documented."""
    status = known.get(text_of(value, 60).casefold())
    if status is None:
        raise Malformed(f"{place}: expected one of {', '.join(sorted(known))}, got {text_of(value, 40)!r}.")
    return status


def fingerprint_of(*parts: Any) -> str:
    """What tells one alert from another when the monitor has no name for it: SHA-256 over the parts, mappings by sorted name."""
    texts = (json.dumps(part, sort_keys=True, default=str) if isinstance(part, Mapping) else text_of(part) for part in parts)
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:32]


def unreadable(source: str, place: str, reason: str, raw: Any) -> Alert:
    """The alert that stands for a part of a body that could not be understood: it waits in the inbox with its raw words and the reason."""
    return Alert(
        source=source,
        fingerprint=fingerprint_of("unreadable", place, raw if isinstance(raw, Mapping) else {"raw": raw}),
        status=AlertStatus.FIRING,
        title=f"Unreadable alert from {source}",
        starts_at=None,
        annotations={"raw": text_of(raw), "place": place},
        unreadable=reason,
    )


def each(source: str, entries: Iterable[Any], place: str, read: Callable[[Mapping[str, Any], str], Alert]) -> Iterator[Alert]:
    """The alerts of the entries in order; an odd entry costs none of the others and becomes an unreadable one."""
    for number, entry in enumerate(entries):
        here = f"{place}[{number}]"
        try:
            yield read(object_of(entry, here), here)
        except Malformed as error:
            yield unreadable(source, here, str(error), entry)
