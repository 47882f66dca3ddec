"""All that words need to know of one incident, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.alert import AlertRow, AlertStatus
from bot.domain.closing import Closing
from bot.domain.incidents import Channel, Incident, Role
from bot.domain.pages import Page
from bot.domain.policy import Zone
from bot.domain.severity import Severity
from bot.domain.timers import Promise


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """How many alerts an incident has, how many of them recovered, and how often they were said to be firing."""

    total: int
    recovered: int
    said: int


@dataclass(frozen=True, slots=True)
class Owing:
    """What words about a promise have to know of its incident at the moment ``now``: little enough to be read of very many at once."""

    reference: str
    zones: tuple[Zone, ...]
    now: datetime
    unwritten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """An incident with its severity, people, alerts, promises and pages at the moment ``now``.

    ``names`` maps person ids to names. ``limits`` are sentences about what this installation cannot do.
    ``system`` is the title of the part that the incident is filed under (S3). Of very many ``alerts`` the first and the latest are there,
    and ``counted`` counts all of them. ``closing`` is what the policy wants before the end, and how that stands.
    ``unwritten`` are the titles of the sections that a postmortem which is owed lacks.
    """

    incident: Incident
    severity: Severity
    zones: tuple[Zone, ...]
    names: Mapping[str, str]
    roles: Mapping[Role, str]
    alerts: tuple[AlertRow, ...]
    channel: Channel | None
    promises: tuple[Promise, ...]
    pages: tuple[Page, ...]
    now: datetime
    limits: tuple[str, ...] = ()
    system: str | None = None
    counted: AlertCounts | None = None
    closing: Closing = field(default_factory=Closing)
    unwritten: tuple[str, ...] = ()
    merged_into: str | None = None

    @property
    def reference(self) -> str:
        """What people call the incident."""
        return self.incident.reference

    @property
    def counts(self) -> AlertCounts:
        """How many alerts there are in all."""
        if self.counted is not None:
            return self.counted
        recovered = sum(alert.status is AlertStatus.RESOLVED for alert in self.alerts)
        return AlertCounts(len(self.alerts), recovered, sum(alert.count for alert in self.alerts))

    def name(self, person_id: str | None) -> str:
        """The person's name; ``nobody yet`` when there is none."""
        return "nobody yet" if person_id is None else self.names.get(person_id, "somebody")

    def holder(self, role: Role) -> str | None:
        """The id of the person who has that incident role."""
        return self.incident.owner_id if role is Role.OWNER else self.roles.get(role)

    def with_names(self, names: Mapping[str, str]) -> Situation:
        """The same situation with more people named."""
        return replace(self, names=names)
