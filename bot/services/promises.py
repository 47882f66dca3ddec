"""Promises: the acknowledge, mitigate, update and write-up clocks of an incident (J6).

Each run of a clock is a row with its due time. It is warned before it is due, and when it is missed that is written down, the owner is
told and the chain is rung; it is chased until somebody moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain.incidents import Incident, Purpose
from bot.domain.severity import ClockName, ClockRule
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise, Timer, TimerKind, lateness, plan_timers
from bot.messages import notices
from bot.services import escalations, situations
from bot.services.outbox import say
from bot.services.work import UnitOfWork
from bot.store import incidents, people, promises, timers

RESPONSE_CLOCKS = (ClockName.ACKNOWLEDGE, ClockName.MITIGATE, ClockName.UPDATE)


async def begin(work: UnitOfWork, incident: Incident, clock: ClockName, started_at: datetime) -> Promise | None:
    """Starts the clock at ``started_at``; None when the severity promises nothing by it."""
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    rule = severity.clocks.get(clock)
    if rule is None:
        return None
    promise = await promises.add_promise(work.tx, incident.id, clock, started_at, started_at + rule.breach)
    await _arm(work, promise, plan_timers(rule, started_at))
    return promise


async def begin_all(work: UnitOfWork, incident: Incident) -> None:
    """Starts every clock of a new incident at its opening: the receipt of the alert, or the declaration (J6)."""
    for clock in RESPONSE_CLOCKS:
        promise = await begin(work, incident, clock, incident.opened_at)
        if promise is not None and clock is ClockName.UPDATE:
            incident = await incidents.change_incident(work.tx, incident, next_update_at=promise.due_at)


async def begin_anew(work: UnitOfWork, incident: Incident, person_id: str | None) -> Incident:
    """Starts the clocks that are still owed from now on, after a change of severity or a reopening."""
    await withdraw(work, incident.id, RESPONSE_CLOCKS, "the clocks began anew", person_id)
    update_promise = await begin(work, incident, ClockName.UPDATE, work.now)
    if incident.acknowledged_at is None:
        await begin(work, incident, ClockName.ACKNOWLEDGE, work.now)
    if incident.mitigated_at is None:
        await begin(work, incident, ClockName.MITIGATE, work.now)
    next_update_at = update_promise.due_at if update_promise else None
    return await incidents.change_incident(work.tx, incident, next_update_at=next_update_at)


async def begin_write_up(work: UnitOfWork, incident: Incident) -> Promise | None:
    """Starts the clock of the postmortem at the resolution (J6, J15)."""
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    if severity.postmortem is None:
        return None
    rule = ClockRule(breach=severity.postmortem, warn=severity.postmortem * 0.8)
    due_at = work.now + rule.breach
    promise = await promises.add_promise(work.tx, incident.id, ClockName.POSTMORTEM, work.now, due_at)
    await _arm(work, promise, plan_timers(rule, work.now))
    return promise


async def _arm(work: UnitOfWork, promise: Promise, planned: Iterable[tuple[TimerKind, datetime]]) -> None:
    for kind, due_at in planned:
        await timers.add_timer(work.tx, promise.incident_id, kind, due_at=due_at, armed_at=work.now, promise_id=promise.id)


async def keep(work: UnitOfWork, incident_id: str, clock: ClockName, by: str | None) -> Promise | None:
    """Writes down that the open promise of that clock is kept now, in time or late, and ends its ringing."""
    promise = await promises.find_open(work.tx, incident_id, clock)
    if promise is None:
        return None
    await promises.mark_kept(work.tx, promise.id, work.now)
    await timers.cancel_of_promise(work.tx, promise.id, work.now)
    late = int(lateness(promise.due_at, work.now).total_seconds())
    facts = {"clock": clock.value, "due_at": promise.due_at.isoformat(), "late_seconds": late}
    await work.write(EntryKind.PROMISE_KEPT, incident_id, actor_id=by, facts=facts)
    await escalations.end_for(work, incident_id, clock, f"{clock.value} promise kept", by)
    return promise


async def withdraw(work: UnitOfWork, incident_id: str, clocks: Iterable[ClockName], reason: str, by: str | None) -> None:
    """Ends open promises that are no longer owed, and their ringing."""
    for clock in clocks:
        promise = await promises.find_open(work.tx, incident_id, clock)
        if promise is not None:
            await promises.mark_withdrawn(work.tx, promise.id, work.now)
            await timers.cancel_of_promise(work.tx, promise.id, work.now)
        await escalations.end_for(work, incident_id, clock, reason, by)


async def warn(work: UnitOfWork, timer: Timer) -> None:
    """Says in the channel, and to the owner, that a promise is about to break."""
    promise, incident = await _of(work, timer)
    facts = {"clock": promise.clock.value, "due_at": promise.due_at.isoformat(), "late_seconds": _late(work, timer)}
    await work.write(EntryKind.PROMISE_WARNED, incident.id, facts=facts)
    words = notices.promise_warned(await situations.read(work, incident), promise, await _mention(work, incident))
    await say(work, incident.id, words, valid_until=promise.due_at)


async def miss(work: UnitOfWork, timer: Timer) -> None:
    """Writes down that a promise was missed, tells the owner, and rings the chain by the roads that the severity names."""
    promise, incident = await _of(work, timer)
    await promises.mark_missed(work.tx, promise.id, work.now)
    facts = {"clock": promise.clock.value, "due_at": promise.due_at.isoformat(), "late_seconds": _late(work, timer)}
    await work.write(EntryKind.PROMISE_MISSED, incident.id, facts=facts)
    await _chase(work, incident, promise)


async def chase(work: UnitOfWork, timer: Timer) -> None:
    """The missed promise is still open: the owner is told again and the chain rung again, until somebody moves."""
    promise, incident = await _of(work, timer)
    await _chase(work, incident, promise)


async def _chase(work: UnitOfWork, incident: Incident, promise: Promise) -> None:
    words = notices.promise_missed(await situations.read(work, incident), promise, await _mention(work, incident))
    await say(work, incident.id, words)
    if promise.clock is not ClockName.POSTMORTEM:
        await say(work, incident.id, words, purpose=Purpose.ANNOUNCE)
        await escalations.start(work, incident, promise.clock)
    again = work.now + (promise.due_at - promise.started_at)
    await _arm(work, promise, ((TimerKind.CHASE, again),))


async def _of(work: UnitOfWork, timer: Timer) -> tuple[Promise, Incident]:
    assert timer.promise_id is not None, "warn, breach and chase timers belong to a promise"
    promise = await promises.get_promise(work.tx, timer.promise_id)
    return promise, await incidents.get_incident(work.tx, promise.incident_id)


def _late(work: UnitOfWork, timer: Timer) -> int:
    return int(lateness(timer.due_at, work.now).total_seconds())


async def _mention(work: UnitOfWork, incident: Incident) -> str | None:
    if incident.owner_id is None:
        return None
    return (await people.get_person(work.tx, incident.owner_id)).slack_user_id
