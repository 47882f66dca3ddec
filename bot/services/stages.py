"""The stages of an incident: who is told of it, whom each step calls when nobody has got so far, and which roads ring (O7, O11, S2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.clocks import step_due, step_due_anew
from bot.domain.escalation import BY_HAND
from bot.domain.incidents import Incident
from bot.domain.pages import Escalation, Page
from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.severity import WRITE_UP, ClockName, EscalationStep, Severity, Until
from bot.domain.timeline import EntryKind
from bot.domain.timers import Timer, TimerKind
from bot.messages import notices
from bot.messages import stages as words
from bot.services import by_hand, channels, escalations, informing, promises, situations, tickets
from bot.services.outbox import say, tell
from bot.services.work import UnitOfWork
from bot.store import escalations as rows
from bot.store import incidents, timers
from bot.store import promises as promise_rows

SEVERITY = "severity"
"""The subject of the steps that the severity names; those of a runbook are ``runbook:KEY``."""
_CLOCKS = {Until.ACKNOWLEDGED: ClockName.ACKNOWLEDGE, Until.MITIGATED: ClockName.MITIGATE, Until.RESOLVED: ClockName.RESOLVE}


async def begin(work: UnitOfWork, incident: Incident, since: datetime | None = None) -> None:
    """Tells whom the severity names of a new or reopened incident, and arms its steps, counted from the opening or ``since``."""
    severity = await _severity(work, incident)
    await informing.tell_of(work, incident, severity)
    await arm(work, incident, SEVERITY, severity.escalate, since)


async def change(work: UnitOfWork, incident: Incident, before: Severity) -> None:
    """Goes on by the incident's severity, which was another one ``before``: its steps, its roads, and whom it tells."""
    severity = await _severity(work, incident)
    reason = f"the severity changed from {before.label} to {severity.label}"
    await informing.tell_of(work, incident, severity)
    await timers.cancel_steps(work.tx, incident.id, f"{SEVERITY}:", work.now, reason)
    for number, step in enumerate(severity.escalate):
        due_at = step_due_anew(step, incident.opened_at, work.now, raised=severity.rank < before.rank)
        await _arm_step(work, incident, f"{SEVERITY}:{number}", due_at)
    for run in await rows.list_running(work.tx, incident.id):
        await _change_roads(work, incident, run, severity, reason)
    for promise in await promise_rows.list_open(work.tx, incident.id):
        if promise.missed_at is not None and promise.clock not in WRITE_UP:
            await escalations.start(work, incident, promise.clock)


async def _severity(work: UnitOfWork, incident: Incident) -> Severity:
    return (await work.policy_of(incident.policy_digest)).severity(incident.severity)


async def arm(work: UnitOfWork, incident: Incident, subject: str, steps: Sequence[EscalationStep], since: datetime | None = None) -> None:
    """Arms the steps of an escalation, counted from the opening or ``since``; ``subject`` is ``severity`` or ``runbook:KEY``."""
    await timers.cancel_steps(work.tx, incident.id, f"{subject}:", work.now, "armed anew")
    for number, step in enumerate(steps):
        await _arm_step(work, incident, f"{subject}:{number}", step_due(step, since or incident.opened_at, work.now))


async def _arm_step(work: UnitOfWork, incident: Incident, subject: str, due_at: datetime) -> None:
    await timers.add_timer(work.tx, incident.id, TimerKind.STEP, due_at=due_at, armed_at=work.now, subject=subject)


async def end(work: UnitOfWork, incident_id: str, reason: str) -> None:
    """Cancels every step that is to come, for the incident is over."""
    await timers.cancel_steps(work.tx, incident_id, "", work.now, reason)


def _find_step(policy: Policy, severity: Severity, subject: str) -> EscalationStep | None:
    """The step that a timer's subject stands for; None when the policy that the incident runs by has it no more."""
    of, _, number = subject.rpartition(":")
    kind, _, key = of.partition(":")
    runbook = policy.runbooks.get(key)
    steps = severity.escalate if kind == SEVERITY else runbook.escalation if runbook is not None else ()
    return steps[int(number)] if int(number) < len(steps) else None


def _reached(incident: Incident, until: Until) -> bool:
    done = {Until.ACKNOWLEDGED: incident.acknowledged_at, Until.MITIGATED: incident.mitigated_at}
    return not incident.open or done.get(until) is not None


