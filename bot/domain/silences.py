"""Silences and maintenance windows: alerts that are expected, and therefore call nobody while they last."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bot.domain.durations import parse_span
from bot.domain.matching import Matcher, matches
from bot.domain.windows import Window
from bot.errors import Malformed

LONGEST = timedelta(days=30)
SHORTEST = timedelta(minutes=1)
_NAMES_AT_MOST, _GLOBS_AT_MOST, _LONGEST_WORD = 20, 50, 200
"""What a silence may name: every alert is held against all of it."""
_PAIR = re.compile(r"^(?P<name>[A-Za-z_][\w.-]{0,99})=(?P<glob>\S{1,200})$")
_EXAMPLE = "for example `/incident silence 2h service=checkout the new gateway goes live`"


def _is_everything(match: Mapping[str, Sequence[str]]) -> bool:
    return all(any(set(glob) <= set("*?") for glob in globs) for globs in match.values())


class Maintenance(BaseModel):
    """A maintenance window of the policy: every week ``during`` a part of it, or once ``from`` a moment ``until`` another."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    name: str = Field(min_length=1, max_length=80, description="What it is")
    match: Matcher = Field(min_length=1, description="The alerts that are expected; anything but everything")
    author: str = Field(min_length=1, max_length=80, description="Who expects them")
    during: Window | None = Field(None, description="The part of every week in which they are")
    begins_at: AwareDatetime | None = Field(None, alias="from", description="When it begins, for once")
    ends_at: AwareDatetime | None = Field(None, alias="until", description="When it ends, for once")

    @model_validator(mode="after")
    def _has_an_end(self) -> Maintenance:
        once = self.begins_at is not None and self.ends_at is not None and self.begins_at < self.ends_at
        if (self.during is not None) == once or (self.begins_at is None) != (self.ends_at is None):
            raise ValueError("expected either during, or from and until with the earlier moment first")
        if _is_everything(self.match):
            raise ValueError("expected a match with at least one label whose value is not just *")
        return self

    def holds(self, now: datetime) -> bool:
        """Whether it holds at that moment."""
        if self.during is not None:
            return self.during.holds(now)
        assert self.begins_at is not None and self.ends_at is not None, "a window has an end"
        return self.begins_at <= now < self.ends_at

    def reason_for(self, values: Mapping[str, str], now: datetime) -> str | None:
        """Why an alert with those values calls nobody at that moment; None when it is not meant."""
        return f"maintenance “{self.name}” ({self.author})" if matches(self.match, values) and self.holds(now) else None


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that somebody expects until ``ends_at``; ``number`` is how people call it."""

    id: str
    number: int
    match: Mapping[str, Sequence[str]]
    starts_at: datetime
    ends_at: datetime
    author_id: str | None
    author: str
    comment: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    def live(self, now: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.ended_at is None and self.starts_at <= now < self.ends_at

    def reason_for(self, values: Mapping[str, str], now: datetime) -> str | None:
        """Why an alert with those values calls nobody at that moment; None when it is not meant."""
        match = {name: tuple(globs) for name, globs in self.match.items()}
        if not self.live(now) or not matches(match, values):
            return None
        return f"silence {self.number} of {self.author}: {self.comment}"


@dataclass(frozen=True, slots=True)
class Silences:
    """Everything that may hold an alert back now: what people said, and what the policy says."""

    said: tuple[Silence, ...] = ()
    planned: tuple[Maintenance, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.said or self.planned)

    def reason_for(self, values: Mapping[str, str], now: datetime) -> str | None:
        """Why an alert with those values calls nobody at that moment; None when it is to be taken as always."""
        said = (one.reason_for(values, now) for one in self.said)
        planned = (one.reason_for(values, now) for one in self.planned)
        return next((reason for reason in (*said, *planned) if reason is not None), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """A silence as somebody asks for it: for how long, for which alerts, and why."""

    span: timedelta
    match: Mapping[str, tuple[str, ...]]
    comment: str


def parse_wish(text: str) -> Wish:
    """``2h service=checkout,cart env=prod why`` as a wish; raises Malformed with what is missing."""
    first, _, rest = text.strip().partition(" ")
    try:
        span = parse_span(first)
    except ValueError as error:
        raise Malformed(f"Say for how long, which alerts and why, {_EXAMPLE}.") from error
    words = rest.split()
    pairs = [pair for word in words if (pair := _PAIR.match(word))]
    comment = " ".join(word for word in words if not _PAIR.match(word))
    match = {pair["name"]: tuple(filter(None, pair["glob"].split(","))) for pair in pairs}
    return checked(span, match, comment)


def checked(span: timedelta, match: Mapping[str, Any], comment: str) -> Wish:
    """The wish, when it can be granted; raises Malformed with what has to be said differently."""
    if not SHORTEST <= span <= LONGEST:
        raise Malformed(f"A silence lasts between a minute and {LONGEST.days} days.")
    if not match or not all(match.values()):
        raise Malformed(f"Name the alerts by their labels, {_EXAMPLE}. Globs are understood: `alertname=Disk*`.")
    if _is_everything(match):
        raise Malformed("That would silence everything. Name at least one label whose value is not just `*`.")
    if len(match) > _NAMES_AT_MOST or any(_is_too_much(name, globs) for name, globs in match.items()):
        raise Malformed(f"Name at most {_NAMES_AT_MOST} labels, each with at most {_GLOBS_AT_MOST} values of {_LONGEST_WORD} characters.")
    if not comment.strip():
        raise Malformed(f"Say why, so that the next person understands it, {_EXAMPLE}.")
    return Wish(span, {name: tuple(globs) for name, globs in match.items()}, comment.strip()[:500])


def _is_too_much(name: str, globs: Sequence[str]) -> bool:
    return len(globs) > _GLOBS_AT_MOST or max(map(len, (name, *globs))) > _LONGEST_WORD
