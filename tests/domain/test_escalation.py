"""The way through the chain."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation import Position, delay_at, first_position, next_level, next_ring, parked, places_to_try
from bot.domain.policy import Level

CHAINS = st.lists(
    st.builds(lambda repeat: Level(who=("a",), delay=timedelta(minutes=2), repeat=repeat), st.integers(0, 3)), min_size=1, max_size=5
)


@given(CHAINS)
def test_every_level_is_rung_as_often_as_the_policy_says_and_then_it_begins_again(chain: list[Level]) -> None:
    at, rung = first_position(owner_first=False), []
    while at.round == 1:
        rung.append((at.level, at.ring))
        at = next_ring(chain, at)
    expected = [(place, ring) for place, level in enumerate(chain, 1) for ring in range(1, level.repeat + 2)]
    assert rung == expected
    assert at == Position(2, 1, 1)


@given(CHAINS, st.integers(0, 5), st.integers(1, 3))
def test_the_way_never_goes_back(chain: list[Level], level: int, ring: int) -> None:
    at = Position(1, min(level, len(chain)), ring)
    assert next_ring(chain, at) > at
    assert next_level(chain, at) > at


@given(CHAINS)
def test_each_level_is_tried_once_when_nobody_can_be_reached(chain: list[Level]) -> None:
    places = list(places_to_try(chain, Position(1, len(chain), 1)))
    assert sorted(place.level for place in places) == list(range(1, len(chain) + 1))


def test_an_empty_chain_has_only_the_owner_and_then_a_pause() -> None:
    assert list(places_to_try([], first_position(owner_first=True))) == [Position(1, 0, 1)]
    assert list(places_to_try([], first_position(owner_first=False))) == []
    assert next_level([], parked(2)) == Position(3, 1, 1)
    assert delay_at([], parked(1)) == timedelta(minutes=5)
