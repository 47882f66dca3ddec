"""Promises: the clocks of an incident, those of the response and those of the write-up (J6, O9, O11, O13, W8).

Each run of a clock is a row with its due time. It is warned before it is due, and when it is missed that is written down, the owner is
told, then whom the policy names, and the chain is rung; it is chased until somebody moves. The write-up is chased and rings nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.domain.clocks import Moments, Move, Running, due_from, moments, replan
from bot.domain.incidents import Incident, Purpose, Role
from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.severity import RESPONSE, WRITE_UP, ClockName, ClockRule, Severity
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise, Timer, TimerKind, lateness
from bot.messages import notices, owed
from bot.messages import stages as words
from bot.services import escalations, informing, invitations, situations
from bot.services.outbox import say
from bot.services.work import UnitOfWork
from bot.store import incidents, people, promises, timers

RESPONSE_CLOCKS = RESPONSE
OF_ROLE = {
    Role.COMMANDER: ClockName.COMMANDER,
    Role.TECHNICAL_LEAD: ClockName.TECHNICAL_LEAD,
    Role.COMMUNICATIONS_LEAD: ClockName.COMMUNICATIONS,
}
"""The clocks that are kept by giving a role."""


async def begin(work: UnitOfWork, incident: Incident, clock: ClockName, started_at: datetime) -> Promise | None:
    """Starts the clock at ``started_at``; None when the severity promises nothing by it."""
    rule = (await _severity(work, incident)).clocks.get(clock)
    if rule is None:
        return None
    return await _add(work, incident, clock, started_at, started_at + rule.breach, moments(rule, started_at + rule.breach, work.now))


async def _add(work: UnitOfWork, incident: Incident, clock: ClockName, started_at: datetime, due_at: datetime, planned: Moments) -> Promise:
    [promise] = await _add_all(work, incident, started_at, {clock: (due_at, planned)})
    return promise


async def _add_all(
    work: UnitOfWork, incident: Incident, started_at: datetime, wanted: Mapping[ClockName, tuple[datetime, Moments]]
) -> list[Promise]:
    """The new promises of clocks that all start at one moment, each with its due time and with what it arms."""
    added = await promises.add_promises(work.tx, incident.id, started_at, {clock: due_at for clock, (due_at, _) in wanted.items()})
    armed = [(promise, kind, at) for promise in added for kind, at in wanted[promise.clock][1].items()]
    await timers.add_timers(work.tx, armed, work.now)
    return added


async def arm(work: UnitOfWork, promise: Promise, planned: Moments) -> None:
    """Arms the timers of a promise."""
    await timers.add_timers(work.tx, [(promise, kind, due_at) for kind, due_at in planned.items()], work.now)


async def _severity(work: UnitOfWork, incident: Incident) -> Severity:
    return (await work.policy_of(incident.policy_digest)).severity(incident.severity)


async def begin_all(work: UnitOfWork, incident: Incident) -> Incident:
    """Starts every clock of a new incident's response at its opening: the receipt of the alert, or the declaration (J6)."""
    rules = (await _severity(work, incident)).clocks
    due = {clock: incident.opened_at + rules[clock].breach for clock in RESPONSE if clock in rules}
    await _add_all(work, incident, incident.opened_at, {clock: (at, moments(rules[clock], at, work.now)) for clock, at in due.items()})
    if ClockName.UPDATE not in due:
        return incident
    return await incidents.change_incident(work.tx, incident, next_update_at=due[ClockName.UPDATE])


async def begin_anew(work: UnitOfWork, incident: Incident, person_id: str | None) -> Incident:
    """Starts the clocks that are owed from now on, after a reopening."""
    await withdraw(work, incident.id, RESPONSE, "the clocks began anew", person_id)
    for clock in sorted(await _owed(work, incident), key=RESPONSE.index):
        await begin(work, incident, clock, work.now)
    return await show_next_update(work, incident)


async def _owed(work: UnitOfWork, incident: Incident) -> Collection[ClockName]:
    """The clocks of the response that nothing has kept so far."""
    roles = await incidents.list_roles(work.tx, incident.id)
    kept = {clock for role, clock in OF_ROLE.items() if role in roles}
    done = {ClockName.ACKNOWLEDGE: incident.acknowledged_at, ClockName.MITIGATE: incident.mitigated_at, ClockName.TICKET: incident.ticket}
    kept |= {clock for clock, value in done.items() if value is not None}
    told = [promise for promise in await promises.list_promises(work.tx, incident.id) if promise.clock is ClockName.TENANTS]
    kept |= {ClockName.TENANTS} if any(promise.kept_at for promise in told) else set()
    return set(RESPONSE) - kept