async def reach(work: UnitOfWork, timer: Timer) -> None:
    """Calls the people of a step, unless somebody got so far meanwhile; whose severity calls nobody are told."""
    incident = await incidents.get_incident(work.tx, timer.incident_id)
    policy = await work.policy_of(incident.policy_digest)
    severity = policy.severity(incident.severity)
    step = _find_step(policy, severity, timer.subject or "")
    if step is None or _reached(incident, step.until):
        return
    members, missing = await informing.find_people(work, incident, step.who)
    clock = _CLOCKS[step.until] if severity.roads_for(_CLOCKS[step.until]) else ClockName.ACKNOWLEDGE
    paged = await _page(work, incident, severity, clock, members)
    others = [member for member in members if member not in paged]
    await _tell(work, incident, others)
    facts = {"subject": timer.subject, "until": step.until.value, "names": [m.name for m in members], "missing": missing}
    how = "paged" if paged else "told"
    await work.write(EntryKind.ESCALATED, incident.id, facts=facts | {"how": how})
    situation = await situations.read(work, incident)
    if members:
        await say(work, incident.id, words.escalated(situation, step, [member.name for member in members], paged=bool(paged)))
    if missing:
        await say(work, incident.id, words.escalation_skipped(situation, missing))


async def _page(work: UnitOfWork, incident: Incident, severity: Severity, clock: ClockName, members: Sequence[Member]) -> list[Member]:
    """Those of the people who could be called by the roads of that clock, in a run of their own or beside what rings for it."""
    policy = await work.policy_of(incident.policy_digest)
    roads = severity.roads_for(clock)
    ways = [(member, escalations.steps_to(policy, member, roads)) for member in members] if roads else []
    reached = [(member, steps) for member, steps in ways if steps]
    if not reached:
        return []
    run = await by_hand.run_for(work, incident, clock, await rows.find_running(work.tx, incident.id, clock))
    situation = await situations.read(work, incident)
    for member, steps in reached:
        for step in (step for step in steps if not step.after):
            await escalations.page(work, incident, run, member, step)
        await tell(work, member, notices.you_are_paged(situation), incident.id)
        await channels.bring_in(work, incident, member.id)
    return [member for member, _ in reached]


async def _tell(work: UnitOfWork, incident: Incident, members: Sequence[Member]) -> None:
    if members:
        situation = await situations.read(work, incident)
        said, mailed = words.told(situation), words.told_by_mail(situation)
        await informing.inform(work, incident, members, said, mailed, of="the escalation")


async def _change_roads(work: UnitOfWork, incident: Incident, run: Escalation, severity: Severity, reason: str) -> None:
    """Has a run ring by the severity's roads at once: pages by others are stopped, those of the chain that are due now are added.

    Whom a person had called by hand, which is a run for the first clock, is called as that person wanted.
    """
    of_a_person = run.clock is ClockName.ACKNOWLEDGE
    if run.level == BY_HAND and of_a_person:
        return
    named = severity.roads_for(run.clock)
    if not named or not (run.level == BY_HAND or await _still_due(work, incident, run, severity)):
        await escalations.end(work, run, reason, None)
        return
    pages = await rows.list_alive_of(work.tx, run.id)
    await _stop(work, incident, [page for page in pages if page.road not in named and not (page.level == BY_HAND and of_a_person)], reason)
    if run.level != BY_HAND:
        await timers.cancel_road(work.tx, run.id, work.now, reason)
        await escalations.take_next_roads(work, run.id)


async def _stop(work: UnitOfWork, incident: Incident, stopped: Sequence[Page], reason: str) -> None:
    if not stopped:
        return
    await rows.stop_pages(work.tx, stopped, work.now)
    for page in stopped:
        facts = {"person_id": page.person_id, "page_id": page.id, "road": page.road, "code": page.code, "error": reason}
        await work.write(EntryKind.PAGE_STOPPED, incident.id, facts=facts)
    roads = sorted({page.road for page in stopped})
    await say(work, incident.id, words.roads_stopped(await situations.read(work, incident), roads))


async def _still_due(work: UnitOfWork, incident: Incident, run: Escalation, severity: Severity) -> bool:
    """Whether the severity has that clock's chain rung now: for a promise that was missed, or from the beginning."""
    if run.clock is ClockName.ACKNOWLEDGE and severity.pages and incident.acknowledged_at is None:
        return True
    promise = await promise_rows.find_open(work.tx, incident.id, run.clock)
    return promise is not None and promise.missed_at is not None


async def miss(work: UnitOfWork, timer: Timer) -> None:
    """Does what a clock wants when a promise is due and not kept."""
    promise, _ = await promises.of_timer(work, timer)
    await (tickets.due if promise.clock is ClockName.TICKET else promises.miss)(work, timer)
