"""What is written after an incident: the sections of the postmortem, the meeting about it, and what the promises of uptime come to."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.incidents import Role
from bot.domain.matching import Names
from bot.domain.severity import Span
from bot.domain.windows import Window

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Section(BaseModel):
    """A section that people fill; ``hint`` says what belongs into it."""

    model_config = _FROZEN

    title: str = Field(min_length=1, max_length=80, description="Its heading")
    hint: str = Field("", max_length=500, description="What belongs into it")


def _as_sections(value: Any) -> Any:
    return tuple({"title": one} if isinstance(one, str) else one for one in value) if isinstance(value, list | tuple) else value


Sections = Annotated[tuple[Section, ...], BeforeValidator(_as_sections)]


class PostmortemRules(BaseModel):
    """The sections that people fill, those of the preliminary report, and whose task it is (J15, O13, S8, W10)."""

    model_config = _FROZEN

    sections: Sections = Field((), description="The sections that people fill; a text alone is the title")
    report: Sections = Field((), description="The sections of the preliminary report")
    by: Role = Field(Role.OWNER, description="The incident role whose task it is")


class MeetingRules(BaseModel):
    """The meeting about a postmortem: who is invited besides those who responded, when it is held unless somebody moves it (O13)."""

    model_config = _FROZEN

    title: str = Field("Blameless postmortem", min_length=1, max_length=80, description="What the invitation is called")
    who: Names = Field((), description="Who is invited besides those who responded")
    at: time = Field(time(15), description="When it begins, by the clock of during's zone")
    lasts: Span = Field(timedelta(hours=1), description="How long it takes")
    during: Window = Field(Window(days=("mon", "tue", "wed", "thu", "fri")), description="The days and hours in which it may lie")


class Objective(BaseModel):
    """A share of the time, in percent, that incidents may not take away (S10, G11).

    Incidents of ``severities`` count, of those that page when none is named; where ``systems`` are named, those filed under one of them.
    """

    model_config = _FROZEN

    title: str = Field(min_length=1, max_length=80, description="What people read")
    target: float = Field(ge=1, lt=100, description="The share of the time, in percent")
    over: Span = Field(timedelta(days=28), description="The span that is looked at")
    severities: Names = Field((), description="The severities whose incidents count; those that page when none is named")
    systems: Names = Field((), description="The systems whose incidents count; every incident's when none is named")
