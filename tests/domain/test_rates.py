"""A spike is told from the recent past alone, whatever the monitor; nothing quiet spikes, and nothing odd in the past hides one."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rates import (
    FLOOR,
    MINUTE,
    PAST,
    QUIET,
    WARM_UP,
    Key,
    Spike,
    find_spike,
    is_over,
    level_of,
    minute_of,
    minutes_before,
    tallied,
    worth_a_look,
)
from tests.house import NOON

MINUTES = minutes_before(NOON, PAST + QUIET)
LONG_AGO = NOON - timedelta(days=3)


def past(*counts: int) -> dict[datetime, int]:
    """The counts again and again, for every minute before noon."""
    return {minute: counts[place % len(counts)] for place, minute in enumerate(MINUTES)}


def spike(count: int, *before: int, known_since: datetime = LONG_AGO) -> Spike | None:
    return find_spike({**past(*before), NOON: count}, NOON, known_since)


@pytest.mark.parametrize("count", [1, 3, FLOOR - 1])
def test_a_quiet_source_does_not_spike_at_a_few_alerts(count: int) -> None:
    assert spike(count, 0) is None


def test_silence_that_becomes_many_alerts_is_a_spike() -> None:
    assert spike(FLOOR, 0) == Spike(FLOOR, 0, FLOOR)


def test_a_busy_source_spikes_at_three_times_what_is_usual() -> None:
    assert spike(299, 100) is None
    assert spike(300, 100) == Spike(300, 100, 300)


def test_a_source_whose_minutes_differ_widely_needs_more_to_spike() -> None:
    assert level_of([10, 190] * 30) > level_of([100] * 60)
    assert spike(400, 10, 190) is None


def test_a_few_odd_minutes_in_the_past_hide_no_spike() -> None:
    odd = dict.fromkeys(MINUTES[-20:-2], 5000)
    assert find_spike({**past(2), **odd, NOON: 60}, NOON, LONG_AGO) is not None


def test_the_whole_minute_before_counts_too_when_the_new_one_has_only_begun() -> None:
    counts = {**past(2), MINUTES[-1]: 80, NOON: FLOOR}
    assert find_spike(counts, NOON, LONG_AGO) == Spike(80, 2, FLOOR)


def test_a_source_that_was_met_lately_is_not_judged() -> None:
    met = NOON - MINUTE * WARM_UP
    assert spike(1000, 0, known_since=met) is None
    assert spike(1000, 0, known_since=met - MINUTE) is not None


def test_minutes_before_a_source_was_known_are_not_held_for_silent_ones() -> None:
    counts = dict.fromkeys(MINUTES[-30:], 100) | {NOON: 120}
    assert find_spike(counts, NOON, MINUTES[-30]) is None


@given(st.lists(st.integers(0, 10_000), min_size=WARM_UP, max_size=PAST), st.integers(0, 10_000))
def test_no_spike_is_below_the_floor_or_what_is_usual(counts: list[int], now: int) -> None:
    level = level_of(counts)
    assert level >= FLOOR
    assert level >= sorted(counts)[len(counts) // 2 - (len(counts) % 2 == 0)]


def test_a_minute_is_looked_at_a_few_times_however_many_alerts_it_brings() -> None:
    looks = [count for count in range(1, 10_001) if worth_a_look(count - 1, count)]
    assert looks[0] == FLOOR
    assert len(looks) < 30
    assert all(later <= earlier * 1.3 + 1 for earlier, later in pairwise(looks))


def test_a_batch_that_jumps_over_steps_is_looked_at_once() -> None:
    assert worth_a_look(0, 10_000) and worth_a_look(FLOOR, 500)
    assert not worth_a_look(FLOOR, FLOOR + 1) and not worth_a_look(0, FLOOR - 1)


def test_a_spike_is_over_after_five_minutes_below_its_level() -> None:
    high = {**past(2), **dict.fromkeys(MINUTES[-5:], 90)}
    assert not is_over(high, NOON, 60)
    assert not is_over({**past(2), MINUTES[-5]: 90}, NOON, 60)
    assert is_over({**past(2), MINUTES[-6]: 90}, NOON, 60)


def test_a_rate_that_stays_high_becomes_the_usual_one() -> None:
    assert is_over(past(90), NOON, 60)


def test_counts_are_by_minute_fingerprint_and_source_and_leave_out_our_own() -> None:
    late = NOON + timedelta(seconds=59)
    counted = tallied([("sentry", "f2", late, 2), ("sentry", "f1", NOON, 1), ("sentry", "f1", late, 3), ("muster", "x", NOON, 9)], "muster")
    assert counted == {(Key("sentry"), NOON): 6, (Key("sentry", "f1"), NOON): 4, (Key("sentry", "f2"), NOON): 2}
    assert list(counted) == sorted(counted)


def test_what_is_heard_for_the_first_time_and_only_once_counts_for_its_source_alone() -> None:
    seen = [
        ("sentry", "new", NOON, 1),
        ("sentry", "twice", NOON, 1),
        ("sentry", "twice", NOON + timedelta(minutes=1), 1),
        ("sentry", "old", NOON, 1),
    ]
    counted = tallied(seen, "muster", {("sentry", "new"), ("sentry", "twice")})
    assert {(key.fingerprint, minute): times for (key, minute), times in counted.items()} == {
        ("", NOON): 3,
        ("", NOON + timedelta(minutes=1)): 1,
        ("old", NOON): 1,
        ("twice", NOON): 1,
        ("twice", NOON + timedelta(minutes=1)): 1,
    }


def test_a_minute_has_no_seconds() -> None:
    assert minute_of(NOON + timedelta(seconds=59, microseconds=9)) == NOON
