"""Severities that rise by themselves: provisional until a person says otherwise, and never against a person's word (J3, J13)."""

from __future__ import annotations

from bot.domain.incidents import Incident
from bot.domain.policy import Policy
from bot.domain.severity import Severity
from bot.messages import notices
from bot.services import situations
from bot.services.incidents import set_severity
from bot.services.outbox import say
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline


async def promote(work: UnitOfWork, incident: Incident, reason: str) -> bool:
    """Whether the incident is raised by this to the worst severity, provisionally and at once: its clocks begin anew and it rings.

    It is not when it is there already, resolved, or when a person lowered its severity: then the reason is said, once.
    """
    worst = (await work.policy_of(incident.policy_digest)).worst
    return await raise_to(work, incident, worst, reason, provisional=True)


async def raise_to(work: UnitOfWork, incident: Incident, severity: Severity, reason: str, *, provisional: bool = False) -> bool:
    """Whether the incident is raised by this to that severity, as an alert's own word or several monitors make it."""
    incident = await incidents.lock_incident(work.tx, incident.id)
    policy = await work.policy_of(incident.policy_digest)
    wanted = policy.find_severity(severity.label)
    if wanted is None or not incident.open or wanted.rank >= policy.severity(incident.severity).rank:
        return False
    if await _lowered(work, incident, policy):
        await _say_why_not(work, incident, wanted, reason)
        return False
    await set_severity(work, incident, wanted, reason, provisional=provisional)
    return True


async def _lowered(work: UnitOfWork, incident: Incident, policy: Policy) -> bool:
    """Whether the last word of a person on the severity was a lower one."""
    decision = await timeline.find_decision(work.tx, incident.id)
    if decision is None:
        return False
    old, new = (policy.find_severity(str(decision.facts.get(name))) for name in ("old", "new"))
    return old is not None and new is not None and new.rank > old.rank


async def _say_why_not(work: UnitOfWork, incident: Incident, wanted: Severity, reason: str) -> None:
    if incident.severity_reason == reason:
        return
    incident = await incidents.change_incident(work.tx, incident, severity_reason=reason)
    await say(work, incident.id, notices.severity_stays(await situations.read(work, incident), wanted.label, reason))
