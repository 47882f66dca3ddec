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

    count: int = Field(
        2,
        ge=2,
        le=5,
        description="So many monitoring channels (metrics, errors, logs, synthetic, uptime) make it the worst severity, provisionally",
    )
    within: Span = Field(timedelta(minutes=10), description="Within that span")
    everywhere: bool = Field(
        False, description="Whether alerts of different channels come together whatever they are about, for who looks after one thing"
    )


class Flapping(BaseModel):
    """How many times within which span an alert has to change between firing and recovered to be held back."""

    model_config = _FROZEN

    changes: int = Field(4, ge=2, le=100, description="How often it fires or recovers")
    within: Span = Field(timedelta(minutes=15), description="Within that span")


class AtMost(BaseModel):
    """How many incidents of one severity alerts may open within which span; what comes beyond is folded into one."""

    model_config = _FROZEN

    incidents: int = Field(20, ge=1, le=1000, description="How many incidents of a severity or worse")
    within: Span = Field(timedelta(minutes=10), description="Within that span; what comes beyond is folded into one")


class Correlation(BaseModel):
    """What brings alerts together besides a route's own ``by``; a part that is null is switched off."""

    model_config = _FROZEN

    window: Span = Field(
        timedelta(minutes=30),
        description="Alerts that share one of the labels of by join the open incident that was heard of within it; 0s switches it off",
    )
    by: Combinations = Field(
        (("service",),),
        description="Labels, each of which is enough, or lists that count together; what is not production is kept apart",
    )
    channels: SeveralChannels | None = Field(
        SeveralChannels(), description="When several kinds of monitors make it worse; null switches it off"
    )
    reopen_within: Span = Field(
        timedelta(minutes=30), description="What comes back so soon after its incident was resolved opens it again; 0s switches it off"
    )
    flapping: Flapping | None = Field(
        Flapping(), description="What changes so often joins without a word, and opens nothing until it keeps firing; null switches it off"
    )
    at_most: AtMost | None = Field(AtMost(), description="How many incidents alerts may open; null switches it off")
