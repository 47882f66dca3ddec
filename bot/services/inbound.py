"""Whether Slack still reaches us is asked by one replica and may be answered by another."""

from __future__ import annotations

from bot.services.work import UnitOfWork

HEARD = "inbound"


async def heard(work: UnitOfWork) -> None:
    """Tells every replica that a probe of one of them came back here."""
    work.tx.wake(HEARD)
