"""Severities and clocks: code knows ranks and flags, never a label such as ``P0`` (J1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from bot.domain.durations import format_short, parse_span
from bot.domain.matching import Names

_WRITTEN = {"type": "string", "pattern": r"^\s*(\d+\s*[dhmsDHMS]\s*)+$", "examples": ["30s", "15m", "1h30m", "14d"]}
Span = Annotated[timedelta, BeforeValidator(parse_span), PlainSerializer(format_short, return_type=str), WithJsonSchema(_WRITTEN)]
WARN_AT = 0.8
"""The part of a clock after which its promise is warned."""


class ClockName(StrEnum):
    """The promises that are clocked (J6, O9, O11, O13, W8): first those of the response, then those of the write-up."""

    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    UPDATE = "update"
    RESOLVE = "resolve"
    COMMANDER = "commander"
    TECHNICAL_LEAD = "technical-lead"
    COMMUNICATIONS = "communications"
    TENANTS = "tenants"
    TICKET = "ticket"
    REPORT = "report"
    POSTMORTEM = "postmortem"
    MEETING = "meeting"


WRITE_UP = (ClockName.REPORT, ClockName.POSTMORTEM, ClockName.MEETING)
"""The clocks that begin with the resolution."""
RESPONSE = tuple(clock for clock in ClockName if clock not in WRITE_UP)
"""The clocks that begin with the opening."""


class Road(StrEnum):
    """How a person can be called."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    EMAIL = "email"


class ClockRule(BaseModel):
    """When a clock warns and when it is missed, counted from its start; ``tell`` is who hears of a miss besides the owner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    breach: Span = Field(description="When the promise is missed, counted from the start of the clock")
    warn: Span = Field(description="When it is warned of; 80 % of breach unless it is said")
    tell: Names = Field((), description="Who hears of a miss besides the owner, by direct message and mail; nobody is paged by it")

    @model_validator(mode="before")
    @classmethod
    def _from_span(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            value = {"breach": value}
        if "warn" in value or "breach" not in value:
            return value
        return {**value, "warn": parse_span(value["breach"]) * WARN_AT}

    @model_validator(mode="after")
    def _warns_first(self) -> ClockRule:
        if not timedelta() < self.warn < self.breach:
            raise ValueError("expected a warn that is shorter than its breach")
        return self


class Until(StrEnum):
    """What makes a step of an escalation needless."""

    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


_CLOCK_UNTIL = {Until.ACKNOWLEDGED: ClockName.ACKNOWLEDGE, Until.MITIGATED: ClockName.MITIGATE, Until.RESOLVED: ClockName.RESOLVE}


class EscalationStep(BaseModel):
    """Who is called when so long after the opening nobody has got so far (O7, O11)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Span = Field(description="How long after the opening")
    who: Names = Field(min_length=1, description="Who is paged then")
    until: Until = Field(Until.RESOLVED, description="What makes the step needless")


class Telling(BaseModel):
    """Who is told of an incident without being called: by mail, or by a direct message (S2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Names = Field(min_length=1, description="Who is told")
    by: tuple[Literal["email", "slack"], ...] = Field(("email",), min_length=1, description="By mail, by a direct message, or both")


class Severity(BaseModel):
    """One severity of a policy; rank 0 is the worst."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(pattern=r"^\S{1,40}$", description="What people type and read, such as P0")
    rank: int = Field(ge=0, le=99, description="0 is the worst; each severity has a rank of its own")
    aliases: tuple[str, ...] = Field((), description="Other words for it, such as those that monitors use")
    meaning: str = Field("", description="When an incident is of this severity, in a sentence")
    pages: bool = Field(False, description="Whether the chain is rung at once")
    clocks: Mapping[ClockName, ClockRule] = Field(default_factory=dict, description="Its promises; a span alone is the breach")
    roads: Mapping[ClockName, tuple[Road, ...]] = Field(
        default_factory=dict,
        description="By which roads people are paged, for each clock of the response; sms where the severity pages and says nothing",
    )
    escalate: tuple[EscalationStep, ...] = Field((), description="Who is paged besides the chain, step after step")
    tell: tuple[Telling, ...] = Field(
        (), description="Who is told when an incident of this severity is declared, or raised to it, without being paged"
    )
    major_only: bool = Field(False, description="The clocks of the write-up run only when a person calls the incident major")

    def clock_until(self, until: Until) -> ClockName:
        """The clock by whose roads a step of an escalation pages: what it waits for where that has roads, else the acknowledgement."""
        clock = _CLOCK_UNTIL[until]
        return clock if self.roads_for(clock) else ClockName.ACKNOWLEDGE

    @cached_property
    def words(self) -> frozenset[str]:
        """What it may be called by, in lower case: its label and its aliases."""
        return frozenset(name.casefold() for name in (self.label, *self.aliases))

    def roads_for(self, clock: ClockName) -> tuple[Road, ...]:
        """The roads by which the chain is rung for a clock; a severity that pages rings by SMS unless it says otherwise."""
        return self.roads.get(clock, (Road.SMS,) if self.pages else ())
