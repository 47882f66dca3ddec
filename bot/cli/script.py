"""The scripts of the stories: what people and monitors do, step after step, as data beside the policies."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator
from ruamel.yaml import YAML

from bot.domain.severity import ClockName, Span

_FROZEN = ConfigDict(frozen=True, extra="forbid")
Who = Literal["tim", "ana", "ben"]
FALLBACK = "default"


class Heard(BaseModel):
    """What a monitor posts; of the source ``prometheus`` an Alertmanager's body, else a JSON object with the title and the labels."""

    model_config = _FROZEN

    source: str
    title: str
    state: Literal["firing", "resolved"] = "firing"
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class Typed(BaseModel):
    """A slash command somebody types in the incident's channel, without ``/incident``."""

    model_config = _FROZEN

    who: Who
    text: str


class Ending(BaseModel):
    """The form that resolves, opened from the card and filled in by the labels of its fields."""

    model_config = _FROZEN

    who: Who
    fields: Mapping[str, str]


class Overdue(BaseModel):
    """A wait until the promise of a clock is due, and so long after."""

    model_config = _FROZEN

    clock: ClockName
    by: Span


class Step(BaseModel):
    """One step; exactly one of its fields is given. ``rings``: somebody's phone has a text; ``see``: words stand in the channel."""

    model_config = _FROZEN

    chapter: str | None = None
    alert: Heard | None = None
    wait: Span | None = None
    overdue: Overdue | None = None
    rings: Who | None = None
    answer: Who | None = None
    type: Typed | None = None
    resolve: Ending | None = None
    see: str | None = None
    mail: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Step:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"expected exactly one of {', '.join(type(self).model_fields)}")
        return self


class Script(BaseModel):
    """A whole story."""

    model_config = _FROZEN

    steps: tuple[Step, ...]


def load_script(policy_name: str) -> Script:
    """The story of a shipped policy; of any other one the story that every policy can tell."""
    folder = files("bot.policies") / "stories"
    own = folder / f"{policy_name}.yml"
    path = own if "/" not in policy_name and own.is_file() else folder / f"{FALLBACK}.yml"
    return Script.model_validate(YAML(typ="safe", pure=True).load(io.StringIO(path.read_text(encoding="utf-8"))))
