"""What a policy makes of one incident, by the same arithmetic as its timers: which clocks run and break, and who is called when.

What people did is taken from the record (``Lived``). Where there is none, a chain is followed for one round, as far as it goes when nobody
answers, and of the clocks it is said that they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.clocks import Running, moments, replan, step_due, step_due_anew
from bot.domain.escalation import OWNER_LEVEL, Position, delay_at, first_position, levels_for, next_level, next_ring
from bot.domain.people import Member
from bot.domain.policy import Person, Policy
from bot.domain.roads import Step, steps
from bot.domain.severity import RESPONSE, WRITE_UP, ClockName, EscalationStep, Road, Severity, Until
from bot.domain.timers import Promise, TimerKind, plan_timers

_ROUNDS = 3
"""How many rounds of a chain are followed that nobody answered for as long."""
_UNTIL = {Until.ACKNOWLEDGED: ClockName.ACKNOWLEDGE, Until.MITIGATED: ClockName.MITIGATE, Until.RESOLVED: ClockName.RESOLVE}
"""What keeps a step from being taken."""
Stages = Sequence[tuple[datetime, Severity]]
"""The severities of an incident, each with the moment from which it was of that one; the first is the opening."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What people did about an incident: when they kept which clock last, when they gave updates, when they resolved it.

    Of a clock that is not ``recorded`` nothing is known. ``owner`` is a key of people. The record ends at ``known_until``.
    """

    reference: str
    kept: Mapping[ClockName, datetime]
    recorded: frozenset[ClockName]
    updated_at: tuple[datetime, ...]
    resolved_at: datetime | None
    owner: str | None
    known_until: datetime


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A page: when, to whom (a key of people), by which road, and for which clock, or for which step of an escalation."""

    at: datetime
    person: str
    road: Road
    why: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a clock; ``broken`` is None where the record does not say whether it was kept."""

    clock: ClockName
    started_at: datetime
    due_at: datetime
    kept_at: datetime | None
    broken: bool | None


def runs(stages: Stages, lived: Lived | None) -> list[Run]:
    """The clocks that run under these severities, in the order in which they are due, with what became of them."""
    opened_at, severity = stages[0]
    running = {clock: _begun(severity, clock, opened_at) for clock in RESPONSE if clock in severity.clocks}
    found: list[Run] = []
    for moment, worse in stages[1:]:
        found += _settle(running, severity, lived, moment)
        owed = [clock for clock in RESPONSE if _kept(clock, opened_at, lived) is None]
        armed = [Running(promise, _armed(severity, promise, moment)) for promise in running.values()]
        plan, severity = replan(worse, armed, owed, moment, raised=True), worse
        for promise in plan.withdrawn:
            running.pop(promise.clock, None)
        running |= {move.promise.clock: replace(move.promise, due_at=move.due_at) for move in plan.moves}
        running |= {start.clock: _promise(start.clock, moment, start.due_at) for start in plan.starts}
    found += _settle(running, severity, lived, None)
    found += [_ended(promise, lived) for promise in running.values()]
    if lived is not None and lived.resolved_at is not None:
        written = [_begun(severity, clock, lived.resolved_at) for clock in WRITE_UP if clock in severity.clocks]
        found += [_ended(promise, lived) for promise in written]
    return sorted(found, key=lambda run: (run.due_at, run.clock.value))


def _promise(clock: ClockName, started_at: datetime, due_at: datetime) -> Promise:
    return Promise(clock.value, "", clock, 1, started_at, due_at, None, None, None)


def _begun(severity: Severity, clock: ClockName, started_at: datetime) -> Promise:
    planned = dict(plan_timers(severity.clocks[clock], started_at))
    return _promise(clock, started_at, planned[TimerKind.BREACH])


def _armed(severity: Severity, promise: Promise, now: datetime) -> Mapping[TimerKind, datetime]:
    return moments(severity.clocks[promise.clock], promise.due_at, now)


def _kept(clock: ClockName, since: datetime, lived: Lived | None) -> datetime | None:
    """When a run that began then was kept; the first update after it, of that clock."""
    if lived is None:
        return None
    if clock is ClockName.UPDATE:
        return next((at for at in lived.updated_at if at > since), None)
    at = lived.kept.get(clock)
    return at if at is not None and at >= since else None


def _settle(running: dict[ClockName, Promise], severity: Severity, lived: Lived | None, until: datetime | None) -> Iterator[Run]:
    """The runs that were kept by then, taken out of those that run; an update begins the next run of its clock."""
    for clock in list(running):
        while (at := _kept(clock, running[clock].started_at, lived)) is not None and (until is None or at <= until):
            promise = running.pop(clock)
            yield Run(clock, promise.started_at, promise.due_at, at, at > promise.due_at)
            if clock is not ClockName.UPDATE or lived is None or (lived.resolved_at is not None and at >= lived.resolved_at):
                break
            running[clock] = _begun(severity, clock, at)


def _ended(promise: Promise, lived: Lived | None) -> Run:
    """A run at the end of the record: broken where it was due before the incident was resolved, or before the record ends."""
    if lived is None or promise.clock not in lived.recorded:
        return Run(promise.clock, promise.started_at, promise.due_at, None, None)
    kept_at = _kept(promise.clock, promise.started_at, lived)
    over = lived.known_until if promise.clock in WRITE_UP or lived.resolved_at is None else lived.resolved_at
    return Run(promise.clock, promise.started_at, promise.due_at, kept_at, promise.due_at < (kept_at or over))


def calls(policy: Policy, stages: Stages, found: Iterable[Run], lived: Lived | None, runbook: str | None = None) -> list[Call]:
    """Who is called when: by severities that page, by clocks that break, and by the steps of escalations."""
    begun: dict[ClockName, datetime] = {}
    acknowledged_at = _kept(ClockName.ACKNOWLEDGE, stages[0][0], lived)
    for at, severity in stages:
        if severity.pages and (acknowledged_at is None or at < acknowledged_at):
            begun.setdefault(ClockName.ACKNOWLEDGE, at)
    made: list[Call] = []
    for run in found:
        if run.broken and run.clock in RESPONSE:
            begun.setdefault(run.clock, run.due_at)
    for clock, at in begun.items():
        until = _kept(clock, stages[0][0] if clock is not ClockName.UPDATE else at, lived)
        made += _rung(policy, _severity_at(stages, at), clock, at, until or (lived.resolved_at if lived else None), lived)
    opened_at = stages[0][0]
    for number, (at, severity) in enumerate(stages):
        later = stages[number + 1][0] if number + 1 < len(stages) else None
        for step in severity.escalate:
            due_at = step_due_anew(step, opened_at, at, raised=True) if number else step_due(step, opened_at, at)
            made += _stepped(policy, stages, step, due_at, _first(later, _over(step, opened_at, lived)))
    if runbook is not None and runbook in policy.runbooks:
        for step in policy.runbooks[runbook].escalation:
            made += _stepped(policy, stages, step, step_due(step, opened_at, opened_at), _over(step, opened_at, lived))
    return sorted(made)


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _over(step: EscalationStep, opened_at: datetime, lived: Lived | None) -> datetime | None:
    """When what the step waits for was reached, or the incident was resolved."""
    return _first(_kept(_UNTIL[step.until], opened_at, lived), lived.resolved_at if lived is not None else None)


def _severity_at(stages: Stages, at: datetime) -> Severity:
    return next(severity for since, severity in reversed(stages) if since <= at)


def _rung(
    policy: Policy, severity: Severity, clock: ClockName, begins_at: datetime, until: datetime | None, lived: Lived | None
) -> Iterator[Call]:
    """The chain from its first place on, until somebody answered; for one round where it is not known whether anybody did."""
    named, owner = severity.roads_for(clock), lived.owner if lived is not None else None
    place = first_position(owner_first=clock is not ClockName.ACKNOWLEDGE and owner is not None)
    if place.level != OWNER_LEVEL and place.level not in levels_for(policy.chain, severity):
        place = next_level(policy.chain, place, severity)
    rounds, reached, moment = (1 if until is None else _ROUNDS), False, begins_at
    while (
        place.round <= rounds and (until is None or moment < until) and (levels_for(policy.chain, severity) or place.level == OWNER_LEVEL)
    ):
        delay = delay_at(policy.chain, place)
        ways = list(_ways(policy, place, named, owner))
        for key, step in ways:
            at = moment + step.after
            if step.after < delay and (until is None or at < until):
                yield Call(at, key, step.road, clock.value, place.level)
        following = next_ring(policy.chain, place, severity) if ways else next_level(policy.chain, place, severity)
        moment, reached = (moment + delay, True) if ways else (moment, reached)
        if following.round > place.round and not reached:
            return
        place = following


def _ways(policy: Policy, place: Position, named: Sequence[Road], owner: str | None) -> Iterator[tuple[str, Step]]:
    """The people at a place of the chain, each by each of their roads."""
    if place.level == OWNER_LEVEL:
        who, roads = ([owner] if owner is not None else []), tuple(named)
    else:
        level = policy.chain[place.level - 1]
        who, roads = list(policy.members(level.who)), tuple(road for road in level.roads or named if road in named)
    for key in who:
        if (person := policy.people.get(key)) is not None:
            yield from ((key, step) for step in steps(_member(key, person), roads, person.roads))


def _member(key: str, person: Person) -> Member:
    return Member(key, key, person.name, person.slack, person.phone, person.email, person.access, None, None)


def _stepped(policy: Policy, stages: Stages, step: EscalationStep, due_at: datetime, ended_at: datetime | None) -> Iterator[Call]:
    """The people of a step that comes due before it is needless, each by the first of their roads."""
    if ended_at is not None and due_at >= ended_at:
        return
    severity = _severity_at(stages, due_at)
    for key in policy.members(step.who):
        if (person := policy.people.get(key)) is not None:
            ways = steps(_member(key, person), severity.roads_for(severity.clock_until(step.until)), person.roads)
            yield from (Call(due_at, key, way.road, f"escalation until {step.until.value}") for way in ways if not way.after)
