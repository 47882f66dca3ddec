"""The incidents that the alerts of one batch may belong to: which are open or were, and which keys their alerts carried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.correlation import MONITORING, Judgement
from bot.domain.incidents import Incident
from bot.domain.routing import Channel
from bot.domain.severity import Severity
from bot.errors import Conflict
from bot.services.work import UnitOfWork
from bot.store import alerts, correlations, incidents
from bot.store.correlations import Match


@dataclass(slots=True)
class Board:
    """Incidents by id, the last moment of each key in each, and what is to be written of that.

    ``next_number`` is what the next incident has to be called: another one means that somebody else declared since we looked.
    """

    work: UnitOfWork
    resolved_since: datetime
    next_number: int
    incidents: dict[str, Incident] = field(default_factory=dict)
    heard: dict[str, dict[str, datetime]] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    touched: dict[tuple[str, str], datetime] = field(default_factory=dict)
    reported: dict[str, set[Channel]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    declared: dict[str, int] | None = None

    async def look(self, keys: Iterable[str]) -> None:
        """Reads which incidents carry these keys, as far as that is not known yet."""
        unknown = sorted(set(keys) - self.heard.keys())
        if not unknown:
            return
        matches, found = await correlations.list_matches(self.work.tx, unknown, self.resolved_since)
        self.stored |= {(match.key, match.incident_id) for match in matches}
        self.heard |= {key: {} for key in unknown}
        for incident in found:
            self.incidents.setdefault(incident.id, incident)
            if incident.correlation_key in self.heard:
                self.heard[incident.correlation_key].setdefault(incident.id, incident.opened_at)
        for match in matches:
            if match.incident_id in self.incidents:
                self.heard[match.key][match.incident_id] = match.last_at

    async def known(self, incident_ids: Iterable[str]) -> None:
        """Reads incidents by id, as far as they are not known yet."""
        for incident in await incidents.list_by_ids(self.work.tx, set(incident_ids) - self.incidents.keys()):
            self.incidents[incident.id] = incident

    async def open_of(self, key: str, since: datetime | None = None) -> Incident | None:
        """The open incident whose alerts carry the key, heard at or after ``since``; of several the one heard last."""
        await self.look([key])
        heard = self.heard[key]
        fresh = [incident_id for incident_id in heard if since is None or heard[incident_id] >= since]
        found = [self.incidents[incident_id] for incident_id in fresh if self.incidents[incident_id].open]
        return await self.hold(max(found, key=lambda incident: (heard[incident.id], incident.number))) if found else None

    async def resolved_of(self, key: str, since: datetime) -> Incident | None:
        """The incident of the same trouble that was resolved last, at or after ``since``."""
        await self.look([key])
        known = [self.incidents[incident_id] for incident_id in self.heard[key]]
        ended = [(incident.resolved_at, incident.id) for incident in known if incident.resolved_at is not None]
        latest = max((one for one in ended if one[0] >= since), default=None)
        return None if latest is None else await self.hold(self.incidents[latest[1]])

    async def watched_of(self, keys: Iterable[str], at: datetime) -> Incident | None:
        """The incident that was resolved last of those that carry one of the keys and are watched at that moment (S5, W9)."""
        await self.look(keys)
        known = {incident_id: self.incidents[incident_id] for key in keys for incident_id in self.heard[key]}
        ended = [(one.resolved_at, one.id) for one in known.values() if one.resolved_at is not None and await self._watched(one, at)]
        return await self.hold(self.incidents[max(ended)[1]]) if ended else None

    async def _watched(self, incident: Incident, at: datetime) -> bool:
        rules = (await self.work.policy_of(incident.policy_digest)).verification
        if rules.watch is None or incident.resolved_at is None or incident.merged_into is not None:
            return False
        return rules.holds_for(incident.severity) and at <= incident.resolved_at + rules.watch

    async def of_another_channel(self, channel: Channel, since: datetime) -> Incident | None:
        """The open incident whose alerts another monitoring channel reported at or after ``since``, the latest first."""
        others = MONITORING - {channel}
        just_now = [(incident_id, other) for incident_id, heard in reversed(self.reported.items()) for other in heard]
        for incident_id, other in [*just_now, *await alerts.list_said_elsewhere(self.work.tx, since)]:
            await self.known([incident_id])
            if other in others and self.incidents[incident_id].open:
                return await self.hold(self.incidents[incident_id])
        return None

    async def hold(self, incident: Incident) -> Incident:
        """The incident with its row held; raises Conflict when somebody changed whether it is open since we looked."""
        if incident.id not in self.locked:
            was_open, incident = incident.open, await incidents.lock_incident(self.work.tx, incident.id)
            self.locked.add(incident.id)
            self.incidents[incident.id] = incident
            if incident.open is not was_open:
                raise Conflict(f"{incident.reference} was resolved or reopened by somebody else")
        return self.incidents[incident.id]

    def keep(self, incident: Incident) -> None:
        """Takes in an incident as it is now; one that was declared has to have the number that was next."""
        if incident.id not in self.incidents:
            if incident.number != self.next_number:
                raise Conflict("somebody else declared an incident meanwhile")
            self.next_number += 1
            self.locked.add(incident.id)
            if self.declared is not None:
                self.declared[incident.severity] = self.declared.get(incident.severity, 0) + 1
        self.incidents[incident.id] = incident

    def carry(self, incident: Incident, keys: Iterable[str], channel: Channel, at: datetime) -> None:
        """Notes that an alert with these keys, of that channel, belongs to the incident."""
        self.reported.setdefault(incident.id, set()).add(channel)
        for key in keys:
            last = self.heard.setdefault(key, {})
            last[incident.id] = max(at, last.get(incident.id, at))
            self.touched[key, incident.id] = last[incident.id]

    async def too_many(self, severity: Severity, at: datetime) -> bool:
        """Whether alerts opened as many incidents of that severity, or of a worse one, as they may within the span."""
        rules = self.work.policy.correlation.at_most
        if rules is None:
            return False
        if self.declared is None:
            self.declared = await correlations.count_declared(self.work.tx, at - rules.within)
        ranks = {known.label: known.rank for known in self.work.policy.severities}
        counted = sum(count for label, count in self.declared.items() if ranks.get(label, 0) <= severity.rank)
        return counted >= rules.incidents

    async def write(self) -> None:
        """Writes which keys were heard, many rows to a statement."""
        by_known: dict[bool, list[Match]] = defaultdict(list)
        for (key, incident_id), at in self.touched.items():
            by_known[(key, incident_id) in self.stored].append(Match(key, incident_id, at))
        await correlations.add_matches(self.work.tx, by_known[False])
        await correlations.touch_matches(self.work.tx, by_known[True])


async def open_board(work: UnitOfWork, first_received_at: datetime) -> Board:
    """A board that knows no key yet; what was resolved long before is left out of it."""
    since = first_received_at - work.policy.correlation.reopen_within
    return Board(work, since, await incidents.next_number(work.tx))


def keys_of(judgement: Judgement) -> tuple[str, ...]:
    """Every key that an alert carries."""
    return (judgement.key, *judgement.shared)
