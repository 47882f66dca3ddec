"""What the policy wants before an incident is closed, and how far that is so now: read in one go, for words and decisions."""

from __future__ import annotations

from datetime import datetime

from bot.domain.closing import Closing, Seen, VerificationRules, quiet_until, seen
from bot.domain.incidents import Incident
from bot.domain.policy import Policy
from bot.domain.timers import TimerKind
from bot.services.work import UnitOfWork
from bot.store import checks, confirmations, watching


def rules_of(policy: Policy, incident: Incident) -> VerificationRules | None:
    """What has to be verified before this incident may be resolved; None when nothing has to be."""
    return policy.verification if policy.verification.holds_for(incident.severity) else None


async def states(work: UnitOfWork, policy: Policy) -> dict[str, Seen]:
    """Every check of the policy as it counts now, by name."""
    if not policy.checks:
        return {}
    heard = {check.name: check for check in await checks.list_checks(work.tx)}
    return {name: seen(rule, heard.get(name), work.now) for name, rule in policy.checks.items()}


async def read(work: UnitOfWork, incident: Incident, policy: Policy) -> Closing:
    """How far the incident is from its end; nothing is read that the policy does not ask for."""
    rules = rules_of(policy, incident)
    if rules is None:
        return Closing(phases=policy.phases)
    named = await states(work, policy) if rules.checks and incident.open else {}
    answered = await confirmations.list_standing(work.tx, incident.id) if rules.questions else []
    return Closing(
        rules=rules,
        phases=policy.phases,
        checks=tuple(named[name] for name in rules.checks if name in named),
        quiet_until=await quiet_end(work, incident, rules) if incident.open else None,
        watch_until=await watch_end(work, incident) if rules.watch is not None and not incident.open else None,
        confirmations=tuple(answered),
    )


async def quiet_end(work: UnitOfWork, incident: Incident, rules: VerificationRules) -> datetime | None:
    """When a cycle without a related alert is, or was, over; None when none has begun."""
    if rules.quiet is None:
        return None
    timer = await watching.find_latest(work.tx, incident.id, TimerKind.QUIET)
    if timer is None:
        return None
    return quiet_until(timer, await watching.find_last_firing(work.tx, incident.id), rules.quiet)


async def watch_end(work: UnitOfWork, incident: Incident) -> datetime | None:
    """When the watch after the resolution ends; None when none runs."""
    timer = await watching.find_latest(work.tx, incident.id, TimerKind.WATCH)
    running = timer is not None and timer.fired_at is None and timer.cancelled_at is None
    return timer.due_at if timer is not None and running else None
