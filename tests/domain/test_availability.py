"""Availability: the union of the downtimes within the window, to the second (S10, G11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.availability import Span, Turn, budget, counts, downtimes, lost, measure
from bot.domain.incidents import Incident
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.domain.writing import Objective
from tests.messages.rows import OPENED, after, incident, policy

MINUTE = timedelta(minutes=1)
HOUR = 60
UNTIL = after(HOUR)
API = Objective(title="API", target=99.9)


def resolved(**changes: Any) -> Incident:
    return incident(**{"status": Status.RESOLVED, "resolved_at": after(30), **changes})


def turn(kind: EntryKind, minutes: float, corrected_to: datetime | None = None) -> Turn:
    return Turn("i42", kind, after(minutes), corrected_to)


def minutes(spans: list[Span]) -> list[tuple[float, float]]:
    return [((span.began_at - OPENED) / MINUTE, (span.ended_at - OPENED) / MINUTE) for span in spans]


def test_the_trouble_lasts_from_its_start_to_the_resolution() -> None:
    found = downtimes(resolved(started_at=after(-5)), [turn(EntryKind.RESOLVED, 30)], UNTIL)
    assert minutes(found) == [(-5, 30)]


def test_trouble_that_goes_on_lasts_until_now() -> None:
    assert minutes(downtimes(incident(), [], UNTIL)) == [(0, 60)]


def test_between_a_resolution_and_the_return_it_was_up() -> None:
    turns = [turn(EntryKind.RESOLVED, 10), turn(EntryKind.REOPENED, 20), turn(EntryKind.RESOLVED, 30)]
    assert minutes(downtimes(resolved(), turns, UNTIL)) == [(0, 10), (20, 30)]


def test_a_corrected_end_counts_for_the_trouble_that_it_was_said_of() -> None:
    first, second = turn(EntryKind.RESOLVED, 10), turn(EntryKind.RESOLVED, 30)
    said = turn(EntryKind.TIME_CORRECTED, 12, after(4))
    assert minutes(downtimes(resolved(), [first, said], UNTIL)) == [(0, 4)]
    turns = [first, said, turn(EntryKind.REOPENED, 20), second]
    assert minutes(downtimes(resolved(), turns, UNTIL)) == [(0, 4), (20, 30)]
    again = [*turns, turn(EntryKind.TIME_CORRECTED, 40, after(25)), turn(EntryKind.TIME_CORRECTED, 41, after(6))]
    assert minutes(downtimes(resolved(), again, UNTIL)) == [(0, 6), (20, 25)]


def test_an_end_may_be_later_than_the_resolution_and_then_it_overlaps_no_return_twice() -> None:
    turns = [turn(EntryKind.RESOLVED, 10), turn(EntryKind.TIME_CORRECTED, 11, after(15)), turn(EntryKind.REOPENED, 12)]
    spans = downtimes(incident(), turns, UNTIL)
    assert minutes(spans) == [(0, 15), (12, 60)]
    assert lost(spans, OPENED, UNTIL) == HOUR * MINUTE


def test_a_start_that_was_corrected_beyond_the_end_takes_nothing() -> None:
    assert downtimes(resolved(started_at=after(50)), [turn(EntryKind.RESOLVED, 30)], UNTIL) == []


def test_the_budget_of_three_nines_over_four_weeks_is_forty_minutes() -> None:
    assert budget(API) == timedelta(minutes=40, seconds=19, milliseconds=200)


def test_what_overlaps_counts_once_and_each_incident_keeps_its_own_share() -> None:
    other = replace(resolved(), id="i43", number=43)
    found = measure(API, [(resolved(), [Span(OPENED, after(12))]), (other, [Span(after(10), after(30))])], UNTIL)
    assert found.down == 30 * MINUTE and found.met and found.left == timedelta(minutes=10, seconds=19, milliseconds=200)
    assert [(share.incident.number, share.took / MINUTE) for share in found.shares] == [(43, 20), (42, 12)]
    assert found.percent == pytest.approx(100 - 100 * 30 / (28 * 24 * 60))


def test_a_target_that_was_missed_says_by_how_much() -> None:
    found = measure(API, [(resolved(), [Span(OPENED, after(50))])], UNTIL)
    assert not found.met and found.left < timedelta()


def test_without_trouble_everything_was_there() -> None:
    found = measure(API, [], UNTIL)
    assert (found.percent, found.shares, found.left) == (100.0, (), budget(API))


def test_severities_count_by_label_or_alias_and_else_those_that_page() -> None:
    assert counts(policy(), API, incident(severity="P1"), pages=True)
    assert not counts(policy(), API, incident(severity="P0"), pages=False)
    named = API.model_copy(update={"severities": ("sev0",)})
    assert counts(policy(), named, incident(severity="P0"), pages=False)
    assert not counts(policy(), named, incident(severity="P1"), pages=True)
    assert counts(policy(), API.model_copy(update={"severities": ("SEV9",)}), incident(severity="SEV9"), pages=False)


def test_where_systems_are_named_an_incident_of_another_takes_nothing() -> None:
    named = API.model_copy(update={"systems": ("payments",)})
    assert counts(policy(), named, incident(system="payments"), pages=True)
    assert not counts(policy(), named, incident(system="uploads"), pages=True)
    assert not counts(policy(), named, incident(), pages=True)


SPANS = st.lists(st.tuples(st.integers(-200, 400), st.integers(-20, 200)), max_size=12)


@given(SPANS, st.integers(-100, 300), st.integers(1, 200))
def test_it_is_what_counting_minute_by_minute_gives(drawn: list[tuple[int, int]], since: int, length: int) -> None:
    spans = [Span(after(began), after(began + lasted)) for began, lasted in drawn]
    naive = sum(any(began <= minute < began + lasted for began, lasted in drawn) for minute in range(since, since + length))
    assert lost(spans, after(since), after(since + length)) == naive * MINUTE


@given(SPANS)
def test_the_share_of_the_window_lies_between_nothing_and_all(drawn: list[tuple[int, int]]) -> None:
    spans = [Span(after(began), after(began + lasted)) for began, lasted in drawn]
    found = measure(API.model_copy(update={"over": HOUR * MINUTE}), [(incident(), spans)], UNTIL)
    assert 0 <= found.percent <= 100
    assert found.left == budget(found.objective) - found.down
