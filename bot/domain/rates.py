"""Rates: how many alerts came in a minute, and how many are too many against the recent past (G5, J13).

No number here is tuned to a monitor. The minutes of the past hour are the measure: their median, and how far they usually lie from it
(the median of the distances), which a few odd minutes cannot move. A floor keeps quiet sources from spiking at three alerts, and a source
that was met only lately is not judged at all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

MINUTE = timedelta(minutes=1)
PAST = 60
"""The minutes that are the measure."""
WARM_UP = 15
"""The least number of minutes that a source has to be known for."""
FLOOR = 20
"""Fewer alerts in a minute are never a spike."""
QUIET = 5
"""A spike is over when so many minutes on end were below its level."""
_TIMES = 3
_DISTANCES = 6
_TO_DEVIATION = 1.4826
"""What the median distance is multiplied with to be a standard deviation, where minutes are spread as chance spreads them."""
_NEXT_LOOK = 1.25


class Key(NamedTuple):
    """Whose alerts are counted: a fingerprint's, or all of a source's where there is none."""

    source: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Spike:
    """So many in one minute, where ``usual`` is usual; ``level`` is the count from which on it is a spike."""

    count: int
    usual: int
    level: int


def minute_of(moment: datetime) -> datetime:
    """The minute in which a moment lies."""
    return moment.replace(second=0, microsecond=0)


def minutes_before(minute: datetime, count: int) -> list[datetime]:
    """The ``count`` minutes before one, the earliest first."""
    return [minute - MINUTE * back for back in range(count, 0, -1)]


def level_of(past: Sequence[int]) -> int:
    """The count from which on a minute is a spike, after such minutes."""
    usual = median(past)
    distance = median(abs(count - usual) for count in past) * _TO_DEVIATION
    return math.ceil(max(FLOOR, _TIMES * usual, usual + _DISTANCES * distance))


def worth_a_look(before: int, after: int) -> bool:
    """Whether a minute's count has just reached the floor, or a step above it that is a quarter higher than the one before.

    So a minute is looked at a few times, however many alerts it brings, and nobody has to remember when it last was.
    """
    return after >= FLOOR and (before < FLOOR or _step(before) < _step(after))


def _step(count: int) -> int:
    return int(math.log(count / FLOOR, _NEXT_LOOK))


def is_known(since: datetime, minute: datetime) -> bool:
    """Whether a source is known for long enough in that minute to be judged."""
    return since + MINUTE * (WARM_UP + 1) <= minute


def find_spike(counts: Mapping[datetime, int], minute: datetime, known_since: datetime) -> Spike | None:
    """The spike that this minute so far, or the whole one before it, is against the hour before them; minutes without a count had none.

    None as well while the source is known for too short a time.
    """
    if not is_known(known_since, minute):
        return None
    past = [counts.get(at, 0) for at in minutes_before(minute - MINUTE, PAST) if at >= known_since]
    level, count = level_of(past), max(counts.get(minute, 0), counts.get(minute - MINUTE, 0))
    return Spike(count, round(median(past)), level) if count >= level else None


def is_over(counts: Mapping[datetime, int], minute: datetime, level: int) -> bool:
    """Whether the last QUIET whole minutes were below the level, or below what has become usual since."""
    lately = [counts.get(at, 0) for at in minutes_before(minute, QUIET)]
    past = [counts.get(at, 0) for at in minutes_before(minute - MINUTE * QUIET, PAST)]
    return max(lately) < max(level, level_of(past))


def tallied(
    seen: Iterable[tuple[str, str, datetime, int]], own: str, first_heard: Collection[tuple[str, str]] = ()
) -> dict[tuple[Key, datetime], int]:
    """How many alerts came by key and minute, from source, fingerprint, moment and times; in one order always, without our own.

    Those that are ``first_heard``, and only once, count for their source alone: most of a storm are alerts that never come again, and
    whoever does is given that first time with the second.
    """
    minutes = [(source, fingerprint, minute_of(at), times) for source, fingerprint, at, times in seen if source != own and times > 0]
    together: dict[tuple[str, str], int] = defaultdict(int)
    for source, fingerprint, _, times in minutes:
        together[source, fingerprint] += times
    alone = {name for name in first_heard if together.get(name) == 1}
    counted: dict[tuple[str, str, datetime], int] = defaultdict(int)
    for source, fingerprint, minute, times in minutes:
        counted[source, "", minute] += times
        if (source, fingerprint) not in alone:
            counted[source, fingerprint, minute] += times
    return {(Key(source, fingerprint), minute): counted[source, fingerprint, minute] for source, fingerprint, minute in sorted(counted)}
