"""A channel rests before Slack has to say so: in no minute are there more posts than it takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.domain.pace import AT_ONCE, Pace

TAKEN_A_MINUTE = 60


def pass_as_often_as_it_may(pace: Pace, gate: str, until: float, every: Callable[[int], float]) -> list[float]:
    """When a gate was passed that always has somebody waiting, the next one ``every(n)`` seconds after the last."""
    at, passed = 0.0, list[float]()
    while at < until:
        passed.append(at)
        rest = pace.passed(gate, at)
        at += max(every(len(passed)), rest.total_seconds() if rest is not None else 0.0)
    return passed


@pytest.mark.parametrize("every", [lambda _: 0.01, lambda _: 0.5, lambda _: 1.0, lambda number: 3.0 if number % 7 == 0 else 0.02])
def test_no_minute_sees_more_posts_than_slack_takes(every: Callable[[int], float]) -> None:
    passed = pass_as_often_as_it_may(Pace(), "channel", 1200.0, every)
    assert len(passed) > 500
    assert max(len([other for other in passed if at <= other < at + 60]) for at in passed) <= TAKEN_A_MINUTE


def test_a_burst_of_a_few_posts_never_waits() -> None:
    pace = Pace()
    assert [pace.passed("channel", 0.0) for _ in range(AT_ONCE - 1)] == [None] * (AT_ONCE - 1)


def test_one_channel_that_rests_leaves_the_others_alone() -> None:
    pace = Pace()
    rests = [pace.passed("busy", 0.0) for _ in range(AT_ONCE)]
    assert rests[-1] is not None
    assert pace.passed("other", 0.0) is None


def test_a_backlog_goes_out_at_four_fifths_of_what_slack_takes() -> None:
    passed = pass_as_often_as_it_may(Pace(), "channel", 1200.0, lambda _: 0.02)
    assert len(passed) >= 0.8 * 1200
