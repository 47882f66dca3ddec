"""When clocks warn and break: as they begin, as a severity changes under them, and as a person puts one off (J6).

Nothing here is ever planned for the past: what should have come before is due now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.severity import WRITE_UP, ClockName, ClockRule, EscalationStep, Severity
from bot.domain.timers import Promise, TimerKind

Moments = Mapping[TimerKind, datetime]


@dataclass(frozen=True, slots=True)
class Running:
    """An open promise, and what is armed of it."""

    promise: Promise
    armed: Moments


@dataclass(frozen=True, slots=True)
class Move:
    """An open promise with its new due time and timers; ``anew`` when it was missed and is owed once more by the new rule."""

    promise: Promise
    due_at: datetime
    timers: Moments
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A clock that begins now."""

    clock: ClockName
    due_at: datetime
    timers: Moments


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change of severity makes of the clocks: which move, which begin, and which are not owed any more."""

    moves: tuple[Move, ...] = ()
    starts: tuple[Start, ...] = ()
    withdrawn: tuple[Promise, ...] = field(default=())


def moments(rule: ClockRule, due_at: datetime, now: datetime, *, warned: bool = False) -> Moments:
    """When to warn of a promise that is due then, and when it is missed; of one that was warned of, not again at once."""
    warn_at = due_at - (rule.breach - rule.warn)
    warning = {TimerKind.WARN: max(warn_at, now)} if warn_at > now or not warned else {}
    return {**warning, TimerKind.BREACH: max(due_at, now)}


def due_from(rule: ClockRule, started_at: datetime, now: datetime) -> datetime:
    """When a clock that began then is due, counted from now where that is past already."""
    due_at = started_at + rule.breach
    return due_at if due_at > now else now + rule.breach


def replan(severity: Severity, running: Iterable[Running], owed: Collection[ClockName], now: datetime, *, raised: bool) -> Plan:
    """What becomes of the running clocks under another severity, and which of the clocks that may be ``owed`` begin (J3).

    Raising never gives more time than there was; lowering counts from the old beginning. The clocks of the write-up begin with the
    resolution and are left alone here.
    """
    found = {one.promise.clock: one for one in running if one.promise.clock not in WRITE_UP}
    rules = {clock: rule for clock, rule in severity.clocks.items() if clock not in WRITE_UP}
    moves = [(one, _move(rules[clock], one, now, raised=raised)) for clock, one in found.items() if clock in rules]
    fresh = [clock for clock in rules if clock in owed and clock not in found]
    return Plan(
        moves=tuple(move for one, move in moves if move.anew or move.due_at != one.promise.due_at or move.timers != one.armed),
        starts=tuple(Start(clock, now + rules[clock].breach, moments(rules[clock], now + rules[clock].breach, now)) for clock in fresh),
        withdrawn=tuple(one.promise for clock, one in found.items() if clock not in rules),
    )


def _move(rule: ClockRule, one: Running, now: datetime, *, raised: bool) -> Move:
    promise = one.promise
    if raised and promise.missed_at is not None:
        again = min(one.armed.get(TimerKind.CHASE, now + rule.breach), now + rule.breach)
        return Move(promise, promise.due_at, {TimerKind.CHASE: max(again, now)})
    if raised:
        due_at = min(promise.due_at, now + rule.breach)
        return Move(promise, due_at, moments(rule, due_at, now, warned=TimerKind.WARN not in one.armed))
    due_at = due_from(rule, promise.started_at, now)
    if promise.extended_at is not None:
        due_at = max(due_at, promise.due_at)
    anew = promise.missed_at is not None
    return Move(promise, due_at, moments(rule, due_at, now, warned=not anew and TimerKind.WARN not in one.armed), anew)


def put_off(rule: ClockRule, one: Running, by: timedelta, now: datetime) -> Move:
    """The promise with more time, as a person gave it."""
    due_at = one.promise.due_at + by
    return Move(one.promise, due_at, moments(rule, due_at, now, warned=TimerKind.WARN not in one.armed))


def step_due(step: EscalationStep, opened_at: datetime, now: datetime) -> datetime:
    """When a step of an escalation is due that counts from the opening; what is past by then is due now (O7, O11)."""
    return max(opened_at + step.after, now)


def step_due_anew(step: EscalationStep, opened_at: datetime, now: datetime, *, raised: bool) -> datetime:
    """When a step is due that another severity brings: after a raise it has its whole time, else it counts from the opening still."""
    due_at = opened_at + step.after
    return due_at if not raised and due_at > now else now + step.after
