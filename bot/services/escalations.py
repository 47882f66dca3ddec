"""Calling people out: a run through the chain for one clock of one incident.

A run rings a level, waits, rings again, goes on to the next level, and begins again when the chain is exhausted, until somebody
answers. A level in which nobody can be reached is passed over at once (complaint 6); an exhausted chain says so loudly (22).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.escalation import (
    BY_HAND,
    EMPTY_ROUND_DELAY,
    OWNER_LEVEL,
    Position,
    delay_at,
    first_position,
    next_level,
    next_ring,
    parked,
    places_to_try,
)
from bot.domain.incidents import Incident, Purpose
from bot.domain.pages import Escalation, Page, PageState
from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.roads import ANY, KINDS, Step, instead_of, steps
from bot.domain.severity import ClockName, Road, Severity
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind
from bot.domain.timers import TimerKind
from bot.messages import calls, notices
from bot.services import situations
from bot.services.outbox import say, tell
from bot.services.work import UnitOfWork
from bot.store import escalations, incidents, outbox, people, timers


async def start(work: UnitOfWork, incident: Incident, clock: ClockName) -> None:
    """Begins to ring for that clock, unless a run for it is ringing already.

    For the acknowledge clock the chain's first level rings at once; a later breach tells the owner first.
    """
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    if not severity.roads_for(clock) or await escalations.find_running(work.tx, incident.id, clock) is not None:
        return
    owner_first = clock is not ClockName.ACKNOWLEDGE and incident.owner_id is not None
    at = first_position(owner_first=owner_first)
    run = await escalations.add_escalation(work.tx, incident.id, clock, at, work.now)
    await work.write(EntryKind.CHAIN_STARTED, incident.id, facts={"clock": clock.value})
    await _ring_from(work, incident, run, at)


async def go_on(work: UnitOfWork, escalation_id: str) -> None:
    """Nobody answered in time: the level's next ring, else the next level."""
    run, incident, policy = await _leave(work, escalation_id)
    if run.ended_at is None and run.level == BY_HAND:
        await _end_unanswered(work, incident, run)
    elif run.ended_at is None:
        await _ring_from(work, incident, run, next_ring(policy.chain, _position(run), policy.severity(incident.severity)))


async def _end_unanswered(work: UnitOfWork, incident: Incident, run: Escalation) -> None:
    situation = await situations.read(work, incident)
    silent = [situation.name(page.person_id) for page in await escalations.list_alive_of(work.tx, run.id)]
    await say(work, incident.id, notices.page_unanswered(situation, silent or ["nobody"]))
    await end(work, run, "nobody answered the page", None)


async def go_up(work: UnitOfWork, escalation_id: str) -> None:
    """Somebody asked for the next level: it is rung at once."""
    run, incident, policy = await _leave(work, escalation_id)
    if run.ended_at is None:
        await _ring_from(work, incident, run, next_level(policy.chain, _position(run), policy.severity(incident.severity)))


async def move_on_if_failed(work: UnitOfWork, escalation_id: str) -> None:
    """None of the present ring's pages can arrive any more: the next level rings at once, a new round only after a pause."""
    run = await escalations.get_escalation(work.tx, escalation_id)
    pages = await escalations.list_of_ring(work.tx, run)
    if run.ended_at is not None or run.level == BY_HAND or any(page.state is not PageState.FAILED for page in pages):
        return
    run, incident, policy = await _leave(work, escalation_id)
    to = next_level(policy.chain, _position(run), policy.severity(incident.severity))
    if to.round == run.round:
        await _ring_from(work, incident, run, to)
    else:
        await _say_exhausted(work, incident, run)
        await _park(work, run)


def _position(run: Escalation) -> Position:
    return Position(run.round, run.level, run.ring)


async def _leave(work: UnitOfWork, escalation_id: str) -> tuple[Escalation, Incident, Policy]:
    run = await escalations.get_escalation(work.tx, escalation_id)
    await timers.cancel_of_escalation(work.tx, run.id, work.now, "the chain went on")
    incident = await incidents.get_incident(work.tx, run.incident_id)
    return run, incident, await work.policy_of(incident.policy_digest)


async def _ring_from(work: UnitOfWork, incident: Incident, run: Escalation, at: Position) -> None:
    """Rings the first place from ``at`` on where somebody can be reached; parks the run when there is none."""
    policy = await work.policy_of(incident.policy_digest)
    exhausted = False
    for place in places_to_try(policy.chain, at, policy.severity(incident.severity)):
        if place.round > run.round and not exhausted:
            exhausted = True
            await _say_exhausted(work, incident, run)
        if place != _position(run):
            await escalations.move(work.tx, run.id, place)
        if await _ring(work, incident, run.at(place), policy):
            await _wait(work, run, delay_at(policy.chain, place))
            return
    if not exhausted:
        await _say_exhausted(work, incident, run)
    await _park(work, run)


