"""Alerts become incidents: a batch of deliveries is de-duplicated, routed by the policy, correlated, and told of (C2, complaint 18).

The rows of the whole batch are read and written in a few statements; each incident it touches is spoken of once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.alert import Alert, AlertRow, AlertStatus, Delivered, Disposition, Note, Outcome
from bot.domain.correlation import STEADY, Judgement, came_back, is_stale, judge, placed_again, shared_keys, trouble_until, values_of
from bot.domain.own import own_delivery
from bot.domain.routing import Channel, RouteAction
from bot.domain.silences import Silences
from bot.domain.timeline import EntryKind
from bot.messages import texts
from bot.services import heartbeats, ledger, rates, silences
from bot.services.board import Board, keys_of, open_board
from bot.services.ledger import Ledger, new_row, open_ledger
from bot.services.placing import New, Placed, place
from bot.services.telling import Joined, tell_joined, tell_recovered
from bot.services.work import UnitOfWork
from bot.store import alerts

_NOTE_LIMIT = 1000
_LOOKED_AT, _RELEASED_AT_ONCE = 500, 50


@dataclass(slots=True)
class _Batch:
    """What one batch has come to so far."""

    work: UnitOfWork
    ledger: Ledger
    board: Board
    silences: Silences
    judged: dict[tuple[object, ...], Judgement] = field(default_factory=dict)
    joined: dict[str, list[Joined]] = field(default_factory=lambda: defaultdict(list))
    recovered: dict[str, list[tuple[AlertRow, bool]]] = field(default_factory=lambda: defaultdict(list))
    beats: dict[str, None] = field(default_factory=dict)

    def judge(self, alert: Alert, channel: Channel, at: datetime) -> Judgement:
        """What the policy makes of the alert; looked up once for everything that looks the same."""
        same = (alert.source, alert.fingerprint, channel, at, alert.title, *sorted(alert.labels.items()))
        if same not in self.judged:
            self.judged[same] = judge(self.work.policy, alert, channel, at)
        return self.judged[same]


@dataclass(frozen=True, slots=True)
class _Heard:
    """An alert of the batch with what its delivery knows."""

    alert: Alert
    channel: Channel
    received_at: datetime
    token: str
    request_id: str | None


async def ingest(work: UnitOfWork, batch: Sequence[Delivered]) -> list[list[Outcome]]:
    """What became of each alert, note and remark of each delivery, in order; the receipt starts the acknowledge clock (J6)."""
    taken = await _open(work, batch)
    outcomes = [[*await _take(taken, delivered)] for delivered in batch]
    await _finish(taken)
    await _take_own(work, taken, batch)
    return outcomes


async def _open(work: UnitOfWork, batch: Sequence[Delivered]) -> _Batch:
    """Everything that is known of the batch, read at once."""
    known = await open_ledger(work, batch)
    first = min((delivered.received_at for delivered in batch), default=work.now)
    taken = _Batch(work, known, await open_board(work, first), await silences.live(work))
    rows = [row for same in known.rows.values() for row in same.values() if row.incident_id is not None]
    await taken.board.known(row.incident_id for row in rows if row.incident_id is not None)
    keys = {key for row in rows for key in _shared(work, row)}
    for delivered in batch:
        for alert in delivered.reading.alerts:
            if alert.status is AlertStatus.FIRING and alert.unreadable is None and known.find(alert) is None:
                keys |= set(keys_of(taken.judge(alert, delivered.channel, delivered.received_at)))
    await taken.board.look(keys)
    return taken


def _shared(work: UnitOfWork, row: AlertRow) -> tuple[str, ...]:
    return shared_keys(row.labels, row.service, work.policy.correlation.by)


async def _take(taken: _Batch, delivered: Delivered) -> list[Outcome]:
    taken.work.request_id = delivered.request_id
    outcomes = []
    for number, alert in enumerate(delivered.reading.alerts):
        token = f"alert:{delivered.receipt}:{number}"
        heard = _Heard(alert, delivered.channel, delivered.received_at, token, delivered.request_id)
        placed = _try(taken, heard) if delivered.test else await _hear(taken, heard)
        outcomes.append(_outcome(alert.title, alert.fingerprint, placed))
    notes = () if delivered.test else delivered.reading.notes
    outcomes += [_outcome(note.text, note.fingerprint, await _note(taken, delivered.source, note)) for note in notes]
    return outcomes + [_outcome(remark, "", Placed(Disposition.IGNORED, remark)) for remark in delivered.reading.ignored]


def _outcome(title: str, fingerprint: str, placed: Placed) -> Outcome:
    reference = placed.incident.reference if placed.incident is not None else None
    return Outcome(title, fingerprint, placed.disposition, placed.reason, reference)


def _try(taken: _Batch, heard: _Heard) -> Placed:
    """What would become of an alert that is only a test; nothing of it is kept."""
    if heard.alert.unreadable is not None:
        would = f"it would wait in the inbox: {heard.alert.unreadable}"
    elif heard.alert.status is AlertStatus.RESOLVED:
        would = "a recovery, which would be written down with the alert that it ends"
    else:
        judgement = taken.judge(heard.alert, heard.channel, heard.received_at)
        severity = f" a {judgement.severity.label}" if judgement.action is RouteAction.DECLARE else ""
        silenced = _silenced(taken, heard)
        would = f"{judgement.reason}{f', as{severity}' if severity else ''}{f'; but it would be held back: {silenced}' if silenced else ''}"
    return Placed(Disposition.IGNORED, f"a test: {would}")


async def _hear(taken: _Batch, heard: _Heard) -> Placed:
    alert = heard.alert
    if alert.unreadable is None and any(route.heartbeat for route in taken.work.policy.routes):
        judgement = taken.judge(alert, heard.channel, heard.received_at)
        if judgement.action is RouteAction.HEARTBEAT:
            return _beat(taken, alert, judgement)
    known = taken.ledger.find(alert)
    if is_stale(alert, known, taken.ledger.last_resolved_at(alert)):
        return Placed(Disposition.IGNORED, "it is older than the recovery that is known already")
    if alert.status is AlertStatus.RESOLVED:
        return await _recover(taken, heard, known)
    if known is None or _ended_meanwhile(taken, heard, known):
        return await _place(taken, heard, None)
    again = taken.ledger.say_again(known, alert, heard.received_at)
    return await _place(taken, heard, again) if placed_again(again) else _repeat(taken, heard, again)


def _beat(taken: _Batch, alert: Alert, judgement: Judgement) -> Placed:
    assert judgement.route is not None and judgement.route.heartbeat is not None, "only such a route beats"
    if alert.status is AlertStatus.FIRING:
        taken.beats[judgement.route.heartbeat] = None
    return Placed(Disposition.IGNORED, judgement.reason)


def _ended_meanwhile(taken: _Batch, heard: _Heard, known: AlertRow) -> bool:
    """Whether the alert is a new occurrence although the known one was never said to have ended, which is then written down."""
    incident = taken.board.incidents.get(known.incident_id or "")
    resolved_at = incident.resolved_at if incident is not None else None
    if not came_back(heard.alert, known, heard.received_at, resolved_at):
        return False
    ended_at = resolved_at or heard.alert.starts_at or heard.received_at
    taken.ledger.move(replace(known, status=AlertStatus.RESOLVED, resolved_at=ended_at))
    return True


def _repeat(taken: _Batch, heard: _Heard, row: AlertRow) -> Placed:
    reason = f"said again, {row.count} times now"
    if row.incident_id is None:
        return Placed(row.disposition, reason)
    incident = taken.board.incidents[row.incident_id]
    if not incident.open:
        return Placed(Disposition.JOINED, f"{reason}; {incident.reference} was resolved although it goes on", incident)
    taken.board.carry(incident, _shared(taken.work, row), heard.channel, heard.received_at)
    return Placed(Disposition.JOINED, reason, incident)


async def _recover(taken: _Batch, heard: _Heard, known: AlertRow | None) -> Placed:
    alert = heard.alert
    if known is None:
        return _recovered_unheard(taken, heard)
    if known.status is AlertStatus.RESOLVED:
        return Placed(Disposition.IGNORED, "its recovery is known already")
    if alert.starts_at is not None and alert.ends_at is not None and alert.starts_at < known.starts_at >= alert.ends_at:
        return Placed(Disposition.IGNORED, "it is the recovery of an earlier trouble than the one that is firing")
    resolved_at = trouble_until(alert, heard.received_at)
    row = replace(known, status=AlertStatus.RESOLVED, resolved_at=resolved_at, last_received_at=heard.received_at)
    taken.ledger.move(row)
    if row.incident_id is None:
        return Placed(row.disposition, "recovered")
    incident = await taken.board.hold(taken.board.incidents[row.incident_id])
    taken.board.carry(incident, _shared(taken.work, row), heard.channel, heard.received_at)
    taken.recovered[incident.id].append((row, _changes(taken, heard) > 0))
    return Placed(Disposition.JOINED, "recovered; the incident stays as it is until a person resolves it", incident)


def _recovered_unheard(taken: _Batch, heard: _Heard) -> Placed:
    """Keeps a recovery that came before its firing, where the start tells that the firing is an old one."""
    if heard.alert.starts_at is None:
        return Placed(Disposition.IGNORED, "recovered before it was ever heard to fire")
    reason = "recovered before it was ever heard to fire; kept so that a late firing does nothing"
    taken.ledger.add(new_row(heard.alert, heard.channel, heard.received_at, Disposition.IGNORED, reason))
    return Placed(Disposition.IGNORED, reason)


def _changes(taken: _Batch, heard: _Heard, more: int = 0) -> int:
    """How often the alert changed lately, where that is as often as flapping is; else 0."""
    rules = taken.work.policy.correlation.flapping
    if rules is None:
        return 0
    changes = taken.ledger.changes(heard.alert, heard.received_at - rules.within) + more
    return changes if changes >= rules.changes else 0


def _silenced(taken: _Batch, heard: _Heard) -> str | None:
    """Why the alert calls nobody now; None when nothing silences it."""
    judgement = taken.judge(heard.alert, heard.channel, heard.received_at)
    return taken.silences.reason_for(values_of(heard.alert, heard.channel, judgement.service), taken.work.now)


async def _place(taken: _Batch, heard: _Heard, known: AlertRow | None) -> Placed:
    """Where a new occurrence belongs, or a ``known`` one that was held back so far."""
    judgement = taken.judge(heard.alert, heard.channel, heard.received_at)
    silenced = _silenced(taken, heard)
    if heard.alert.unreadable is not None:
        placed = Placed(Disposition.INBOX, heard.alert.unreadable)
    elif silenced is not None:
        placed = Placed(Disposition.SILENCED, silenced)
    else:
        changes = _changes(taken, heard, more=int(known is None))
        new = New(heard.alert, heard.channel, heard.received_at, heard.token, judgement, changes)
        placed = await place(taken.work, taken.board, new)
    bare = known or new_row(heard.alert, heard.channel, heard.received_at, placed.disposition, placed.reason)
    row = placed.row(bare, judgement)
    if known is None:
        taken.ledger.add(row)
    else:
        taken.ledger.move(row)
    if placed.incident is not None:
        again = taken.ledger.was_in(row, placed.incident.id)
        taken.joined[placed.incident.id].append(Joined(row, placed, judgement, again, heard.request_id))
    return placed


async def _note(taken: _Batch, source: str, note: Note) -> Placed:
    """Writes what a monitor says besides into the timeline of the incident whose alert it is about."""
    row = taken.ledger.firing(source, note.fingerprint)
    incident = taken.board.incidents.get(row.incident_id or "") if row is not None else None
    if row is None or incident is None or not incident.open:
        return Placed(Disposition.IGNORED, "no open incident has an alert that this is about")
    facts = {"source": source, "fingerprint": note.fingerprint}
    await taken.work.write(EntryKind.NOTE, incident.id, text=texts.clean(note.text, _NOTE_LIMIT), facts=facts)
    return Placed(Disposition.JOINED, f"noted on {incident.reference}", incident)


async def _finish(taken: _Batch) -> None:
    """Writes the rows, then speaks of every incident that was touched."""
    await ledger.write(taken.work, taken.ledger)
    await taken.board.write()
    for incident_id, joined in taken.joined.items():
        await tell_joined(taken.work, incident_id, joined)
    for incident_id, recovered in taken.recovered.items():
        await tell_recovered(taken.work, incident_id, recovered)


async def _take_own(work: UnitOfWork, taken: _Batch, batch: Sequence[Delivered]) -> None:
    """Takes in what the bot notices by these alerts: heartbeats that are heard again, and rates that rise (G5, J13, W5)."""
    firing = [
        (alert.source, alert.fingerprint, delivered.received_at, 1)
        for delivered in batch
        if not delivered.test
        for alert in delivered.reading.alerts
        if alert.status is AlertStatus.FIRING and alert.unreadable is None
    ]
    own = [alert for name in taken.beats for alert in await heartbeats.beat(work, name)]
    own += await rates.count(work, firing) if firing else []
    if own:
        await ingest(work, [own_delivery(own, work.now, work.request_id)])


async def release(work: UnitOfWork) -> int:
    """How many alerts were placed that had been held back and have kept firing since; for a clock to call.

    Those are alerts that flapped and are steady now, and alerts of monitors that speak once, whose silence is over.
    """
    flapping = work.policy.correlation.flapping
    rows = await alerts.list_held(work.tx, work.now - (flapping.within if flapping else timedelta()), STEADY, _LOOKED_AT)
    if not rows:
        return 0
    taken = _Batch(work, Ledger(), await open_board(work, work.now), await silences.live(work))
    freed = [(row, heard) for row in rows if not _silenced(taken, heard := _kept(work, row))][:_RELEASED_AT_ONCE]
    for row, heard in freed:
        taken.ledger.rows[row.source, row.fingerprint][row.id] = row
        await _place(taken, heard, row)
    await _finish(taken)
    return len(freed)


def _kept(work: UnitOfWork, row: AlertRow) -> _Heard:
    """The alert of a row as if it was said now."""
    alert = Alert(row.source, row.fingerprint, row.status, row.title, row.starts_at, None, row.labels, row.annotations, row.url)
    return _Heard(alert, Channel(row.channel), work.now, f"alert:{row.id}:kept", work.request_id)
