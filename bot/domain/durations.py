"""Spans of time as people write and read them: ``15m``, ``1h30m``, ``24h``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_SPAN = re.compile(r"^(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,5})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,7})s)?$")
_WORDS = (("h", 3600), ("min", 60), ("s", 1))


def parse_span(value: object) -> timedelta:
    """The span that ``15m``, ``1h30m`` or ``90s`` names, or a timedelta as it is; raises ValueError saying what is expected."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower().replace(" ", "")
    match = _SPAN.match(text)
    if match is None or not text or isinstance(value, (int, float)):
        raise ValueError(f"expected a span such as 15m, 1h30m or 24h, got {str(value)[:40]!r}")
    return sum((int(count) * _UNITS[unit] for unit, count in match.groupdict(default="0").items()), timedelta())


def _parts(span: timedelta, units: tuple[tuple[str, int], ...]) -> list[tuple[int, str]]:
    left, parts = int(span.total_seconds()), []
    for name, seconds in units:
        count, left = divmod(left, seconds)
        if count:
            parts.append((count, name))
    return parts


def format_short(span: timedelta) -> str:
    """The span as a policy writes it: ``1h30m``; ``parse_span`` reads it back."""
    parts = _parts(span, (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)))
    return "".join(f"{count}{unit}" for count, unit in parts) or "0s"


def format_span(span: timedelta) -> str:
    """The span as people read it: ``15 min``, ``1 h 30 min``, ``24 h``; whole seconds, never negative."""
    parts = _parts(max(span, timedelta()), _WORDS)
    return " ".join(f"{count} {unit}" for count, unit in parts[:2]) or "0 s"
