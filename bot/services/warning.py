"""Warnings of promises that are about to break, of however many incidents at once: a handful of statements say them all (J6, B2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.severity import WRITE_UP, ClockName
from bot.domain.situation import Owing
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise, Timer
from bot.messages import notices
from bot.services import promises, write_up
from bot.services.outbox import Saying, say_all
from bot.services.work import UnitOfWork
from bot.store import incidents, people
from bot.store import promises as rows


@dataclass(frozen=True, slots=True)
class _Warning:
    timer: Timer
    promise: Promise
    incident: incidents.Outline
    policy: Policy

    @property
    def wanted(self) -> bool:
        """Whether people have something to do: a ticket that a tracker takes by mail sends itself."""
        return not (self.promise.clock is ClockName.TICKET and self.policy.ticket_mail is not None)


async def warn(work: UnitOfWork, due: Sequence[Timer]) -> None:
    """Says in the channels, and to the owners, which promises are about to break; of one incident in the order of the timers."""
    warnings = [warning for warning in await _read(work, due) if warning.wanted]
    if not warnings:
        return
    entries = [(one.incident.id, promises.facts_of(one.promise, one.timer.due_at, work.now)) for one in warnings]
    await work.write_all(EntryKind.PROMISE_WARNED, entries)
    owners = await _owners(work, warnings)
    await say_all(work, [await _notice(work, one, owners.get(one.timer.id)) for one in warnings])


async def _read(work: UnitOfWork, due: Sequence[Timer]) -> list[_Warning]:
    promised = {one.id: one for one in await rows.list_by_ids(work.tx, {timer.promise_id for timer in due if timer.promise_id})}
    found = await incidents.list_outlines(work.tx, {timer.incident_id for timer in due})
    policies = {digest: await work.policy_of(digest) for digest in {incident.policy_digest for incident in found.values()}}
    pairs = [(timer, found[timer.incident_id]) for timer in due]
    return [_Warning(timer, promised[timer.promise_id or ""], incident, policies[incident.policy_digest]) for timer, incident in pairs]


async def _owners(work: UnitOfWork, warnings: Collection[_Warning]) -> Mapping[str, Member]:
    """Whose task it is to keep each promise, by the timer; those that nobody has are not in it."""
    writing = {one.incident.id for one in warnings if one.promise.clock in WRITE_UP}
    roles = await incidents.list_roles_of(work.tx, writing) if writing else {}
    holders = {
        one.timer.id: promises.owner_id(one.policy, one.incident.owner_id, one.promise.clock, roles.get(one.incident.id, {}))
        for one in warnings
    }
    known = {one.id: one for one in await people.list_by_ids(work.tx, {person_id for person_id in holders.values() if person_id})}
    return {timer_id: known[person_id] for timer_id, person_id in holders.items() if person_id}


async def _notice(work: UnitOfWork, warning: _Warning, owner: Member | None) -> Saying:
    incident, promise, policy = warning.incident, warning.promise, warning.policy
    owes_write_up = promise.clock is ClockName.POSTMORTEM
    unwritten = await write_up.unwritten(work, await incidents.get_incident(work.tx, incident.id), policy) if owes_write_up else ()
    owing = Owing(incident.reference, tuple(policy.zones), work.now, unwritten)
    said = notices.promise_warned(owing, promise, owner.slack_user_id if owner else None)
    return Saying(incident.id, said, promise.due_at)
