"""Calling somebody out by hand: ``/incident page @ana`` or a level of the chain by its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.people import Member
from bot.domain.roads import ANY
from bot.domain.severity import ClockName
from bot.domain.status import Step, next_status
from bot.errors import Malformed, NotFound, Refused
from bot.messages import notices
from bot.services import by_hand, channels, escalations, situations
from bot.services.incidents import actor
from bot.services.outbox import say, tell
from bot.services.work import UnitOfWork
from bot.store import escalations as rows
from bot.store import incidents, people

_AT_MOST, _SPAN = 12, timedelta(minutes=10)
"""How often a person is called within that span before nobody can have them called once more by hand; the chain is not held back."""


async def page(work: UnitOfWork, incident_id: str, person_id: str, wanted: Sequence[Member]) -> list[Member]:
    """The people who are being called now, each by the roads that they want at once; raises Malformed when none of them can be reached.

    A chain that rings goes on beside it. Without one, an unanswered call is said in the channel after the first level's delay.
    """
    by = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    next_status(incident.status, Step.UPDATE)
    policy = await work.policy_of(incident.policy_digest)
    named = policy.severity(incident.severity).roads_for(ClockName.ACKNOWLEDGE)
    ways = [(member, escalations.steps_to(policy, member, named or ANY)) for member in wanted]
    reached = [(member, steps) for member, steps in ways if steps]
    if not reached:
        names = ", ".join(member.name for member in wanted) or "nobody"
        raise Malformed(f"There is no way to call {names}: the policy has no number or address for them, or they wrote STOP.")
    for member, _ in reached:
        await _not_too_often(work, member)
    run = await by_hand.run_for(work, incident, ClockName.ACKNOWLEDGE, next(iter(await rows.list_running(work.tx, incident.id)), None))
    situation = await situations.read(work, incident)
    await say(work, incident.id, notices.paged_by_hand(situation, by.name, [m.name for m, _ in reached]))
    for member, steps in reached:
        for step in [step for step in steps if not step.after][: None if named else 1]:
            await escalations.page(work, incident, run, member, step)
        await tell(work, member, notices.you_are_paged(situation), incident.id)
        await channels.bring_in(work, incident, member.id)
    return [member for member, _ in reached]


async def _not_too_often(work: UnitOfWork, member: Member) -> None:
    if await rows.count_pages_to(work.tx, member.id, work.now - _SPAN) >= _AT_MOST:
        minutes = int(_SPAN.total_seconds() // 60)
        raise Refused(f"{member.name} was called {_AT_MOST} times within {minutes} minutes. Page somebody else, or wait.")


async def named(work: UnitOfWork, name: str) -> list[Member]:
    """The people whom a person's key or name, a group, or a level of the chain stands for; raises NotFound with the choices."""
    word = name.strip().removeprefix("@").casefold()
    policy = work.policy
    level = next((level for level in policy.chain if level.name.casefold() == word), None)
    keys = {key.casefold(): key for key in policy.people} | {person.name.casefold(): key for key, person in policy.people.items()}
    groups = {group.casefold(): group for group in policy.groups}
    if level is not None:
        return await people.list_by_keys(work.tx, policy.members(level.who))
    if word in groups or word in keys:
        return await people.list_by_keys(work.tx, policy.members([groups.get(word) or keys[word]]))
    choices = ", ".join([*(level.name for level in policy.chain if level.name), *policy.groups, *policy.people])
    raise NotFound(f"There is nobody called “{name.strip()[:60]}” to page. Mention a person, or name one of {choices or 'nobody yet'}.")