async def _park(work: UnitOfWork, run: Escalation) -> None:
    await escalations.move(work.tx, run.id, parked(run.round + 1))
    await _wait(work, run, EMPTY_ROUND_DELAY)


async def _wait(work: UnitOfWork, run: Escalation, delay: timedelta) -> None:
    due_at = work.now + delay
    await timers.add_timer(work.tx, run.incident_id, TimerKind.RING, due_at=due_at, armed_at=work.now, escalation_id=run.id)


async def _ring(work: UnitOfWork, incident: Incident, run: Escalation, policy: Policy) -> bool:
    """Whether anybody could be rung at the place where the run stands."""
    severity = policy.severity(incident.severity)
    roads = _roads(policy, severity, run)
    members = await _members(work, incident, run, policy)
    planned = [(member, steps_to(policy, member, roads)) for member in members]
    reachable = [(member, steps) for member, steps in planned if steps]
    if not reachable:
        await _skip(work, incident, run, _why_skipped(members, roads))
        return False
    situation = await _take(work, incident, run, [(member, step) for member, steps in reachable for step in steps if not step.after])
    for member, _ in reachable:
        await tell(work, member, notices.you_are_paged(situation), incident.id)
    missing = [member.name for member, steps in planned if not steps]
    if missing and (run.round, run.ring) == (1, 1):
        await say(work, incident.id, notices.not_reachable(situation, missing, run.level))
    await _arm_next_road(work, run, [step.after for _, steps in reachable for step in steps], timedelta())
    return True


def steps_to(policy: Policy, member: Member, roads: Sequence[Road]) -> tuple[Step, ...]:
    """How that person is called by the roads that are allowed, as the policy says they wish to be."""
    person = policy.people.get(member.key or "")
    return steps(member, roads, person.roads if person is not None else ())


async def _take(work: UnitOfWork, incident: Incident, run: Escalation, ways: Sequence[tuple[Member, Step]]) -> Situation:
    """Pages each person by that road, and says in the channel who is called by which; gives back the incident as it stands now."""
    for member, step in ways:
        await page(work, incident, run, member, step)
    situation = await situations.read(work, incident)
    for road in dict.fromkeys(step.road for _, step in ways):
        names = [member.name for member, step in ways if step.road is road]
        await say(work, incident.id, notices.paging(situation, names, road, run.level, run.ring))
    return situation


async def _arm_next_road(work: UnitOfWork, run: Escalation, afters: Sequence[timedelta], passed: timedelta) -> None:
    later = [after for after in afters if after > passed]
    if later:
        due_at = work.now + min(later) - passed
        await timers.add_timer(work.tx, run.incident_id, TimerKind.ROAD, due_at=due_at, armed_at=work.now, escalation_id=run.id)


async def take_next_roads(work: UnitOfWork, escalation_id: str) -> None:
    """Nobody answered by the first roads: whoever wished for another road by now is called by it, within the same ring (S2)."""
    run = await escalations.get_escalation(work.tx, escalation_id)
    pages = await escalations.list_of_ring(work.tx, run)
    if run.ended_at is not None or not pages:
        return
    incident = await incidents.get_incident(work.tx, run.incident_id)
    policy = await work.policy_of(incident.policy_digest)
    roads = _roads(policy, policy.severity(incident.severity), run)
    passed = work.now - min(page.queued_at for page in pages)
    taken = {(page.person_id, page.road) for page in pages}
    planned = [(member, step) for member in await _members(work, incident, run, policy) for step in steps_to(policy, member, roads)]
    due = [(member, step) for member, step in planned if step.after <= passed and (member.id, step.road.value) not in taken]
    await _take(work, incident, run, due)
    await _arm_next_road(work, run, [step.after for _, step in planned], passed)


def _roads(policy: Policy, severity: Severity, run: Escalation) -> tuple[Road, ...]:
    named = severity.roads_for(run.clock)
    if run.level == BY_HAND:
        return named or ANY
    if run.level == OWNER_LEVEL:
        return named
    return tuple(road for road in policy.chain[run.level - 1].roads or named if road in named)


async def _members(work: UnitOfWork, incident: Incident, run: Escalation, policy: Policy) -> list[Member]:
    if run.level == OWNER_LEVEL:
        return [await people.get_person(work.tx, incident.owner_id)] if incident.owner_id else []
    return await people.list_by_keys(work.tx, policy.members(policy.chain[run.level - 1].who))


