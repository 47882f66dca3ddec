"""Availability over the objectives of the policy, from the incidents' own, correctable, downtime (S10, G11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from bot.domain.availability import Availability, Turn, counts, downtimes, lost, measure
from bot.domain.incidents import Incident
from bot.domain.policy import Policy
from bot.domain.writing import Objective
from bot.services.work import UnitOfWork
from bot.store import downtimes as rows


async def measured(work: UnitOfWork) -> list[Availability]:
    """What became of each objective of the policy in force, in the policy's order, up to now."""
    objectives = work.policy.objectives
    if not objectives:
        return []
    since = work.now - max(objective.over for objective in objectives)
    turns: defaultdict[str, list[Turn]] = defaultdict(list)
    for turn in await rows.list_turns(work.tx, since):
        turns[turn.incident_id].append(turn)
    found = await rows.list_lasting(work.tx, since)
    paging = await _paging(work, found)
    troubles = [(incident, downtimes(incident, turns[incident.id], work.now)) for incident in found]
    return [measure(one, [t for t in troubles if counts(work.policy, one, t[0], t[0].id in paging)], work.now) for one in objectives]


async def taken_by(work: UnitOfWork, incident: Incident) -> tuple[tuple[Objective, timedelta], ...]:
    """What an incident that is over took of each objective of the policy it was opened under, in the window that ends with it."""
    policy = await work.policy_of(incident.policy_digest)
    if incident.resolved_at is None or not policy.objectives:
        return ()
    spans = downtimes(incident, await rows.list_turns(work.tx, work.now, incident.id), work.now)
    ended_at = max((span.ended_at for span in spans), default=incident.resolved_at)
    pages = bool(await _paging(work, [incident]))
    counted = [one for one in policy.objectives if counts(policy, one, incident, pages)]
    return tuple((one, lost(spans, ended_at - one.over, ended_at)) for one in counted)


async def _paging(work: UnitOfWork, found: Iterable[Incident]) -> set[str]:
    """The ids of the incidents whose severity pages in the policy that each was opened under."""
    policies: dict[str, Policy] = {}
    paging = set()
    for incident in found:
        digest = incident.policy_digest
        if digest not in policies:
            policies[digest] = await work.policy_of(digest)
        severity = policies[digest].find_severity(incident.severity)
        if severity is not None and severity.pages:
            paging.add(incident.id)
    return paging