async def show_next_update(work: UnitOfWork, incident: Incident) -> Incident:
    """The incident with the time at which its next update is promised now."""
    promise = await promises.find_open(work.tx, incident.id, ClockName.UPDATE)
    return await incidents.change_incident(work.tx, incident, next_update_at=promise.due_at if promise else None)


async def change(work: UnitOfWork, incident: Incident, before: Severity, person_id: str | None) -> Incident:
    """Has every clock run by the incident's severity, which was another one ``before`` (J3): moved, begun or withdrawn, none lost."""
    severity = await _severity(work, incident)
    reason = f"the severity changed from {before.label} to {severity.label}"
    plan = replan(severity, await list_running(work, incident), await _owed(work, incident), work.now, raised=severity.rank < before.rank)
    await withdraw(work, incident.id, [promise.clock for promise in plan.withdrawn], reason, person_id)
    for move in plan.moves:
        await _move(work, incident, move, reason)
    for start in plan.starts:
        await _add(work, incident, start.clock, work.now, start.due_at, start.timers)
    return await show_next_update(work, incident)


async def list_running(work: UnitOfWork, incident: Incident) -> list[Running]:
    """The open promises of an incident with what is armed of them, the one that is due first before the others."""
    armed = await timers.list_armed(work.tx, incident.id)
    found = await promises.list_open(work.tx, incident.id)
    return [Running(one, {timer.kind: timer.due_at for timer in armed if timer.promise_id == one.id}) for one in found]


async def _move(work: UnitOfWork, incident: Incident, move: Move, reason: str) -> None:
    promise = move.promise
    await timers.cancel_of_promise(work.tx, promise.id, work.now, reason)
    if move.anew:
        await promises.mark_withdrawn(work.tx, promise.id, work.now, reason)
        await escalations.end_for(work, incident.id, promise.clock, reason, None)
        await _add(work, incident, promise.clock, promise.started_at, move.due_at, move.timers)
        return
    await promises.move_promise(work.tx, promise.id, move.due_at)
    await arm(work, promise, move.timers)


async def begin_write_up(work: UnitOfWork, incident: Incident) -> Promise | None:
    """Starts the clocks of the write-up at the resolution, and plans the meeting; gives back the postmortem's (J6, J15, O13).

    Where only a major incident owes one, nothing begins until a person has said that it was: then it counts from the resolution, too.
    What runs already goes on.
    """
    severity = await _severity(work, incident)
    wanted = () if severity.major_only and incident.major is not True else WRITE_UP
    for clock in wanted:
        rule = severity.clocks.get(clock)
        if rule is None or await promises.find_open(work.tx, incident.id, clock) is not None:
            continue
        started_at = incident.resolved_at or work.now
        due_at = due_from(rule, started_at, work.now)
        promise = await _add(work, incident, clock, started_at, due_at, moments(rule, due_at, work.now))
        if clock is ClockName.MEETING:
            await invitations.plan(work, incident, promise)
    return await promises.find_open(work.tx, incident.id, ClockName.POSTMORTEM)


async def keep(work: UnitOfWork, incident_id: str, clock: ClockName, by: str | None) -> Promise | None:
    """Writes down that the open promise of that clock is kept now, in time or late, and ends its ringing."""
    promise = await promises.find_open(work.tx, incident_id, clock)
    if promise is None:
        return None
    reason = owed.KEPT[clock]
    await promises.mark_kept(work.tx, promise.id, work.now)
    await timers.cancel_of_promise(work.tx, promise.id, work.now, reason)
    await work.write(EntryKind.PROMISE_KEPT, incident_id, actor_id=by, facts=facts_of(promise, promise.due_at, work.now))
    await escalations.end_for(work, incident_id, clock, reason, by)
    return promise


