"""The phases of an organisation's own response, each within one of the four statuses (S5, G3)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.status import Status


class Phase(BaseModel):
    """A step of the response as the organisation calls it, such as Stabilize, and the status that it is shown as."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40, description="What the organisation calls it")
    status: Status = Field(description="The status that it is shown as")
    meaning: str = Field("", max_length=500, description="What is done in it")


def find_phase(phases: Sequence[Phase], word: str) -> Phase | None:
    """The phase of that name, whatever its case."""
    wanted = word.strip().casefold()
    return next((phase for phase in phases if phase.name.casefold() == wanted), None)


def phase_in(phases: Sequence[Phase], status: Status, current: str | None = None) -> Phase | None:
    """The phase that an incident is in when its status is that: the current one where it fits, else the first that does."""
    fitting = [phase for phase in phases if phase.status is status]
    return next((phase for phase in fitting if phase.name == current), fitting[0] if fitting else None)
