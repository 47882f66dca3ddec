"""Where a run through the chain goes next; levels, rings and rounds count from 1, level 0 is the incident's owner.

A level that is for other severities keeps its number and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.policy import Level
from bot.domain.severity import Severity

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


def levels_for(chain: Sequence[Level], severity: Severity | None) -> tuple[int, ...]:
    """The numbers of the levels that are rung for that severity; of all of them when none is given."""
    names = None if severity is None else {name.casefold() for name in (severity.label, *severity.aliases)}
    wanted = (
        names is None or not level.severities or not names.isdisjoint(word.casefold() for word in level.severities) for level in chain
    )
    return tuple(number for number, found in enumerate(wanted, start=1) if found)


def first_position(*, owner_first: bool) -> Position:
    """Where a run begins: with the owner after a broken promise, else with the first level."""
    return Position(1, OWNER_LEVEL if owner_first else 1, 1)


def next_ring(chain: Sequence[Level], at: Position, severity: Severity | None = None) -> Position:
    """The place after ``at``: the level's next ring, else the next level, else the first level of the next round."""
    if at.level in levels_for(chain, severity) and at.ring <= chain[at.level - 1].repeat:
        return Position(at.round, at.level, at.ring + 1)
    return next_level(chain, at, severity)


def next_level(chain: Sequence[Level], at: Position, severity: Severity | None = None) -> Position:
    """The place after the whole level of ``at``, however many rings it has left."""
    numbers = levels_for(chain, severity)
    later = next((number for number in numbers if number > at.level), None)
    if later is not None:
        return Position(at.round, later, 1)
    return Position(at.round + 1, next(iter(numbers), 1), 1)


def delay_at(chain: Sequence[Level], at: Position) -> timedelta:
    """How long a ring at ``at`` waits for an answer; the owner gets as long as the first level."""
    if not chain:
        return EMPTY_ROUND_DELAY
    return chain[max(at.level, 1) - 1].delay


def places_to_try(chain: Sequence[Level], at: Position, severity: Severity | None = None) -> Iterator[Position]:
    """``at`` and the levels after it, each level once: in one of them somebody has to be reachable."""
    place, numbers = at, levels_for(chain, severity)
    if place.level == OWNER_LEVEL:
        yield place
    if place.level not in numbers:
        place = next_level(chain, place, severity)
    for _ in numbers:
        yield place
        place = next_level(chain, place, severity)


def parked(round_: int) -> Position:
    """The place before the first level of a round, where a run waits when nobody could be reached."""
    return Position(round_, OWNER_LEVEL, 1)
