"""The way through the chain."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation import Position, delay_at, first_position, levels_for, next_level, next_ring, parked, places_to_try
from bot.domain.policy import Level
from bot.domain.severity import Severity

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


HIGH, LOW = Severity(label="HIGH", rank=0, aliases=("sev1",)), Severity(label="LOW", rank=1)
MIXED = st.lists(
    st.builds(
        lambda repeat, severities: Level(who=("a",), delay=timedelta(minutes=2), repeat=repeat, severities=severities),
        st.integers(0, 2),
        st.sampled_from([(), ("HIGH",), ("SEV1",), ("LOW",)]),
    ),
    min_size=1,
    max_size=5,
)


@given(MIXED, st.sampled_from([HIGH, LOW]))
def test_a_round_rings_the_levels_of_the_severity_in_order_and_none_of_another(chain: list[Level], severity: Severity) -> None:
    wanted = [place for place, level in enumerate(chain, 1) if not level.severities or severity.label == _label(level.severities[0])]
    assert levels_for(chain, severity) == tuple(wanted)
    places = list(places_to_try(chain, first_position(owner_first=False), severity))
    assert [place.level for place in places] == wanted
    at, rung = next_level(chain, Position(1, 0, 1), severity), []
    while at.round == 1:
        rung.append((at.level, at.ring))
        at = next_ring(chain, at, severity)
    assert rung == [(place, ring) for place in wanted for ring in range(1, chain[place - 1].repeat + 2)]


def _label(word: str) -> str:
    return {"SEV1": "HIGH"}.get(word, word)


@given(MIXED, st.integers(0, 5), st.integers(1, 3), st.sampled_from([HIGH, LOW]))
def test_the_way_never_goes_back_when_the_severity_changes_on_it(chain: list[Level], level: int, ring: int, severity: Severity) -> None:
    at = Position(1, min(level, len(chain)), ring)
    assert next_ring(chain, at, severity) > at
    assert next_level(chain, at, severity) > at