def _why_skipped(members: Sequence[Member], roads: Sequence[Road]) -> str:
    if not members:
        return "nobody is in it"
    if not roads:
        return "the severity names no road for it"
    return "nobody in it can be reached by the roads that the severity names"


async def _skip(work: UnitOfWork, incident: Incident, run: Escalation, why: str) -> None:
    facts = {"level": run.level, "round": run.round, "why": why, "clock": run.clock.value}
    await work.write(EntryKind.LEVEL_SKIPPED, incident.id, facts=facts)
    await say(work, incident.id, notices.level_skipped(await situations.read(work, incident), run.level, why))


async def page(work: UnitOfWork, incident: Incident, run: Escalation, member: Member, step: Step) -> None:
    """Calls one person by one road, as part of a run's present ring."""
    page = await escalations.add_page(work.tx, run, member.id, step.road.value, step.address, work.now)
    await outbox.add_message(
        work.tx,
        KINDS[step.road],
        calls.words(incident, page, linked=work.links is not None),
        lane=f"phone:{member.id}",
        created_at=work.now,
        incident_id=incident.id,
        page_id=page.id,
        request_id=work.request_id,
    )
    facts = {"person_id": member.id, "page_id": page.id, "clock": run.clock.value} | _place(page)
    await work.write(EntryKind.PAGE_QUEUED, incident.id, facts=facts)


def _place(page: Page) -> dict[str, int | str]:
    return {"road": page.road, "level": page.level, "ring": page.ring, "round": page.round, "code": page.code}


async def _say_exhausted(work: UnitOfWork, incident: Incident, run: Escalation) -> None:
    await work.write(EntryKind.CHAIN_EXHAUSTED, incident.id, facts={"round": run.round, "clock": run.clock.value})
    words = notices.chain_exhausted(await situations.read(work, incident), run.round, run.clock)
    for purpose in Purpose:
        await say(work, incident.id, words, purpose=purpose)


async def end(work: UnitOfWork, run: Escalation, reason: str, by: str | None) -> None:
    """Stops a run and everything that is pending of it, in this one transaction (complaint 5)."""
    alive = await escalations.list_alive_of(work.tx, run.id)
    await escalations.stop_pages(work.tx, alive, work.now)
    await escalations.mark_ended(work.tx, run.id, work.now, reason, by)
    await timers.cancel_of_escalation(work.tx, run.id, work.now, reason)
    facts = {"clock": run.clock.value, "reason": reason, "stopped": len(alive)}
    await work.write(EntryKind.CHAIN_ENDED, run.incident_id, actor_id=by, facts=facts)


async def end_for(work: UnitOfWork, incident_id: str, clock: ClockName | None, reason: str, by: str | None) -> None:
    """Stops the runs of one clock of an incident, or of every clock."""
    for run in await escalations.list_running(work.tx, incident_id):
        if clock is None or run.clock is clock:
            await end(work, run, reason, by)


async def fail_page(work: UnitOfWork, page: Page, reason: str, error_code: str | None) -> None:
    """A page cannot arrive: it is said, and the run moves on at once when nobody else of its ring can be reached."""
    if not await escalations.mark_page(work.tx, page.id, PageState.FAILED, ended_at=work.now, error_code=error_code):
        return
    facts = {"person_id": page.person_id, "page_id": page.id, "error": error_code or reason} | _place(page)
    await work.write(EntryKind.PAGE_FAILED, page.incident_id, facts=facts)
    situation = await situations.situation(work, page.incident_id)
    name = situation.name(page.person_id)
    await say(work, page.incident_id, notices.page_failed(situation, name, Road(page.road), reason))
    if not await _take_instead(work, page):
        await move_on_if_failed(work, page.escalation_id)


async def _take_instead(work: UnitOfWork, failed: Page) -> bool:
    """Whether the person is called by another road at once in place of the one that failed (C5)."""
    run = await escalations.get_escalation(work.tx, failed.escalation_id)
    pages = [page for page in await escalations.list_of_ring(work.tx, run) if page.person_id == failed.person_id]
    if run.ended_at is not None or failed.id not in {page.id for page in pages}:
        return False
    incident = await incidents.get_incident(work.tx, run.incident_id)
    policy = await work.policy_of(incident.policy_digest)
    member = await people.get_person(work.tx, failed.person_id)
    planned = steps_to(policy, member, _roads(policy, policy.severity(incident.severity), run))
    step = instead_of(Road(failed.road), member, planned, {Road(page.road) for page in pages})
    if step is not None:
        await _take(work, incident, run, [(member, step)])
    return step is not None
