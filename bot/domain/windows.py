"""Times of the week by a clock on the wall: when a route counts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


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
    """A part of the week in a zone; one that ends before it begins goes on past midnight and belongs to the day it began on.

    ``first_day`` and ``last_day`` bound it, such as a launch: it begins on no day before the one and on none after the other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    zone: ZoneName = Field("UTC", description="The clock on whose wall it is that time")
    days: Annotated[tuple[Day, ...], BeforeValidator(_one_or_many)] = Field(
        tuple(Day), min_length=1, description="The days on which it begins"
    )
    begins: time = Field(time(), alias="from", description="When it begins; 00:00 is the beginning of the day")
    ends: time = Field(time(), alias="to", description="When it ends; 00:00 is the end of the day")
    first_day: date | None = Field(None, description="The first day on which it may begin, such as that of a launch")
    last_day: date | None = Field(None, description="The last day on which it may begin")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Window:
        if self.first_day is not None and self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("expected a last_day that is not before first_day")
        return self

    def holds(self, moment: datetime) -> bool:
        """Whether the clocks of the zone are within it at that moment."""
        local = moment.astimezone(ZoneInfo(self.zone))
        now, today = local.time(), local.date()
        if self.begins < self.ends:
            return self._may_begin_on(today) and self.begins <= now < self.ends
        return (self._may_begin_on(today) and now >= self.begins) or (self._may_begin_on(today - timedelta(days=1)) and now < self.ends)

    def _may_begin_on(self, day: date) -> bool:
        begun = self.first_day is None or day >= self.first_day
        over = self.last_day is not None and day > self.last_day
        return begun and not over and tuple(Day)[day.weekday()] in self.days
