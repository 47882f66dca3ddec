"""The quiet cycle before the end and the watch after it: what happens when their timers fire (J11, S5, W9)."""

from __future__ import annotations

from bot.domain.closing import CheckState, VerificationRules
from bot.domain.incidents import Incident
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.domain.timers import Timer, TimerKind
from bot.messages import endings, times
from bot.services import closing, fulfilment, situations
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import alerts, incidents, watching


async def quiet_is_over(work: UnitOfWork, timer: Timer) -> None:
    """The cycle is over; where an alert fired meanwhile it goes on from that alert (J11)."""
    incident = await incidents.get_incident(work.tx, timer.incident_id)
    rules = await closing.rules_of(work, incident)
    if rules is None or incident.status is not Status.MONITORING:
        return
    until = await fulfilment.quiet_end(work, incident, rules)
    if until is not None and until > work.now:
        await watching.arm(work.tx, incident.id, TimerKind.QUIET, until, work.now)
    await closing.monitors_spoke(work, incident)


async def begin(work: UnitOfWork, incident: Incident) -> None:
    """Watches a resolved incident for as long as its policy says (S5, W9)."""
    rules = await closing.rules_of(work, incident)
    if rules is not None and rules.watch is not None:
        await watching.arm(work.tx, incident.id, TimerKind.WATCH, work.now + rules.watch, work.now)
        await say(work, incident.id, endings.watched(await situations.read(work, incident)))


async def stop(work: UnitOfWork, incident: Incident, reason: str) -> None:
    """Ends the watch before its time."""
    await watching.disarm(work.tx, incident.id, TimerKind.WATCH, work.now, reason)


async def watch_is_over(work: UnitOfWork, timer: Timer) -> None:
    """The watch ended without a return: the recovery is verified, unless monitors still say otherwise (S5, W9)."""
    incident = await incidents.get_incident(work.tx, timer.incident_id)
    rules = await closing.rules_of(work, incident)
    if incident.open or rules is None:
        return
    why = await _still(work, incident, rules)
    if why:
        await work.write(EntryKind.NOT_VERIFIED, incident.id, text=why)
        await say(work, incident.id, endings.not_verified(await situations.read(work, incident), why))
    else:
        incident = await incidents.change_incident(work.tx, incident, verified_at=work.now)
        await work.write(EntryKind.VERIFIED, incident.id)
        await say(work, incident.id, endings.verified(await situations.read(work, incident)))
    await _leave_phase(work, incident)
    await refresh_card(work, incident.id)


async def _still(work: UnitOfWork, incident: Incident, rules: VerificationRules) -> str:
    """What monitors hold against the recovery; empty when they hold nothing."""
    firing = await alerts.count_firing(work.tx, incident.id) if rules.alerts else 0
    policy = await work.policy_of(incident.policy_digest)
    states = await fulfilment.states(work, policy) if rules.checks else {}
    said = [f"{firing} of its alerts {'is' if firing == 1 else 'are'} firing still"] if firing else []
    for name in rules.checks:
        check = states[name]
        since = f" since {times.near(check.since, work.now, policy.zones)}" if check.since else ""
        said += [f"the check {check.title} is {check.state.value}{since}"] if check.state is not CheckState.GREEN else []
    return "; ".join(said) + "." * bool(said)


async def _leave_phase(work: UnitOfWork, incident: Incident) -> None:
    """Goes from the phase in which it was watched to the next one of a resolved incident, or to none."""
    phases = [phase.name for phase in (await work.policy_of(incident.policy_digest)).phases if phase.status is Status.RESOLVED]
    if incident.phase in phases:
        following = phases[phases.index(incident.phase) + 1 :]
        await closing.set_phase(work, incident, following[0] if following else None, None)
