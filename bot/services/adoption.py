"""A policy comes into force: kept as a row, its people and heartbeats with it, all in one transaction (B9)."""

from __future__ import annotations

from bot.domain.timeline import EntryKind
from bot.services import people, signals
from bot.services.work import UnitOfWork


async def adopt(work: UnitOfWork) -> None:
    """Makes the policy of this work the one that is followed; incidents that are open keep the one that they were opened under."""
    await people.activate_policy(work)
    await signals.follow_policy(work)


async def change(work: UnitOfWork) -> None:
    """The same while the bot runs, which the audit is told of."""
    await adopt(work)
    await work.write(EntryKind.POLICY_CHANGED, None, text=work.policy.name, facts={"digest": work.policy.digest})
