"""The parts of a policy that say which monitors may post, and what becomes of their alerts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_FROZEN = ConfigDict(frozen=True, extra="forbid")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
SecretReference = Annotated[str, Field(pattern=r"^env:[A-Z][A-Z0-9_]*$", description="env:NAME")]


class SourceKind(StrEnum):
    """What the bodies of a source look like."""

    ALERTMANAGER = "alertmanager"
    GENERIC = "generic"


class Carrier(StrEnum):
    """Where a source's secret is carried."""

    BEARER = "bearer"
    BASIC = "basic"
    HEADER = "header"
    PATH = "path"
    QUERY = "query"


class SourceRule(BaseModel):
    """A monitor that may post to ``/alerts/{name}``."""

    model_config = _FROZEN

    kind: SourceKind
    secret: SecretReference | None = None
    unsigned: bool = False
    carried_by: tuple[Carrier, ...] = (Carrier.BEARER, Carrier.BASIC)
    header: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    label: str = ""

    @model_validator(mode="after")
    def _can_be_checked(self) -> SourceRule:
        if (self.secret is None) != self.unsigned:
            raise ValueError("expected either secret: env:NAME or unsigned: true")
        if Carrier.HEADER in self.carried_by and self.header is None:
            raise ValueError("expected header: NAME beside carried_by: [header]")
        return self


class RouteAction(StrEnum):
    """What becomes of an alert that a route matches."""

    DECLARE = "declare"
    JOIN = "join"
    INBOX = "inbox"


class Route(BaseModel):
    """Which alerts, and what becomes of them; a glob matches the whole value."""

    model_config = _FROZEN

    name: str
    match: Mapping[str, Names] = Field(default_factory=dict)
    action: RouteAction
    severity: str | None = None
    by: Names = ()

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether every named label is there and one of its globs matches it."""
        return all(label in values and any(fnmatchcase(values[label], glob) for glob in globs) for label, globs in self.match.items())
