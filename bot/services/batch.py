"""What one batch of deliveries has come to so far: what is known of its alerts, what the policy makes of each, and what is to be told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.alert import Alert, AlertRow, Delivered
from bot.domain.correlation import Judgement, judge, shared_keys
from bot.domain.routing import Channel
from bot.domain.silences import Silences
from bot.services.board import Board
from bot.services.ledger import Ledger, new_row
from bot.services.placing import Placed
from bot.services.telling import Joined
from bot.services.work import UnitOfWork


@dataclass(slots=True)
class Heard:
    """An alert of the batch with what its delivery knows, and what the policy makes of it once that was asked."""

    alert: Alert
    channel: Channel
    received_at: datetime
    token: str
    request_id: str | None
    judgement: Judgement | None = None


@dataclass(slots=True)
class Batch:
    """What one batch has come to so far."""

    work: UnitOfWork
    ledger: Ledger
    board: Board
    silences: Silences
    joined: dict[str, list[Joined]] = field(default_factory=lambda: defaultdict(list))
    recovered: dict[str, list[tuple[AlertRow, bool]]] = field(default_factory=lambda: defaultdict(list))
    beats: dict[str, None] = field(default_factory=dict)
    beats_are_routed: bool = field(init=False)

    def __post_init__(self) -> None:
        self.beats_are_routed = any(route.heartbeat for route in self.work.policy.routes)

    def judge(self, heard: Heard) -> Judgement:
        """What the policy makes of the alert; looked up once."""
        if heard.judgement is None:
            heard.judgement = judge(self.work.policy, heard.alert, heard.channel, heard.received_at)
        return heard.judgement

    def shared(self, row: AlertRow) -> tuple[str, ...]:
        """The keys that alerts about the same as this one have in common with it."""
        return shared_keys(row.labels, row.service, self.work.policy.correlation.by)

    def silenced(self, heard: Heard) -> str | None:
        """Why the alert calls nobody now; None when nothing silences it."""
        if not self.silences:
            return None
        return self.silences.reason_for(self.judge(heard).values, self.work.now)

    def changes(self, heard: Heard, more: int = 0) -> int:
        """How often the alert changed lately, where that is as often as flapping is; else 0."""
        rules = self.work.policy.correlation.flapping
        if rules is None:
            return 0
        changes = self.ledger.changes(heard.alert, heard.received_at - rules.within) + more
        return changes if changes >= rules.changes else 0

    def write(self, heard: Heard, known: AlertRow | None, placed: Placed) -> AlertRow:
        """The alert's row, a new one where none is known, with what became of it; it is written with the batch."""
        judgement, incident_id = self.judge(heard), placed.incident.id if placed.incident is not None else None
        if known is None:
            row = new_row(heard.alert, heard.channel, heard.received_at, placed.disposition, placed.reason, incident_id, judgement)
            self.ledger.add(row)
        else:
            became = known._replace(disposition=placed.disposition, reason=placed.reason, incident_id=incident_id)
            row = became._replace(service=judgement.service, system=judgement.system)
            self.ledger.move(row)
        return row


def heard_in(delivered: Delivered) -> list[Heard]:
    """The alerts of a delivery, in its order."""
    channel, received_at, receipt, request_id = delivered.channel, delivered.received_at, delivered.receipt, delivered.request_id
    read = enumerate(delivered.reading.alerts)
    return [Heard(alert, channel, received_at, f"alert:{receipt}:{number}", request_id) for number, alert in read]
