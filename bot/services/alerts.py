"""Alerts become incidents: a batch of deliveries is de-duplicated, routed by the policy, correlated, and told of (C2, complaint 18).

The rows of the whole batch are read and written in a few statements; each incident it touches is spoken of once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain

from bot.domain.alert import Alert, AlertRow, AlertStatus, Delivered, Disposition, Note, Outcome
from bot.domain.correlation import STEADY, Judgement, came_back, is_stale, placed_again, trouble_until
from bot.domain.own import own_delivery
from bot.domain.routing import Channel, RouteAction
from bot.domain.timeline import EntryKind
from bot.messages import texts
from bot.services import checks, gate, heartbeats, ledger, rates, silences
from bot.services.batch import Batch, Heard, heard_in
from bot.services.board import keys_of, open_board
from bot.services.ledger import Ledger, new_row, open_ledger
from bot.services.placing import New, Placed, left, place
from bot.services.telling import Joined, tell_joined, tell_recovered
from bot.services.work import UnitOfWork
from bot.store import alerts

_NOTE_LIMIT = 1000
_LOOKED_AT, _RELEASED_AT_ONCE = 500, 50


async def ingest(work: UnitOfWork, batch: Sequence[Delivered]) -> list[list[Outcome]]:
    """What became of each alert, note and remark of each delivery, in order; the receipt starts the acknowledge clock (J6)."""
    heard = [heard_in(delivered) for delivered in batch]
    taken = await _open(work, batch, heard)
    outcomes = [await _take(taken, delivered, alerts) for delivered, alerts in zip(batch, heard, strict=True)]
    await _finish(taken)
    await checks.note(taken, (one for delivered, alerts in zip(batch, heard, strict=True) if not delivered.test for one in alerts))
    await gate.prove(taken, batch, heard)
    await _take_own(work, taken, batch)
    return outcomes


async def _open(work: UnitOfWork, batch: Sequence[Delivered], heard: Sequence[Sequence[Heard]]) -> Batch:
    """Everything that is known of the batch, read at once."""
    known = await open_ledger(work, batch)
    first = min((delivered.received_at for delivered in batch), default=work.now)
    taken = Batch(work, known, await open_board(work, first), await silences.live(work))
    rows = [row for same in known.rows.values() for row in same.values() if row.incident_id is not None]
    await taken.board.known(row.incident_id for row in rows if row.incident_id is not None)
    keys = {key for row in rows for key in taken.shared(row)}
    for one in chain.from_iterable(heard):
        if one.alert.status is AlertStatus.FIRING and one.alert.unreadable is None and known.find(one.alert) is None:
            judgement = taken.judge(one)
            keys.update(keys_of(judgement) if left(judgement) is None else ())
    await taken.board.look(keys)
    return taken


async def _take(taken: Batch, delivered: Delivered, heard: Sequence[Heard]) -> list[Outcome]:
    taken.work.request_id = delivered.request_id
    outcomes = []
    for one in heard:
        placed = _try(taken, one) if delivered.test else await _hear(taken, one)
        outcomes.append(_outcome(one.alert.title, one.alert.fingerprint, placed))
    notes = () if delivered.test else delivered.reading.notes
    outcomes += [_outcome(note.text, note.fingerprint, await _note(taken, delivered.source, note)) for note in notes]
    return outcomes + [_outcome(remark, "", Placed(Disposition.IGNORED, remark)) for remark in delivered.reading.ignored]


def _outcome(title: str, fingerprint: str, placed: Placed) -> Outcome:
    reference = placed.incident.reference if placed.incident is not None else None
    return Outcome(title, fingerprint, placed.disposition, placed.reason, reference)


def _try(taken: Batch, heard: Heard) -> Placed:
    """What would become of an alert that is only a test; nothing of it is kept."""
    if heard.alert.unreadable is not None:
        would = f"it would wait in the inbox: {heard.alert.unreadable}"
    elif heard.alert.status is AlertStatus.RESOLVED:
        would = "a recovery, which would be written down with the alert that it ends"
    else:
        judgement = taken.judge(heard)
        severity = f" a {judgement.severity.label}" if judgement.action is RouteAction.DECLARE else ""
        silenced = taken.silenced(heard)
        would = f"{judgement.reason}{f', as{severity}' if severity else ''}{f'; but it would be held back: {silenced}' if silenced else ''}"
    return Placed(Disposition.IGNORED, f"a test: {would}")


async def _hear(taken: Batch, heard: Heard) -> Placed:
    alert = heard.alert
    if taken.beats_are_routed and alert.unreadable is None:
        judgement = taken.judge(heard)
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


def _beat(taken: Batch, alert: Alert, judgement: Judgement) -> Placed:
    assert judgement.route is not None and judgement.route.heartbeat is not None, "only such a route beats"
    if alert.status is AlertStatus.FIRING:
        taken.beats[judgement.route.heartbeat] = None
    return Placed(Disposition.IGNORED, judgement.reason)


def _ended_meanwhile(taken: Batch, heard: Heard, known: AlertRow) -> bool:
    """Whether the alert is a new occurrence although the known one was never said to have ended, which is then written down."""
    incident = taken.board.incidents.get(known.incident_id or "")
    resolved_at = incident.resolved_at if incident is not None else None
    if not came_back(heard.alert, known, heard.received_at, resolved_at):
        return False
    ended_at = resolved_at or heard.alert.starts_at or heard.received_at
    taken.ledger.move(known._replace(status=AlertStatus.RESOLVED, resolved_at=ended_at))
    return True


def _repeat(taken: Batch, heard: Heard, row: AlertRow) -> Placed:
    reason = f"said again, {row.count} times now"
    if row.incident_id is None:
        return Placed(row.disposition, reason)
    incident = taken.board.incidents[row.incident_id]
    if not incident.open:
        return Placed(Disposition.JOINED, f"{reason}; {incident.reference} was resolved although it goes on", incident)
    taken.board.carry(incident, taken.shared(row), heard.channel, heard.received_at)
    return Placed(Disposition.JOINED, reason, incident)


async def _recover(taken: Batch, heard: Heard, known: AlertRow | None) -> Placed:
    alert = heard.alert
    if known is None:
        return _recovered_unheard(taken, heard)
    if known.status is AlertStatus.RESOLVED:
        return Placed(Disposition.IGNORED, "its recovery is known already")
    if alert.starts_at is not None and alert.ends_at is not None and alert.starts_at < known.starts_at >= alert.ends_at:
        return Placed(Disposition.IGNORED, "it is the recovery of an earlier trouble than the one that is firing")
    resolved_at = trouble_until(alert, heard.received_at)
    row = known._replace(status=AlertStatus.RESOLVED, resolved_at=resolved_at, last_received_at=heard.received_at)
    taken.ledger.move(row)
    if row.incident_id is None:
        return Placed(row.disposition, "recovered")
    incident = await taken.board.hold(taken.board.incidents[row.incident_id])
    taken.board.carry(incident, taken.shared(row), heard.channel, heard.received_at)
    taken.recovered[incident.id].append((row, taken.changes(heard) > 0))
    return Placed(Disposition.JOINED, "recovered; the incident stays as it is until a person resolves it", incident)


def _recovered_unheard(taken: Batch, heard: Heard) -> Placed:
    """Keeps a recovery that came before its firing, where the start tells that the firing is an old one."""
    if heard.alert.starts_at is None:
        return Placed(Disposition.IGNORED, "recovered before it was ever heard to fire")
    reason = "recovered before it was ever heard to fire; kept so that a late firing does nothing"
    taken.ledger.add(new_row(heard.alert, heard.channel, heard.received_at, Disposition.IGNORED, reason))
    return Placed(Disposition.IGNORED, reason)


async def _place(taken: Batch, heard: Heard, known: AlertRow | None) -> Placed:
    """Where a new occurrence belongs, or a ``known`` one that was held back so far."""
    judgement = taken.judge(heard)
    silenced = taken.silenced(heard)
    if heard.alert.unreadable is not None:
        placed = Placed(Disposition.INBOX, heard.alert.unreadable)
    elif silenced is not None:
        placed = Placed(Disposition.SILENCED, silenced)
    else:
        placed = left(judgement) or await place(taken.work, taken.board, _new(taken, heard, known))
    row = taken.write(heard, known, placed)
    if placed.incident is not None:
        again = taken.ledger.was_in(row, placed.incident.id)
        taken.joined[placed.incident.id].append(Joined(row, placed, judgement, again, heard.request_id))
    return placed


def _new(taken: Batch, heard: Heard, known: AlertRow | None) -> New:
    changes = taken.changes(heard, more=int(known is None))
    return New(heard.alert, heard.channel, heard.received_at, heard.token, taken.judge(heard), changes)


async def _note(taken: Batch, source: str, note: Note) -> Placed:
    """Writes what a monitor says besides into the timeline of the incident whose alert it is about."""
    row = taken.ledger.firing(source, note.fingerprint)
    incident = taken.board.incidents.get(row.incident_id or "") if row is not None else None
    if row is None or incident is None or not incident.open:
        return Placed(Disposition.IGNORED, "no open incident has an alert that this is about")
    facts = {"source": source, "fingerprint": note.fingerprint}
    await taken.work.write(EntryKind.NOTE, incident.id, text=texts.clean(note.text, _NOTE_LIMIT), facts=facts)
    return Placed(Disposition.JOINED, f"noted on {incident.reference}", incident)


async def _finish(taken: Batch) -> None:
    """Writes the rows, then speaks of every incident that was touched."""
    await ledger.write(taken.work, taken.ledger)
    await taken.board.write()
    for incident_id, joined in taken.joined.items():
        await tell_joined(taken.work, incident_id, joined)
    for incident_id, recovered in taken.recovered.items():
        await tell_recovered(taken.work, incident_id, recovered)


async def _take_own(work: UnitOfWork, taken: Batch, batch: Sequence[Delivered]) -> None:
    """Takes in what the bot notices by these alerts: heartbeats that are heard again, and rates that rise (G5, J13, W5)."""
    firing = [
        (alert.source, alert.fingerprint, delivered.received_at, 1)
        for delivered in batch
        if not delivered.test
        for alert in delivered.reading.alerts
        if alert.status is AlertStatus.FIRING and alert.unreadable is None
    ]
    own = [alert for name in taken.beats for alert in await heartbeats.beat(work, name)]
    if firing:
        once = taken.ledger.heard_once({(source, fingerprint) for source, fingerprint, _, _ in firing})
        own += await rates.count(work, firing, taken.ledger.first_heard, once)
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
    taken = Batch(work, Ledger(), await open_board(work, work.now), await silences.live(work))
    freed = [(row, heard) for row in rows if not taken.silenced(heard := _kept(work, row))][:_RELEASED_AT_ONCE]
    for row, heard in freed:
        taken.ledger.rows[row.source, row.fingerprint][row.id] = row
        await _place(taken, heard, row)
    await _finish(taken)
    return len(freed)


def _kept(work: UnitOfWork, row: AlertRow) -> Heard:
    """The alert of a row as if it was said now."""
    alert = Alert(row.source, row.fingerprint, row.status, row.title, row.starts_at, None, row.labels, row.annotations, row.url)
    return Heard(alert, Channel(row.channel), work.now, f"alert:{row.id}:kept", work.request_id)
