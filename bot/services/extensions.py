"""Putting a promise off: a person may, once, and says why (J6)."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.clocks import Running, put_off
from bot.domain.incidents import Incident
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.errors import Malformed, Refused
from bot.messages import stages as words
from bot.messages import texts
from bot.messages.owed import OWED
from bot.services import promises, situations
from bot.services.outbox import refresh_card, say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents, people, timers
from bot.store import promises as rows

_REASON_LIMIT = 500
_AT_MOST = timedelta(days=30)


async def extend(work: UnitOfWork, incident_id: str, person_id: str, clock: ClockName | None, by: timedelta, reason: str) -> Promise:
    """The promise, put off once by a person who says why; without a clock it is the one that is due next."""
    member = await people.get_person(work.tx, person_id)
    require_act(member)
    incident = await incidents.lock_incident(work.tx, incident_id)
    one = await _to_extend(work, incident, clock)
    said = texts.clean(reason.strip(), _REASON_LIMIT)
    _check_extension(one.promise, by, said)
    rule = await promises.rule_of(work, incident, one.promise)
    move = put_off(rule, one, by, work.now)
    if not await rows.extend_promise(work.tx, one.promise.id, move.due_at, work.now, said):
        raise Refused(_twice(one.promise))
    await timers.cancel_of_promise(work.tx, one.promise.id, work.now, f"put off by {member.name}: {said}")
    await promises.arm(work, one.promise, move.timers)
    facts = {"clock": one.promise.clock.value, "old": one.promise.due_at.isoformat(), "due_at": move.due_at.isoformat()}
    await work.write(EntryKind.PROMISE_EXTENDED, incident.id, actor_id=person_id, text=said, facts=facts)
    if one.promise.clock is ClockName.UPDATE:
        incident = await promises.show_next_update(work, incident)
    promise = await rows.get_promise(work.tx, one.promise.id)
    notice = words.extended(await situations.read(work, incident), member.name, promise, one.promise.due_at, said)
    await say(work, incident.id, notice)
    await refresh_card(work, incident.id)
    return promise


async def _to_extend(work: UnitOfWork, incident: Incident, clock: ClockName | None) -> Running:
    running = await promises.list_running(work, incident)
    wanted = [one for one in running if clock in (None, one.promise.clock)]
    found = next((one for one in wanted if one.promise.missed_at is None), next(iter(wanted), None))
    if found is None:
        choices = ", ".join(one.promise.clock.value for one in running)
        more = f" Running now: {choices}." if choices else ""
        raise Refused(f"{incident.reference} owes {OWED[clock] if clock else 'nothing'}{' no longer' if clock else ' now'}.{more}")
    return found


def _check_extension(promise: Promise, by: timedelta, reason: str) -> None:
    if not timedelta() < by <= _AT_MOST:
        raise Malformed("Name a span such as 15m, of 30 days at most.")
    if not reason:
        raise Malformed("Say why, for example `/incident extend update 15m Waiting for the vendor`: it stands on the timeline.")
    if promise.missed_at is not None:
        raise Refused(f"{OWED[promise.clock].capitalize()} is late already and cannot be put off. Keep it now; its lateness stays.")
    if promise.extended_at is not None:
        raise Refused(_twice(promise))


def _twice(promise: Promise) -> str:
    return f"{OWED[promise.clock].capitalize()} was put off once already. A promise can be put off once."
