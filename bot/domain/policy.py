"""The policy: what an organisation promises, whom it calls, and what it makes of alerts. One YAML file, read by policy_file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.domain.access import Access, AccessRules, Token
from bot.domain.closing import CheckRule, VerificationRules
from bot.domain.gate import GateRules
from bot.domain.grouping import Correlation
from bot.domain.heartbeats import HeartbeatRule
from bot.domain.incidents import Role
from bot.domain.matching import Names, remembering
from bot.domain.phases import Phase
from bot.domain.routing import Route, SourceRule, System
from bot.domain.runbooks import Runbook
from bot.domain.security import SecurityRules
from bot.domain.severity import Road, Severity, Span
from bot.domain.silences import Maintenance
from bot.domain.tenants import Address, Tenant
from bot.domain.windows import Window, ZoneName
from bot.domain.writing import MeetingRules, Objective, PostmortemRules
from bot.errors import NotFound

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_COSTLY = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


class Zone(BaseModel):
    """A zone that times are printed in, and its label."""

    model_config = _FROZEN

    zone: ZoneName = Field(description="The zone")
    label: str = Field(min_length=1, max_length=12, description="What stands behind a time")


class RoadStep(BaseModel):
    """A road to a person, taken so long after their ring began: ``sms``, or ``{voice: 1m}``."""

    model_config = _FROZEN

    road: Road = Field(description="The road")
    after: Span = Field(timedelta(), description="How long after the ring began")

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

    name: str = Field(min_length=1, max_length=80, description="What people read")
    slack: str | None = Field(None, pattern=r"^[UW][A-Z0-9]{2,30}$", description="Their user id in Slack, such as U012ABCDEF")
    phone: str | None = Field(None, description="Their number with its country, such as +14155550102; nobody else's")
    email: str | None = Field(None, pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254, description="Their mail address")
    roads: tuple[RoadStep, ...] = Field(
        (), description="The roads that they wish for, with their delays; every road of the severity at once when none is named"
    )
    access: Access = Field(Access.RESPONDER, description="What they may do")

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

    name: str = Field("", description="What people read")
    who: Names = Field(description="Who is rung")
    delay: Span = Field(description="How long a ring waits for an answer, 10s or more")
    repeat: int = Field(0, ge=0, le=10, description="How often the level is rung again before the next one")
    roads: tuple[Road, ...] | None = Field(
        None, description="The roads of this level, out of those that the severity names; all of them unless it is said"
    )
    severities: Names = Field((), description="The severities that the level is for; all when none is named")

    @field_validator("delay")
    @classmethod
    def _long_enough(cls, value: Any) -> Any:
        if value.total_seconds() < 10:
            raise ValueError("expected a delay of at least 10s: a person has to find the phone")
        return value


class RoleRule(BaseModel):
    """What the organisation calls an incident role, and what it asks of who has it (O12)."""

    model_config = _FROZEN

    title: str = Field(min_length=1, max_length=60, description="What the organisation calls the role")
    duties: tuple[str, ...] = Field((), description="What is asked of who has it")


def _with_window(route: Any, windows: Mapping[str, Any]) -> Any:
    named = route.get("during") if isinstance(route, Mapping) else None
    return {**route, "during": windows[named]} if isinstance(named, str) and named in windows else route


class UnknownSeverity(NotFound):
    """No severity of the policy has that label."""


class Policy(BaseModel):
    """A whole policy; ``digest`` names its content."""

    model_config = _FROZEN

    version: int = Field(1, ge=1, le=1, description="The version of this language")
    name: str = Field(description="How it is called in logs")
    organisation: str = Field(
        "default",
        pattern=r"^[a-z0-9-]{1,64}$",
        description="Whose incidents these are: a-z, 0-9 and -; a database may hold several organisations",
    )
    branch: str = Field("main", pattern=r"^[a-z0-9-]{1,64}$", description="Which part of the organisation")
    zones: tuple[Zone, ...] = Field(
        (Zone(zone="UTC", label="UTC"),), min_length=1, max_length=4, description="The zones that times are printed in, in this order"
    )
    announce: str | None = Field(None, description="The channel where incidents are announced")
    invite: Names = Field((), description="Who is invited to every incident's channel")
    default_severity: str = Field(description="What a declaration without a severity gets")
    severities: tuple[Severity, ...] = Field(min_length=1, description="From the worst to the mildest, with their promises")
    people: Mapping[str, Person] = Field(default_factory=dict, description="Who may be paged or told, by a key")
    groups: Mapping[str, Names] = Field(default_factory=dict, description="Names for several people")
    chain: tuple[Level, ...] = Field((), description="Whom to page, level after level")
    access: AccessRules = Field(AccessRules(), description="What members of the workspace may do who are not among the people")
    tokens: tuple[Token, ...] = Field((), description="Bearer tokens of the HTTP API and the command line")
    sources: Mapping[str, SourceRule] = Field(default_factory=dict, description="Monitors that may post to /alerts/NAME, by name")
    systems: Mapping[str, System] = Field(default_factory=dict, description="What the organisation runs, by a key")
    routes: tuple[Route, ...] = Field((), description="What becomes of an alert; the first that matches decides")
    correlation: Correlation = Field(Correlation(), description="Which alerts are one incident")
    maintenance: tuple[Maintenance, ...] = Field((), description="Alerts that are expected")
    heartbeats: Mapping[str, HeartbeatRule] = Field(
        default_factory=dict, description="What has to say again and again that it is alive, by name"
    )
    security: SecurityRules = Field(SecurityRules(), description="What Muster watches at its own doors")
    postmortem: PostmortemRules = Field(PostmortemRules(), description="What is written after an incident")
    meeting: MeetingRules = Field(MeetingRules(), description="The meeting about a postmortem")
    windows: Mapping[str, Window] = Field(default_factory=dict, description="Times of the week that routes name, such as a launch")
    phases: tuple[Phase, ...] = Field((), description="The organisation's own phases of a response, each within a status")
    roles: Mapping[Role, RoleRule] = Field(default_factory=dict, description="What the organisation calls the incident roles")
    runbooks: Mapping[str, Runbook] = Field(default_factory=dict, description="What to do about a trouble, by a key that routes name")
    checks: Mapping[str, CheckRule] = Field(default_factory=dict, description="Flows that monitors watch, by a key")
    verification: VerificationRules = Field(VerificationRules(), description="What has to be so before an incident is resolved")
    gate: GateRules = Field(GateRules(), description="What has to be so before one launches or deploys")
    tenants: Mapping[str, Tenant] = Field(default_factory=dict, description="Whom the organisation serves, by a key")
    ticket_mail: Address | None = Field(None, description="The tracker's address, to which tickets are written")
    objectives: tuple[Objective, ...] = Field((), description="Shares of the time that incidents may not take away")

    @model_validator(mode="before")
    @classmethod
    def _windows_by_name(cls, data: Any) -> Any:
        """The data with the windows that routes name put into them; a name that is not there stays, and is refused as a window."""
        windows = data.get("windows") if isinstance(data, Mapping) else None
        routes = data.get("routes") if isinstance(data, Mapping) else None
        if not isinstance(windows, Mapping) or not isinstance(routes, list | tuple):
            return data
        return {**data, "routes": [_with_window(route, windows) for route in routes]}

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
        return self._by_word.get(word.strip().casefold())

    @cached_property
    def _by_word(self) -> Mapping[str, Severity]:
        return {word: severity for severity in reversed(self.severities) for word in severity.words}

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
        return next((route for route in self._routes_for(values) if route.counts(at)), None)

    @cached_property
    def _routes_for(self) -> Callable[[Mapping[str, str]], tuple[Route, ...]]:
        names = {name for route in self.routes for name in route.match}
        return remembering(lambda values: tuple(route for route in self.routes if route.matches(values)), names)

    def system_for(self, values: Mapping[str, str]) -> str | None:
        """The key of the first system, the critical ones before the others, that the alert with those values is about (S3)."""
        return self._system_for(values)

    @cached_property
    def _system_for(self) -> Callable[[Mapping[str, str]], str | None]:
        critical_first = sorted(self.systems.items(), key=lambda known: not known[1].critical)
        names = {name for _, system in critical_first for match in system.match for name in match}
        return remembering(lambda values: next((key for key, system in critical_first if system.matches(values)), None), names)

    def checks_for(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The checks that the alert with those values is about."""
        return self._checks_for(values)

    @cached_property
    def _checks_for(self) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
        names = {name for rule in self.checks.values() for match in rule.match for name in match}
        return remembering(lambda values: tuple(key for key, rule in self.checks.items() if rule.matches(values)), names)

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
