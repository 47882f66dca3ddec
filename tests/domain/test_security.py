"""Refused requests are counted without letting those who send them make us grow (W6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.security import KEPT, RefusalRules, Refusals, Suspect, Suspicion, from_address
from tests.house import NOON

RULES = RefusalRules(count=3, within=timedelta(minutes=5))
MALLORY = from_address("203.0.113.9")


def refused(refusals: Refusals, *minutes: float, suspect: Suspect = MALLORY) -> bool:
    """Whether there is something to tell after requests that many minutes after noon."""
    for after in minutes:
        refusals.count(suspect, NOON + timedelta(minutes=after), RULES)
    return suspect in refusals.waiting


def test_as_many_as_the_limit_within_the_span_are_told() -> None:
    refusals = Refusals()
    assert not refused(refusals, 0, 4)
    assert refused(refusals, 5)


def test_the_same_number_over_a_longer_time_is_not() -> None:
    assert not refused(Refusals(), 0, 3, 6, 9, 12, 15)


def test_who_goes_on_is_told_again_every_half_span_and_not_with_each_request() -> None:
    refusals = Refusals()
    assert refused(refusals, 0, 0, 0)
    refusals.told({MALLORY})
    assert not refused(refusals, 1, 2, 2.4)
    assert refused(refusals, 2.5)


def test_suspects_are_counted_apart() -> None:
    refusals = Refusals()
    other = Suspect(Suspicion.SIGNATURE, "prometheus")
    assert not refused(refusals, 0, 0)
    assert not refused(refusals, 0, 0, suspect=other)
    assert refused(refusals, 0) and other not in refusals.waiting


def test_nobody_can_make_the_memory_grow() -> None:
    refusals = Refusals()
    for number in range(KEPT * 3):
        refused(refusals, 0, 0, 0, 0, suspect=from_address(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))
    assert len(refusals) == KEPT
    assert len(refusals.waiting) <= KEPT


def test_who_was_refused_last_is_remembered_longest() -> None:
    refusals = Refusals()
    refused(refusals, 0, 0)
    for number in range(KEPT - 1):
        refused(refusals, 1, suspect=from_address(f"10.0.{number >> 8}.{number & 255}"))
    assert refused(refusals, 2)


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_address_stands_for_who_can_choose_it(peer: str | None, name: str) -> None:
    assert from_address(peer) == Suspect(Suspicion.ADDRESS, name)
