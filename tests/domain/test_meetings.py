"""When the meeting about an incident is (O13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.meetings import coming_moment, latest_start
from bot.domain.windows import Window
from bot.domain.writing import MeetingRules
from bot.errors import Malformed
from tests.house import NOON

LA = "America/Los_Angeles"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "planned"),
    [
        ("2026-11-27 22:05", "2026-11-27 15:00"),
        ("2026-11-27 16:00", "2026-11-27 15:00"),
        ("2026-11-27 15:59", "2026-11-26 15:00"),
        ("2026-11-29 22:05", "2026-11-27 15:00"),
    ],
)
def test_the_meeting_is_the_last_one_on_a_working_day_that_is_over_when_it_is_due(due: str, planned: str) -> None:
    assert latest_start(MeetingRules(), at(due), NOON) == at(planned)


def test_without_a_working_day_in_between_it_ends_when_it_is_due_or_begins_at_once() -> None:
    rules = MeetingRules(during=Window(days=("mon",)))
    assert latest_start(rules, NOON + timedelta(hours=3), NOON) == NOON + timedelta(hours=2)
    assert latest_start(rules, NOON + timedelta(minutes=30), NOON) == NOON


@given(st.integers(1, 400), st.sampled_from(["UTC", LA, "Asia/Kolkata", "Pacific/Auckland"]))
def test_the_meeting_is_never_in_the_past_and_over_in_time_where_there_is_time(hours: int, zone: str) -> None:
    rules = MeetingRules(during=Window(zone=zone, days=("mon", "wed", "fri")))
    due_at = NOON + timedelta(hours=hours)
    planned = latest_start(rules, due_at, NOON)
    assert planned >= NOON
    assert planned + rules.lasts <= max(due_at, NOON + rules.lasts)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("15:00", "2026-11-20 23:00"),
        ("13:00", "2026-11-21 21:00"),
        ("15:00 UTC", "2026-11-21 15:00"),
        ("tomorrow 15:00", "2026-11-21 23:00"),
        ("thu 15:00", "2026-11-26 23:00"),
        ("Friday 15:00", "2026-11-27 23:00"),
        ("2026-12-01 9:30", "2026-12-01 17:30"),
        ("2026-12-01T09:30z", "2026-12-01 09:30"),
    ],
)
def test_a_moment_to_come_is_read_as_people_type_it(typed: str, moment: str) -> None:
    assert coming_moment(typed, NOON, LA) == at(moment)


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "someday 15:00", "2026-13-01 15:00", "15"])
def test_what_is_no_moment_is_answered_with_examples(typed: str) -> None:
    with pytest.raises(Malformed, match="tomorrow 15:00"):
        coming_moment(typed, NOON, LA)


def test_a_moment_that_is_past_is_refused() -> None:
    with pytest.raises(Malformed, match="is past"):
        coming_moment("2026-11-20 14:00", NOON, LA)


def test_a_moment_that_the_clocks_skip_is_refused_and_of_one_that_comes_twice_it_is_the_first() -> None:
    with pytest.raises(Malformed, match="clocks skip 02:30 on 2027-03-14"):
        coming_moment("2027-03-14 02:30", NOON, LA)
    assert coming_moment("2027-11-07 01:30", NOON, LA) == at("2027-11-07 08:30")


@pytest.mark.parametrize("text", ["9999-12-31 23:30 UTC", "2028-01-01 15:00"])
def test_a_meeting_in_another_age_is_a_slip_of_the_pen(text: str) -> None:
    with pytest.raises(Malformed, match="within a year"):
        coming_moment(text, NOON, LA)
