"""Severities and clocks: code knows ranks and flags, never a label such as ``P0`` (J1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from bot.domain.durations import format_short, parse_span

Span = Annotated[timedelta, BeforeValidator(parse_span), PlainSerializer(format_short, return_type=str)]
WARN_AT = 0.8
"""The part of a clock after which its promise is warned."""


class ClockName(StrEnum):
    """The promises that are clocked (J6)."""

    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    UPDATE = "update"
    POSTMORTEM = "postmortem"


class Road(StrEnum):
    """How a person can be called."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    EMAIL = "email"


class ClockRule(BaseModel):
    """When a clock warns and when it is missed, counted from its start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    breach: Span
    warn: Span

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


class Severity(BaseModel):
    """One severity of a policy; rank 0 is the worst."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(pattern=r"^\S{1,40}$", description="What people type and read, such as P0")
    rank: int = Field(ge=0, le=99)
    aliases: tuple[str, ...] = ()
    meaning: str = ""
    pages: bool = False
    clocks: Mapping[ClockName, ClockRule] = Field(default_factory=dict)
    roads: Mapping[ClockName, tuple[Road, ...]] = Field(default_factory=dict)
    postmortem: Span | None = None

    def roads_for(self, clock: ClockName) -> tuple[Road, ...]:
        """The roads by which the chain is rung for a clock; a severity that pages rings by SMS unless it says otherwise."""
        return self.roads.get(clock, (Road.SMS,) if self.pages else ())
