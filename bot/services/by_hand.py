"""Runs beside the chain: pages that a person, or a step of an escalation, asked for."""

from __future__ import annotations

from bot.domain.escalation import BY_HAND, Position, delay_at
from bot.domain.incidents import Incident
from bot.domain.pages import Escalation
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import TimerKind
from bot.services.work import UnitOfWork
from bot.store import escalations, timers


async def run_for(work: UnitOfWork, incident: Incident, clock: ClockName, running: Escalation | None) -> Escalation:
    """The run to which such pages belong, at a ring of their own: the one that rings, else one that only waits for their answers."""
    run = running or await _begin(work, incident, clock)
    before = [page for page in await escalations.list_pages(work.tx, incident.id) if page.escalation_id == run.id and page.level == BY_HAND]
    return run.at(Position(run.round, BY_HAND, 1 + max((page.ring for page in before), default=0)))


async def _begin(work: UnitOfWork, incident: Incident, clock: ClockName) -> Escalation:
    at = Position(1, BY_HAND, 1)
    run = await escalations.add_escalation(work.tx, incident.id, clock, at, work.now)
    policy = await work.policy_of(incident.policy_digest)
    due_at = work.now + delay_at(policy.chain, at)
    await timers.add_timer(work.tx, incident.id, TimerKind.RING, due_at=due_at, armed_at=work.now, escalation_id=run.id)
    await work.write(EntryKind.CHAIN_STARTED, incident.id, facts={"clock": run.clock.value, "by_hand": True})
    return run
