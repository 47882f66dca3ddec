"""Rows of policies: each activated one by its hash; an incident keeps the one it was opened under."""

from __future__ import annotations

from datetime import datetime

from bot.domain.policy import Policy
from bot.store.database import Transaction
from bot.store.tables import policies


async def add_policy(tx: Transaction, policy: Policy, at: datetime) -> None:
    """Keeps the policy; one that is known already keeps its first moment."""
    if (await tx.run(tx.select(policies, policies.c.digest == policy.digest))).first() is None:
        values = {"digest": policy.digest, "name": policy.name, "body": policy.to_json(), "activated_at": at}
        await tx.add(policies, **values)


async def get_policy(tx: Transaction, digest: str) -> Policy:
    """The policy with that hash."""
    row = (await tx.run(tx.select(policies, policies.c.digest == digest))).mappings().one()
    return Policy.from_json(row["body"])
