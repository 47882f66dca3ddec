"""The policy: what an organisation promises, whom it calls, and what it makes of alerts. One YAML file, read by policy_file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.domain.grouping import Correlation
from bot.domain.heartbeats import HeartbeatRule
from bot.domain.routing import Names, Route, SecretReference, SourceRule, System
from bot.domain.security import SecurityRules
from bot.domain.severity import Road, Severity, Span
from bot.domain.silences import Maintenance
from bot.domain.windows import ZoneName
from bot.errors import NotFound

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_COSTLY = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


class Access(StrEnum):
    """Access roles, the farthest reaching first."""

    OWNER = "owner"
    HQ = "hq"
    RESPONDER = "responder"
    VIEWER = "viewer"
    NONE = "none"

    @property
    def may_act(self) -> bool:
        """Whether it may change incidents."""
        return self in (Access.OWNER, Access.HQ, Access.RESPONDER)

    @property
    def may_read(self) -> bool:
        """Whether it may see incidents."""
        return self is not Access.NONE


class Zone(BaseModel):
    """A zone that times are printed in, and its label."""

    model_config = _FROZEN

    zone: ZoneName
    label: str = Field(min_length=1, max_length=12)


class RoadStep(BaseModel):
    """A road to a person, taken so long after their ring began: ``sms``, or ``{voice: 1m}``."""

    model_config = _FROZEN

    road: Road
    after: Span = timedelta()

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"road": value}
        if isinstance(value, Mapping) and len(value) == 1 and "road" not in value:
            road, after = next(iter(value.items()))
            return {"road": road, "after": after}
        return value


class Person(BaseModel):
    """Somebody who may be called; ``slack`` is a user id, ``phone`` E.164; ``roads`` in the order they are to be taken."""

    model_config = _FROZEN

    name: str = Field(min_length=1, max_length=80)
    slack: str | None = Field(None, pattern=r"^[UW][A-Z0-9]{2,30}$")
    phone: str | None = None
    email: str | None = Field(None, pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)
    roads: tuple[RoadStep, ...] = ()
    access: Access = Access.RESPONDER

    @model_validator(mode="after")
    def _has_addresses(self) -> Person:
        for step in self.roads:
            if (self.email if step.road is Road.EMAIL else self.phone) is None:
                wanted = "email" if step.road is Road.EMAIL else "phone"
                raise ValueError(f"expected {wanted} beside the road {step.road.value}")
        return self

    @property
    def reachable(self) -> bool:
        """Whether any road at all leads to them."""
        return self.phone is not None or self.email is not None

    @field_validator("phone")
    @classmethod
    def _callable(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            number = phonenumbers.parse(value, None)
        except phonenumbers.NumberParseException as error:
            raise ValueError(f"expected a number with its country such as +14155550111, got {value[:30]!r}") from error
        if not phonenumbers.is_possible_number(number) or phonenumbers.number_type(number) in _COSTLY:
            raise ValueError(f"expected a number that can be called at an ordinary price, got {value[:30]!r}")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Level(BaseModel):
    """One level of the chain: who is rung, how often, and how long each ring waits for an answer."""

    model_config = _FROZEN

    name: str = ""
    who: Names
    delay: Span
    repeat: int = Field(0, ge=0, le=10)
    roads: tuple[Road, ...] | None = None

    @field_validator("delay")
    @classmethod
    def _long_enough(cls, value: Any) -> Any:
        if value.total_seconds() < 10:
            raise ValueError("expected a delay of at least 10s: a person has to find the phone")
        return value


class AccessRules(BaseModel):
    """What a member of the workspace may do who is not among the people; ``guests`` are restricted members and other workspaces'."""

    model_config = _FROZEN

    default: Access = Access.RESPONDER
    guests: Access = Access.NONE


class Token(BaseModel):
    """A bearer token of the bot's own API."""

    model_config = _FROZEN

    name: str
    secret: SecretReference
    access: Access = Access.RESPONDER
    person: str | None = None


class PostmortemRules(BaseModel):
    """The sections that people fill."""

    model_config = _FROZEN

    sections: tuple[str, ...] = ()


class UnknownSeverity(NotFound):
    """No severity of the policy has that label."""


class Policy(BaseModel):
    """A whole policy; ``digest`` names its content."""

    model_config = _FROZEN

    version: int = Field(1, ge=1, le=1)
    name: str
    organisation: str = Field("default", pattern=r"^[a-z0-9-]{1,64}$")
    branch: str = Field("main", pattern=r"^[a-z0-9-]{1,64}$")
    zones: tuple[Zone, ...] = Field((Zone(zone="UTC", label="UTC"),), min_length=1, max_length=4)
    announce: str | None = None
    invite: Names = ()
    default_severity: str
    severities: tuple[Severity, ...] = Field(min_length=1)
    people: Mapping[str, Person] = Field(default_factory=dict)
    groups: Mapping[str, Names] = Field(default_factory=dict)
    chain: tuple[Level, ...] = ()
    access: AccessRules = AccessRules()
    tokens: tuple[Token, ...] = ()
    sources: Mapping[str, SourceRule] = Field(default_factory=dict)
    systems: Mapping[str, System] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    correlation: Correlation = Correlation()
    maintenance: tuple[Maintenance, ...] = ()
    heartbeats: Mapping[str, HeartbeatRule] = Field(default_factory=dict)
    security: SecurityRules = SecurityRules()
    postmortem: PostmortemRules = PostmortemRules()

    @field_validator("announce")
    @classmethod
    def _without_hash(cls, value: str | None) -> str | None:
        return value.removeprefix("#") if value else None

    @field_validator("severities")
    @classmethod
    def _by_rank(cls, value: tuple[Severity, ...]) -> tuple[Severity, ...]:
        return tuple(sorted(value, key=lambda severity: severity.rank))

    def find_severity(self, word: str) -> Severity | None:
        """The severity whose label or alias ``word`` is, whatever its case."""
        wanted = word.strip().casefold()
        return next(
            (severity for severity in self.severities if wanted in {name.casefold() for name in (severity.label, *severity.aliases)}),
            None,
        )

    def severity(self, label: str) -> Severity:
        """The severity of that label; raises UnknownSeverity with the choices."""
        found = self.find_severity(label)
        if found is None:
            choices = ", ".join(severity.label for severity in self.severities)
            raise UnknownSeverity(f"There is no severity {label[:40]!r}. Choose one of {choices}.")
        return found

    def members(self, who: Iterable[str]) -> tuple[str, ...]:
        """The keys of the people whom names of people and groups stand for, in order, each once."""
        keys: dict[str, None] = {}
        for name in who:
            keys.update(dict.fromkeys(self.groups.get(name, (name,))))
        return tuple(keys)

    def route_for(self, values: Mapping[str, str], at: datetime) -> Route | None:
        """The first route that matches the alert with those values (see correlation.values_of) at that moment."""
        return next((route for route in self.routes if route.matches(values, at)), None)

    def system_for(self, values: Mapping[str, str]) -> str | None:
        """The key of the first system, the critical ones before the others, that the alert with those values is about (S3)."""
        found = [key for key, system in self.systems.items() if system.matches(values)]
        return min(found, key=lambda key: not self.systems[key].critical, default=None)

    @property
    def worst(self) -> Severity:
        """The severity of the lowest rank."""
        return self.severities[0]

    def to_json(self) -> str:
        """The policy as canonical JSON; ``from_json`` reads it back."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """The policy that ``to_json`` wrote."""
        return cls.model_validate_json(text)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