async def withdraw(work: UnitOfWork, incident_id: str, clocks: Iterable[ClockName], reason: str, by: str | None) -> None:
    """Ends open promises that are no longer owed, and their ringing; the meeting is cancelled with its promise."""
    for clock in clocks:
        promise = await promises.find_open(work.tx, incident_id, clock)
        if promise is not None:
            await promises.mark_withdrawn(work.tx, promise.id, work.now, reason)
            await timers.cancel_of_promise(work.tx, promise.id, work.now, reason)
        if promise is not None and clock is ClockName.MEETING:
            await invitations.cancel(work, incident_id, reason)
        await escalations.end_for(work, incident_id, clock, reason, by)


def facts_of(promise: Promise, due_at: datetime, now: datetime) -> dict[str, Any]:
    """What the timeline keeps of a step of a promise that was due at ``due_at`` and is done ``now``."""
    late = int(lateness(due_at, now).total_seconds())
    return {"clock": promise.clock.value, "due_at": promise.due_at.isoformat(), "late_seconds": late}


async def rule_of(work: UnitOfWork, incident: Incident, promise: Promise) -> ClockRule:
    """The rule of a promise as the severity has it now; its own span where the severity has none any more."""
    span = promise.due_at - promise.started_at
    return (await _severity(work, incident)).clocks.get(promise.clock) or ClockRule.model_validate({"breach": span})


async def miss(work: UnitOfWork, timer: Timer) -> None:
    """Writes down that a promise was missed, tells the owner and whom the clock names, and rings by the roads of the severity."""
    promise, incident = await of_timer(work, timer)
    await promises.mark_missed(work.tx, promise.id, work.now)
    await work.write(EntryKind.PROMISE_MISSED, incident.id, facts=facts_of(promise, promise.due_at, work.now))
    await _chase(work, incident, promise)


async def chase(work: UnitOfWork, timer: Timer) -> None:
    """The missed promise is still open: everybody is told again and the chain rung again, until somebody moves."""
    promise, incident = await of_timer(work, timer)
    await _chase(work, incident, promise)


async def _chase(work: UnitOfWork, incident: Incident, promise: Promise) -> None:
    rule = await rule_of(work, incident, promise)
    situation = await situations.read(work, incident)
    owner = await _owner(work, incident, promise.clock)
    said = notices.promise_missed(situation, promise, owner.slack_user_id if owner else None)
    await say(work, incident.id, said)
    await _tell(work, incident, promise, rule, owner)
    if promise.clock not in WRITE_UP:
        await say(work, incident.id, said, purpose=Purpose.ANNOUNCE)
        await escalations.start(work, incident, promise.clock)
    await arm(work, promise, {TimerKind.CHASE: work.now + rule.breach})


async def _tell(work: UnitOfWork, incident: Incident, promise: Promise, rule: ClockRule, owner: Member | None) -> None:
    """Tells whom the clock names of the miss, alone and by mail; of a write-up, which may be long after, its owner as well."""
    situation = await situations.read(work, incident)
    name = owner.name if owner is not None else "nobody yet"
    members, _ = await informing.find_people(work, incident, rule.tell)
    told = [owner] if owner is not None and promise.clock in WRITE_UP else []
    told += [member for member in members if owner is None or member.id != owner.id or not told]
    said, mailed = words.missed(situation, promise, name), words.missed_by_mail(situation, promise, name)
    await informing.inform(work, incident, told, said, mailed, of=f"a missed promise ({promise.clock.value})")


async def of_timer(work: UnitOfWork, timer: Timer) -> tuple[Promise, Incident]:
    """The promise that a timer watches over, and its incident."""
    assert timer.promise_id is not None, "breach and chase timers belong to a promise"
    promise = await promises.get_promise(work.tx, timer.promise_id)
    return promise, await incidents.get_incident(work.tx, promise.incident_id)


async def _owner(work: UnitOfWork, incident: Incident, clock: ClockName) -> Member | None:
    """Whose task it is to keep a promise."""
    policy = await work.policy_of(incident.policy_digest)
    person_id = owner_id(policy, incident.owner_id, clock, await incidents.list_roles(work.tx, incident.id))
    return None if person_id is None else await people.get_person(work.tx, person_id)


def owner_id(policy: Policy, owner: str | None, clock: ClockName, roles: Mapping[Role, str]) -> str | None:
    """The id of whose task it is to keep a promise: the owner's, and of the write-up whose the policy says it is."""
    holder = roles.get(policy.postmortem.by) if clock in WRITE_UP else None
    return holder or owner
