"""What the API takes, one model a request; the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.incidents import Road, Role
from bot.domain.severity import ClockName


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
    """The end, and what ended it.

    ``answers`` are by the policy's questions, or by their numbers; ``override`` is why it is resolved although it is not verified;
    ``major`` is said where the policy asks for it.
    """

    text: str | None = None
    answers: dict[str, str] = Field(default_factory=dict, max_length=50)
    override: str | None = Field(None, max_length=10_000)
    major: bool | None = None


class EnterPhase(_Request):
    """A phase of the policy, which the incident enters; its status follows."""

    phase: str = Field(min_length=1, max_length=40)


class Reopen(_Request):
    """The return, and why."""

    reason: str | None = None


class Extend(_Request):
    """More time for a promise, once: a span such as 15m, and why; the promise that is due next unless a clock is named."""

    by: str
    reason: str = Field(min_length=1, max_length=500)
    clock: ClockName | None = None


class WriteToTenants(_Request):
    """What the critical tenants are to read."""

    text: str = Field(min_length=1, max_length=10_000)


class LinkTicket(_Request):
    """The ticket under which it goes on."""

    link: str


class Report(_Request):
    """The preliminary report."""

    text: str = Field(min_length=1, max_length=10_000)


class Meet(_Request):
    """When the meeting is to be, such as tomorrow 15:00, or that it was held."""

    at: str | None = None
    held: bool = False


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


class Freeze(_Request):
    """The gate closed by hand, and why."""

    reason: str = Field(min_length=1, max_length=500)


class Thaw(_Request):
    """The end of the freeze."""


class TickStep(_Request):
    """A step of a runbook that was done, or with ``ticked: false`` was not; one of several runbooks is named by its key."""

    step: int = Field(ge=1, le=1000)
    runbook: str | None = Field(None, max_length=64)
    ticked: bool = True


class AddFollowUp(_Request):
    """What is to be done afterwards, and by whom: a key of the policy's people; else the incident's owner."""

    text: str = Field(min_length=1, max_length=1000)
    owner: str | None = None


class FollowUpDone(_Request):
    """A follow-up that is done, by its number in the incident."""

    number: int = Field(ge=1, le=1000)


class Postmortem(_Request):
    """A postmortem as somebody wrote it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    markdown: str


class SkipPostmortem(_Request):
    """A postmortem that is not to be written, and why; for tokens whose access is owner or hq."""

    reason: str = Field(min_length=1, max_length=500)
