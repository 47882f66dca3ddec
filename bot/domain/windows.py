"""Times of the week by a clock on the wall: when a route counts."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"expected an IANA zone such as America/Los_Angeles, got {value[:60]!r}") from error
    return value


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class Day(StrEnum):
    """A day of the week, as a policy writes it."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"

    @classmethod
    def _missing_(cls, value: object) -> Day | None:
        """A day as people also write it: ``Monday``, ``Tues``."""
        return next((day for day in cls if str(value).casefold()[:3] == day.value), None)


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Window(BaseModel):
    """A part of the week in a zone; one that ends before it begins goes on past midnight and belongs to the day it began on."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    zone: ZoneName = "UTC"
    days: Annotated[tuple[Day, ...], BeforeValidator(_one_or_many)] = Field(tuple(Day), min_length=1)
    begins: time = Field(time(), alias="from", description="HH:MM")
    ends: time = Field(time(), alias="to", description="HH:MM; 00:00 is the end of the day")

    def holds(self, moment: datetime) -> bool:
        """Whether the clocks of the zone are within it at that moment."""
        local = moment.astimezone(ZoneInfo(self.zone))
        now, days = local.time(), tuple(Day)
        today, yesterday = days[local.weekday()], days[(local - timedelta(days=1)).weekday()]
        if self.begins < self.ends:
            return today in self.days and self.begins <= now < self.ends
        return (today in self.days and now >= self.begins) or (yesterday in self.days and now < self.ends)
