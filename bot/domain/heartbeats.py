"""Heartbeats: what has to say again and again that it is alive, and when its silence is an alert (W5).

A heartbeat is *waiting* from the moment at which the policy first names it, *alive* once it was heard, and *silent* when it was not heard
in time: ``every`` and ``grace`` after it was last heard or, when it never was, after the policy came into force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.domain.routing import SecretReference
from bot.domain.severity import Span

_SHORTEST = timedelta(seconds=10)


class HeartbeatState(StrEnum):
    """Whether it was heard, and in time."""

    WAITING = "waiting"
    ALIVE = "alive"
    SILENT = "silent"


class HeartbeatRule(BaseModel):
    """How often a heartbeat has to be heard. One without a secret that is not unsigned is heard through a route alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Span = Field(description="How often it has to be heard, 10s or more")
    grace: Span = Field(timedelta(), description="How much later is in time still")
    severity: str | None = Field(None, description="The severity of its silence; default_severity unless it is said")
    title: str | None = Field(None, min_length=1, max_length=150, description="What its alert says")
    service: str | None = Field(None, min_length=1, max_length=200, description="The service of its alert")
    secret: SecretReference | None = Field(None, description="Where the secret of its address is in the environment")
    unsigned: bool = Field(False, description="Whether anybody may send it")

    @field_validator("every")
    @classmethod
    def _long_enough(cls, value: timedelta) -> timedelta:
        if value < _SHORTEST:
            raise ValueError("expected at least 10s between two heartbeats")
        return value

    @model_validator(mode="after")
    def _checked_one_way(self) -> HeartbeatRule:
        if self.secret is not None and self.unsigned:
            raise ValueError("expected either secret: env:NAME or unsigned: true")
        return self

    @property
    def outside(self) -> bool:
        """Whether it can be heard at an address, besides through a route."""
        return self.secret is not None or self.unsigned

    def due_after(self, heard_at: datetime) -> datetime:
        """When it is silent unless it is heard before."""
        return heard_at + self.every + self.grace


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A heartbeat as it stands; ``due_at`` is when it will be silent, None once it is."""

    name: str
    state: HeartbeatState
    added_at: datetime
    last_at: datetime | None
    due_at: datetime | None
    silent_since: datetime | None


def unheard(rules: Mapping[str, HeartbeatRule], routed: Collection[str]) -> list[str]:
    """The heartbeats that nobody can let be heard: they have no address, and no route beats them."""
    return [name for name, rule in rules.items() if not rule.outside and name not in routed]
