"""Clocks as they begin, move and are put off: never in the past, none lost (J3, J6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clocks import Plan, Running, due_from, moments, put_off, replan, step_due, step_due_anew
from bot.domain.severity import RESPONSE, WRITE_UP, ClockName, ClockRule, EscalationStep, Severity
from bot.domain.timers import Promise, TimerKind
from tests.house import NOON

MINUTES = st.integers(1, 120).map(lambda count: timedelta(minutes=count))
RULES = st.builds(lambda breach, part: ClockRule(breach=breach, warn=breach * part / 10), MINUTES, st.integers(1, 9))
CLOCKS = st.dictionaries(st.sampled_from(ClockName), RULES, max_size=6)


def severity(clocks: dict[ClockName, ClockRule], rank: int = 0) -> Severity:
    return Severity(label=f"S{rank}", rank=rank, clocks=clocks)


def promise(clock: ClockName = ClockName.UPDATE, due: float = 30, missed: bool = False, extended: bool = False) -> Promise:
    """A promise that began at noon and is due so many minutes after."""
    due_at = NOON + timedelta(minutes=due)
    extended_at = NOON if extended else None
    return Promise("p", "i", clock, 1, NOON, due_at, None, due_at if missed else None, None, extended_at)


def running(one: Promise, *, warned: bool = False) -> Running:
    if one.missed_at is not None:
        return Running(one, {TimerKind.CHASE: one.due_at + timedelta(minutes=30)})
    return Running(one, {TimerKind.BREACH: one.due_at} | ({} if warned else {TimerKind.WARN: one.due_at - timedelta(minutes=6)}))


RUNNING = st.builds(
    lambda clocks, due, missed, warned: [running(promise(clock, due, missed), warned=warned) for clock in clocks],
    st.lists(st.sampled_from(ClockName), unique=True, max_size=6),
    st.integers(1, 120),
    st.booleans(),
    st.booleans(),
)


def planned(plan: Plan) -> dict[ClockName, set[TimerKind]]:
    found = {move.promise.clock: set(move.timers) for move in plan.moves}
    return found | {start.clock: set(start.timers) for start in plan.starts}


@given(CLOCKS, RUNNING, st.sets(st.sampled_from(RESPONSE)), st.integers(0, 180), st.booleans())
def test_a_change_of_severity_arms_nothing_in_the_past_and_loses_no_clock(
    clocks: dict[ClockName, ClockRule], before: list[Running], owed: set[ClockName], minute: int, raised: bool
) -> None:
    now = NOON + timedelta(minutes=minute)
    plan = replan(severity(clocks), before, owed, now, raised=raised)
    armed = [change.timers for change in plan.moves] + [change.timers for change in plan.starts]
    assert all(at >= now for found in armed for at in found.values())
    ran = {one.promise.clock: one for one in before}
    moved = planned(plan)
    for clock in set(clocks) - set(WRITE_UP):
        left = moved.get(clock, set(ran[clock].armed) if clock in ran else set())
        assert clock not in owed | set(ran) or left & {TimerKind.BREACH, TimerKind.CHASE}, "it breaks, or is chased, some time"
    gone = {one.clock for one in plan.withdrawn}
    assert gone == {clock for clock in ran if clock not in clocks and clock not in WRITE_UP}
    assert not (set(moved) | gone) & set(WRITE_UP), "what is written after the end is counted from the end"


@given(RULES, st.integers(1, 120), st.integers(0, 180))
def test_raising_gives_no_more_time_than_there_was_and_no_more_than_the_new_rule(rule: ClockRule, due: int, minute: int) -> None:
    now = NOON + timedelta(minutes=minute)
    before = promise(due=due)
    (move,) = replan(severity({ClockName.UPDATE: rule}), [Running(before, {})], (), now, raised=True).moves
    assert move.due_at == min(before.due_at, now + rule.breach)


@given(RULES, st.booleans(), st.integers(1, 120), st.integers(0, 180))
def test_lowering_counts_from_the_old_beginning_where_that_lies_ahead(rule: ClockRule, missed: bool, due: int, minute: int) -> None:
    now = NOON + timedelta(minutes=minute)
    before = promise(due=due, missed=missed)
    (move,) = replan(severity({ClockName.UPDATE: rule}), [Running(before, {})], (), now, raised=False).moves
    ahead = NOON + rule.breach > now
    assert move.due_at == (NOON + rule.breach if ahead else now + rule.breach)
    assert move.anew is missed, "what was missed stays so, and is owed once more"


def test_a_missed_promise_stays_missed_when_the_severity_rises_and_is_chased_sooner() -> None:
    now = NOON + timedelta(minutes=40)
    before = running(promise(due=30, missed=True))
    rule = ClockRule(breach=timedelta(minutes=15), warn=timedelta(minutes=12))
    (move,) = replan(severity({ClockName.UPDATE: rule}), [before], (), now, raised=True).moves
    assert (move.due_at, move.anew) == (before.promise.due_at, False)
    assert move.timers == {TimerKind.CHASE: now + timedelta(minutes=15)}


def test_what_was_put_off_is_not_taken_back_by_a_lower_severity() -> None:
    before = running(promise(due=60, extended=True))
    rule = ClockRule(breach=timedelta(minutes=30), warn=timedelta(minutes=20))
    (move,) = replan(severity({ClockName.UPDATE: rule}), [before], (), NOON, raised=False).moves
    assert move.due_at == NOON + timedelta(minutes=60)


def test_a_severity_with_the_same_rule_moves_nothing() -> None:
    rule = ClockRule(breach=timedelta(minutes=30), warn=timedelta(minutes=24))
    plan = replan(severity({ClockName.UPDATE: rule}), [running(promise())], (), NOON + timedelta(minutes=5), raised=True)
    assert plan == Plan()


@given(RULES, st.integers(-60, 60), st.booleans())
def test_a_promise_is_warned_of_before_it_is_due_and_not_again_at_once(rule: ClockRule, minute: int, warned: bool) -> None:
    due_at = NOON + timedelta(minutes=minute)
    found = moments(rule, due_at, NOON, warned=warned)
    assert found[TimerKind.BREACH] == max(due_at, NOON)
    assert found.get(TimerKind.WARN, found[TimerKind.BREACH]) <= found[TimerKind.BREACH]
    assert (TimerKind.WARN in found) is (not warned or due_at - (rule.breach - rule.warn) > NOON)


@given(RULES, st.integers(1, 120), MINUTES, st.integers(0, 119))
def test_putting_off_adds_to_the_due_time(rule: ClockRule, due: int, by: timedelta, minute: int) -> None:
    one = running(promise(due=due))
    move = put_off(rule, one, by, NOON + timedelta(minutes=minute))
    assert move.due_at == one.promise.due_at + by
    assert all(at >= NOON + timedelta(minutes=minute) for at in move.timers.values())


@given(RULES, st.integers(0, 500))
def test_a_clock_of_the_past_counts_from_now(rule: ClockRule, minute: int) -> None:
    now = NOON + timedelta(minutes=minute)
    assert due_from(rule, NOON, now) > now


@pytest.mark.parametrize(
    ("minute", "raised", "due"),
    [(0, True, 60), (50, True, 110), (50, False, 60), (60, False, 120), (90, False, 150)],
)
def test_a_step_of_another_severity_has_its_time_from_a_raise_or_from_the_opening(minute: int, raised: bool, due: int) -> None:
    step = EscalationStep(after=timedelta(hours=1), who=("ana",))
    at = step_due_anew(step, NOON, NOON + timedelta(minutes=minute), raised=raised)
    assert at == NOON + timedelta(minutes=due)


@pytest.mark.parametrize(("minute", "due"), [(0, 60), (59, 60), (75, 75)])
def test_a_step_counts_from_the_opening_and_is_due_at_once_when_that_is_past(minute: int, due: int) -> None:
    step = EscalationStep(after=timedelta(hours=1), who=("ana",))
    assert step_due(step, NOON, NOON + timedelta(minutes=minute)) == NOON + timedelta(minutes=due)
