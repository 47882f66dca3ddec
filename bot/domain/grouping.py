"""The part of a policy that says which alerts are brought together into one incident, and what holds a storm back (J3, J13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.severity import Span

_FROZEN = ConfigDict(frozen=True, extra="forbid")


def _combinations(value: Any) -> Any:
    """``service`` and ``[service, [cluster, namespace]]`` alike as tuples of labels that count together."""
    listed = [value] if isinstance(value, str) else value
    return [[one] if isinstance(one, str) else one for one in listed] if isinstance(listed, list | tuple) else listed


Combinations = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_combinations)]


class SeveralChannels(BaseModel):
    """How many monitoring channels within which span make it the worst severity; ``everywhere`` counts them whatever they are about."""

    model_config = _FROZEN

    count: int = Field(2, ge=2, le=5)
    within: Span = timedelta(minutes=10)
    everywhere: bool = False


class Flapping(BaseModel):
    """How many times within which span an alert has to change between firing and recovered to be held back."""

    model_config = _FROZEN

    changes: int = Field(4, ge=2, le=100)
    within: Span = timedelta(minutes=15)


class AtMost(BaseModel):
    """How many incidents of one severity alerts may open within which span; what comes beyond is folded into one."""

    model_config = _FROZEN

    incidents: int = Field(20, ge=1, le=1000)
    within: Span = timedelta(minutes=10)


class Correlation(BaseModel):
    """What brings alerts together besides a route's own ``by``; a part that is null is switched off."""

    model_config = _FROZEN

    window: Span = timedelta(minutes=30)
    by: Combinations = (("service",),)
    channels: SeveralChannels | None = SeveralChannels()
    reopen_within: Span = timedelta(minutes=30)
    flapping: Flapping | None = Flapping()
    at_most: AtMost | None = AtMost()
