"""Times as people read them, in every zone that the policy prints (J10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.policy import Zone

_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)
_FAR = timedelta(hours=12)


def _local(at: datetime, zone: Zone) -> datetime:
    return min(max(at, _EARLIEST), _LATEST).astimezone(ZoneInfo(zone.zone))


def local_date(at: datetime, zones: Sequence[Zone]) -> date:
    """The date in the first zone."""
    return _local(at, zones[0]).date()


def moment(at: datetime, zones: Sequence[Zone]) -> str:
    """``2026-11-20 14:05 PT / 22:05 UTC``; a date is printed again only where it differs (J10)."""
    parts: list[str] = []
    before: date | None = None
    for zone in zones:
        local = _local(at, zone)
        day = "" if local.date() == before else f"{local.date().isoformat()} "
        parts.append(f"{day}{local:%H:%M} {zone.label}")
        before = local.date()
    return " / ".join(parts)


def clock_time(at: datetime, zones: Sequence[Zone]) -> str:
    """``14:20 PT / 22:20 UTC`` (J10)."""
    return " / ".join(f"{_local(at, zone):%H:%M} {zone.label}" for zone in zones)


def time_of_day(at: datetime, zones: Sequence[Zone]) -> str:
    """As ``moment`` without the first zone's date, for a list that stands under that date."""
    return moment(at, zones).partition(" ")[2]


def near(at: datetime, now: datetime, zones: Sequence[Zone]) -> str:
    """The clock time, or the whole moment when it lies more than half a day from ``now``."""
    return clock_time(at, zones) if abs(at - now) <= _FAR else moment(at, zones)
