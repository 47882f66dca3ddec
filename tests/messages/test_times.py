"""Times in every zone of the policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.policy import Zone
from bot.messages import times

from .rows import OPENED, ZONES, after

JST = Zone(zone="Asia/Tokyo", label="JST")


def test_a_moment_names_its_date_once_when_all_zones_share_it() -> None:
    assert times.moment(OPENED, ZONES) == "2026-11-20 14:05 PT / 22:05 UTC"


def test_a_moment_names_the_second_date_when_it_differs() -> None:
    assert times.moment(after(180), ZONES) == "2026-11-20 17:05 PT / 2026-11-21 01:05 UTC"


def test_a_third_zone_names_its_date_when_it_differs_from_the_one_before() -> None:
    assert times.moment(OPENED, (*ZONES, JST)) == "2026-11-20 14:05 PT / 22:05 UTC / 2026-11-21 07:05 JST"
    back = (ZONES[0], JST, ZONES[1])
    assert times.moment(OPENED, back) == "2026-11-20 14:05 PT / 2026-11-21 07:05 JST / 2026-11-20 22:05 UTC"


def test_daylight_saving_is_the_zones_own() -> None:
    assert times.clock_time(datetime(2026, 7, 1, 12, tzinfo=UTC), ZONES) == "05:00 PT / 12:00 UTC"
    assert times.clock_time(datetime(2026, 12, 1, 12, tzinfo=UTC), ZONES) == "04:00 PT / 12:00 UTC"


def test_the_ends_of_the_calendar_can_be_printed() -> None:
    assert times.moment(datetime.min.replace(tzinfo=UTC), ZONES).startswith("0001-01-01")
    assert times.moment(datetime.max.replace(tzinfo=UTC), (JST,)).startswith("9999-12-30")


def test_a_time_far_from_now_carries_its_date() -> None:
    assert times.near(after(15), OPENED, ZONES) == "14:20 PT / 22:20 UTC"
    assert times.near(OPENED + timedelta(hours=24), OPENED, ZONES) == "2026-11-21 14:05 PT / 22:05 UTC"


def test_a_time_under_its_date_keeps_the_other_zones_date() -> None:
    assert times.time_of_day(after(180), ZONES) == "17:05 PT / 2026-11-21 01:05 UTC"
    assert times.local_date(after(180), ZONES).isoformat() == "2026-11-20"
