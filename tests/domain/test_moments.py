"""Moments as they are typed in a hurry, read in the policy's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moments import split_moment
from bot.errors import Malformed

NOW = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
PT = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("typed", "moment", "rest"),
    [
        ("14:05 deployed", "2026-11-20T22:05", "deployed"),
        ("9:00", "2026-11-20T17:00", ""),
        ("23:50 last night", "2026-11-20T07:50", "last night"),
        ("22:05 UTC deployed", "2026-11-20T22:05", "deployed"),
        ("22:05z deployed", "2026-11-20T22:05", "deployed"),
        ("yesterday 23:50 it began", "2026-11-20T07:50", "it began"),
        ("today 14:05 x", "2026-11-20T22:05", "x"),
        ("2026-11-18 08:00 started", "2026-11-18T16:00", "started"),
        ("2026-11-18T08:00 started", "2026-11-18T16:00", "started"),
        ("10m ago it began", "2026-11-20T22:20", "it began"),
        ("2 h ago", "2026-11-20T20:30", ""),
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_policy(typed: str, moment: str, rest: str) -> None:
    assert split_moment(typed, NOW, PT) == (datetime.fromisoformat(moment).replace(tzinfo=UTC), rest)


@pytest.mark.parametrize("typed", ["", "deployed", "25:00 x", "14:65", "2026-13-40 10:00", "14", "99999999999d ago"])
def test_what_is_no_moment_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(Malformed):
        split_moment(typed, NOW, PT)


@pytest.mark.parametrize("typed", ["2026-11-21 09:00", "today 23:00"])
def test_a_moment_to_come_is_refused(typed: str) -> None:
    with pytest.raises(Malformed, match="not come yet"):
        split_moment(typed, NOW, PT)


@given(st.timedeltas(timedelta(), timedelta(days=700)).map(lambda span: NOW + span), st.integers(0, 1439))
def test_a_bare_time_is_never_to_come_and_never_more_than_a_day_ago(now: datetime, minute: int) -> None:
    moment, _ = split_moment(f"{minute // 60:02}:{minute % 60:02}", now, PT)
    assert now - timedelta(hours=25) < moment <= now + timedelta(minutes=1)
