"""What the API takes, one model a request; the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.incidents import Road, Role


class _Request(BaseModel):
    """What every request has in common: a NUL, which no text of ours may hold, is left out wherever it stands."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        return _bare(value)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {_bare(name): _bare(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value.replace("\x00", "") if isinstance(value, str) else value


class Declare(_Request):
    """A declaration."""

    title: str = Field(min_length=1, max_length=2000)
    severity: str | None = None
    impact: str | None = None
    private: bool = False


class Acknowledge(_Request):
    """An acknowledgement; ``via`` says by which road it came, when it was not the API itself."""

    via: Road = Road.API


class Update(_Request):
    """A status update."""

    text: str = Field(min_length=1, max_length=10_000)
    status: str | None = None
    impact: str | None = None


class ChangeSeverity(_Request):
    """Another severity and why."""

    severity: str
    reason: str | None = None


class AssignRole(_Request):
    """An incident role for a person of the policy."""

    role: Role
    person: str


class Page(_Request):
    """People to call out: keys or names of the policy, its groups, or levels of its chain."""

    who: list[str] = Field(min_length=1, max_length=20)


class Resolve(_Request):
    """The end, and what ended it."""

    text: str | None = None


class Reopen(_Request):
    """The return, and why."""

    reason: str | None = None


class Merge(_Request):
    """The incident that goes on, which the one in the address is merged into."""

    into: str


class Chosen(_Request):
    """Alerts, by their ids."""

    alerts: list[str] = Field(min_length=1, max_length=500)


class DeclareFrom(Chosen):
    """Alerts of the inbox that deserve an incident; its title and severity are theirs unless given."""

    title: str | None = Field(None, max_length=2000)
    severity: str | None = None


class Silence(_Request):
    """Alerts that are expected: labels and globs, a span such as 2h, and why."""

    match: dict[str, list[str]] = Field(min_length=1)
    span: str
    comment: str = Field(min_length=1, max_length=500)


class Retry(_Request):
    """Another try of a body that nobody understood."""


class EndSilence(_Request):
    """The end of a silence before its time."""


class Postmortem(_Request):
    """A postmortem as somebody wrote it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    markdown: str
