"""What is known of the alerts of one batch: read in a few statements, changed in memory, written in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import new_id
from bot.domain.alert import Alert, AlertRow, AlertStatus, Delivered, Disposition
from bot.domain.correlation import Judgement, changes_of, trouble_until
from bot.domain.routing import Channel
from bot.services.work import UnitOfWork
from bot.store import alerts
from bot.store.alerts import Name


@dataclass(slots=True)
class Ledger:
    """The occurrences by source and fingerprint, and what is to be written of them; ``heard`` names what is known from before."""

    heard: Collection[Name] = ()
    rows: dict[Name, dict[str, AlertRow]] = field(default_factory=lambda: defaultdict(dict))
    resolved: dict[Name, datetime] = field(default_factory=dict)
    added: dict[str, AlertRow] = field(default_factory=dict)
    moved: dict[str, AlertRow] = field(default_factory=dict)
    said: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def find(self, alert: Alert) -> AlertRow | None:
        """The occurrence of the same start, else the latest one that is firing."""
        known = self.rows.get((alert.source, alert.fingerprint))
        if known is None:
            return None
        same = next((row for row in known.values() if row.starts_at == alert.starts_at), None)
        return same or self.firing(alert.source, alert.fingerprint)

    def firing(self, source: str, fingerprint: str) -> AlertRow | None:
        """The latest occurrence that is firing."""
        known = self.rows.get((source, fingerprint), {}).values()
        return max((row for row in known if row.status is AlertStatus.FIRING), key=lambda row: row.starts_at, default=None)

    def last_resolved_at(self, alert: Alert) -> datetime | None:
        """When that fingerprint was last said to have ended."""
        return self.resolved.get((alert.source, alert.fingerprint))

    def changes(self, alert: Alert, since: datetime) -> int:
        """How often that fingerprint began or ended at or after ``since``."""
        return changes_of(self.rows.get((alert.source, alert.fingerprint), {}).values(), since)

    def was_in(self, row: AlertRow, incident_id: str) -> bool:
        """Whether an earlier occurrence of the same alert belongs to the incident."""
        known = self.rows[row.source, row.fingerprint].values()
        return any(other.incident_id == incident_id and other.id != row.id for other in known)

    @property
    def first_heard(self) -> set[Name]:
        """The alerts that have a row now and had none before."""
        return {(row.source, row.fingerprint) for row in self.added.values()}.difference(self.heard)

    def heard_once(self, names: Iterable[Name]) -> dict[Name, datetime]:
        """Those of the alerts that had been heard a single time before this batch, as far as is known, with when that was."""
        earlier = {name: [row for row in self.rows[name].values() if row.id not in self.added] for name in names if name in self.heard}
        said = {row.id: row.count - self.said.get(row.id, (0, None))[0] for known in earlier.values() for row in known}
        return {name: rows[0].first_received_at for name, rows in earlier.items() if rows and sum(said[row.id] for row in rows) == 1}

    def add(self, row: AlertRow) -> None:
        """Takes in a new occurrence."""
        self.added[row.id] = self.rows[row.source, row.fingerprint][row.id] = row
        self._end(row)

    def move(self, row: AlertRow) -> None:
        """Takes in what became of a known occurrence."""
        self.rows[row.source, row.fingerprint][row.id] = row
        (self.added if row.id in self.added else self.moved)[row.id] = row
        self._end(row)

    def _end(self, row: AlertRow) -> None:
        if row.resolved_at is not None:
            name = (row.source, row.fingerprint)
            self.resolved[name] = max(row.resolved_at, self.resolved.get(name, row.resolved_at))

    def say_again(self, row: AlertRow, alert: Alert, at: datetime) -> AlertRow:
        """The occurrence, said to be firing once more; where it belongs to an incident with what is known of it by now (J7)."""
        again = row._replace(count=row.count + 1, last_received_at=max(row.last_received_at, at))
        if row.incident_id is not None and alert.annotations and alert.annotations != row.annotations:
            again = again._replace(annotations={**row.annotations, **alert.annotations})
            self.move(again)
        self.rows[row.source, row.fingerprint][row.id] = again
        if row.id in self.added:
            self.added[row.id] = again
        else:
            times, last = self.said.get(row.id, (0, at))
            self.said[row.id] = (times + 1, max(last, at))
        return again


async def open_ledger(work: UnitOfWork, batch: Sequence[Delivered]) -> Ledger:
    """What is known of every alert and note of the batch, in three statements; in one where none was ever heard."""
    read = [alert for delivered in batch if not delivered.test for alert in delivered.reading.alerts]
    notes = {(delivered.source, note.fingerprint) for delivered in batch for note in delivered.reading.notes}
    names = await alerts.list_heard(work.tx, {(alert.source, alert.fingerprint) for alert in read} | notes)
    starts = {alert.starts_at for alert in read if alert.starts_at is not None and (alert.source, alert.fingerprint) in names}
    flapping = work.policy.correlation.flapping
    since = min((delivered.received_at for delivered in batch), default=work.now) - (flapping.within if flapping else timedelta())
    ledger = Ledger(heard=names, resolved=await alerts.list_last_resolved(work.tx, names))
    for row in await alerts.list_known(work.tx, names, starts, since):
        ledger.rows[row.source, row.fingerprint][row.id] = row
    return ledger


async def write(work: UnitOfWork, ledger: Ledger) -> None:
    """Writes what changed, many rows to a statement."""
    await alerts.add_alerts(work.tx, list(ledger.added.values()))
    await alerts.count_again(work.tx, ledger.said)
    await alerts.change_alerts(work.tx, list(ledger.moved.values()))


def new_row(
    alert: Alert,
    channel: Channel,
    received_at: datetime,
    disposition: Disposition,
    reason: str,
    incident_id: str | None = None,
    judgement: Judgement | None = None,
) -> AlertRow:
    """A new occurrence with what became of it."""
    firing = alert.status is AlertStatus.FIRING
    return AlertRow(
        id=new_id(),
        source=alert.source,
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at or received_at,
        status=alert.status,
        title=alert.title,
        labels=dict(alert.labels),
        annotations=dict(alert.annotations),
        url=alert.url,
        count=1 if firing else 0,
        first_received_at=received_at,
        last_received_at=received_at,
        resolved_at=None if firing else trouble_until(alert, received_at),
        disposition=disposition,
        reason=reason,
        incident_id=incident_id,
        channel=channel.value,
        service=judgement.service if judgement is not None else alert.labels.get("service", "")[:200] or None,
        system=judgement.system if judgement is not None else None,
        unreadable=alert.unreadable,
    )
