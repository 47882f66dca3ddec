"""Moments as people type them in a hurry: ``14:05``, ``yesterday 23:50``, ``2026-11-20 14:05``, ``10m ago``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.durations import parse_span
from bot.errors import Malformed

_CLOCK = r"(?P<clock>\d{1,2}:\d{2})(?P<utc>\s*(?:z|utc)\b)?"
_MOMENT = re.compile(rf"^(?:(?P<day>\d{{4}}-\d{{2}}-\d{{2}}|today|yesterday)[ t])?\s*{_CLOCK}(?=\s|$)\s*", re.IGNORECASE)
_AGO = re.compile(r"^(?P<span>\d{1,4}\s*[smhd])\s+ago\b\s*", re.IGNORECASE)
_HOW = "Begin with a time such as 14:05, yesterday 23:50, 2026-11-20 14:05, 14:05 UTC or 10m ago."
AHEAD = timedelta(minutes=1)
"""How far a typed moment may lie in the future: people's watches are not ours."""


def split_moment(text: str, now: datetime, zone: str) -> tuple[datetime, str]:
    """The moment that the text begins with, aware UTC, and the rest; a bare time is the latest such time in ``zone`` that is past.

    A time that DST skips or repeats is read as its first occurrence. Raises Malformed with examples.
    """
    words = text.strip()
    ago = _AGO.match(words)
    if ago is not None:
        return now - parse_span(ago["span"].replace(" ", "").lower()), words[ago.end() :].strip()
    match = _MOMENT.match(words)
    if match is None:
        raise Malformed(_HOW)
    moment = _moment(match["day"], match["clock"], now, "UTC" if match["utc"] else zone)
    if moment > now + AHEAD:
        raise Malformed("That time has not come yet. Name a time that is past.")
    return moment, words[match.end() :].strip()


def _moment(day: str | None, clock: str, now: datetime, zone: str) -> datetime:
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    try:
        hour, minute = clock.split(":")
        at = time(int(hour), int(minute))
        moment = datetime.combine(_day(day, today), at, local).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(_HOW) from error
    if day is None and moment > now + AHEAD:
        moment = datetime.combine(today - timedelta(days=1), at, local).astimezone(UTC)
    return moment


def _day(day: str | None, today: date) -> date:
    if day is None or day.lower() == "today":
        return today
    if day.lower() == "yesterday":
        return today - timedelta(days=1)
    return date.fromisoformat(day)
