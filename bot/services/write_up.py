"""How far the write-up of an incident is: which of the sections that the policy asks for say nothing yet (S8, J15, W10, O13)."""

from __future__ import annotations

from bot.domain.incidents import Incident
from bot.domain.policy import Policy
from bot.messages import postmortem_sections
from bot.services.work import UnitOfWork
from bot.store import postmortems


async def unwritten(work: UnitOfWork, incident: Incident, policy: Policy) -> tuple[str, ...]:
    """The titles of the sections that are empty in the latest version, in the policy's order; all of them before there is a draft."""
    latest = await postmortems.find_latest(work.tx, incident.id)
    return postmortem_sections.empty(latest[1] if latest else "", policy.postmortem.sections)
