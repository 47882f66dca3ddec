"""Availability as people read it: each objective with what is left of it, and what took the rest (S10, G11)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.availability import Availability, Share, budget
from bot.domain.durations import format_short, format_span
from bot.domain.writing import Objective

_DAY = timedelta(days=1)
_SHOWN = 10
NONE = "The policy names no objectives, so there is no availability to tell. Add them under `objectives`."


def share(found: Availability) -> float:
    """The availability in percent, rounded down to three digits, so that what was not all is never called all."""
    return math.floor(found.percent * 1000) / 1000


def window(objective: Objective) -> str:
    """The length of an objective's window: ``28 days``."""
    whole = objective.over % _DAY == timedelta() and objective.over > _DAY
    return f"{objective.over // _DAY} days" if whole else format_short(objective.over)


def name(taken: Share) -> str:
    """How an incident is named where everybody reads it: one that is private is not."""
    return "a private incident" if taken.incident.private else taken.incident.reference


def sentence(found: Availability) -> str:
    """One objective: ``API: 99.95 % in 28 days, target 99.9 %. …``."""
    objective, allowed = found.objective, format_span(budget(found.objective))
    head = f"{objective.title}: {share(found):g} % in {window(objective)}, target {objective.target:g} %."
    left = (
        f"{format_span(found.left)} left of {allowed}"
        if found.met
        else f"{format_span(-found.left)} more than the {allowed} that may be lost"
    )
    return f"{head} Down {format_span(found.down)}, {left}.{_shares(found.shares)}"


def _shares(shares: Sequence[Share]) -> str:
    if not shares:
        return ""
    named = [f"{name(one)} {format_span(one.took)}" for one in shares[:_SHOWN]]
    left = len(shares) - len(named)
    return f" By {', '.join([*named, *([f'{left} more'] if left > 0 else [])])}."


def text(found: Sequence[Availability]) -> str:
    """All objectives, a line each."""
    return "\n".join(sentence(one) for one in found) or NONE
