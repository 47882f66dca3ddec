"""Where a run through the chain goes next; levels, rings and rounds count from 1, level 0 is the incident's owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.policy import Level

OWNER_LEVEL = 0
BY_HAND = -1
"""The place of pages that somebody asked for by hand: outside the chain, which does not go on from there."""
EMPTY_ROUND_DELAY = timedelta(minutes=5)
"""How long a chain in which nobody can be reached waits before it is tried again: people and numbers may change."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the chain: the ``ring``-th ring of ``level`` in ``round``."""

    round: int
    level: int
    ring: int


def first_position(*, owner_first: bool) -> Position:
    """Where a run begins: with the owner after a broken promise, else with the first level."""
    return Position(1, OWNER_LEVEL if owner_first else 1, 1)


def next_ring(chain: Sequence[Level], at: Position) -> Position:
    """The place after ``at``: the level's next ring, else the next level, else the first level of the next round."""
    if 1 <= at.level <= len(chain) and at.ring <= chain[at.level - 1].repeat:
        return Position(at.round, at.level, at.ring + 1)
    return next_level(chain, at)


def next_level(chain: Sequence[Level], at: Position) -> Position:
    """The place after the whole level of ``at``, however many rings it has left."""
    if at.level < len(chain):
        return Position(at.round, at.level + 1, 1)
    return Position(at.round + 1, 1, 1)


def delay_at(chain: Sequence[Level], at: Position) -> timedelta:
    """How long a ring at ``at`` waits for an answer; the owner gets as long as the first level."""
    if not chain:
        return EMPTY_ROUND_DELAY
    return chain[max(at.level, 1) - 1].delay


def places_to_try(chain: Sequence[Level], at: Position) -> Iterator[Position]:
    """``at`` and the levels after it, each level once: in one of them somebody has to be reachable."""
    place = at
    if place.level == OWNER_LEVEL:
        yield place
        place = next_level(chain, place)
    for _ in chain:
        yield place
        place = next_level(chain, place)


def parked(round_: int) -> Position:
    """The place before the first level of a round, where a run waits when nobody could be reached."""
    return Position(round_, OWNER_LEVEL, 1)
