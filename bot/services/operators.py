"""Telling those who answer for the installation that it needs them, by roads that do not lean on what is broken (B6)."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.access import Access
from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.messages import mail, sms
from bot.services import once
from bot.services.work import UnitOfWork
from bot.store import outbox, people

AGAIN_AFTER = timedelta(minutes=15)
"""How long the same sentence is not sent again: neither what comes and goes nor every replica may ring the same phone (B6)."""


async def alarm(work: UnitOfWork, sentence: str) -> int:
    """How many people were sent the sentence, by SMS and by mail: the owners of the policy, else the first level of the chain.

    None within AGAIN_AFTER of the same sentence.
    """
    if not await once.first_within(work, f"alarm:{once.digest(sentence.encode())}", AGAIN_AFTER):
        return 0
    known = await people.list_policy_people(work.tx)
    told = [member for member in known if member.access is Access.OWNER and (member.phone or member.email)]
    if not told and work.policy.chain:
        told = await people.list_by_keys(work.tx, work.policy.members(work.policy.chain[0].who))
    for member in told:
        await _tell(work, member, sentence)
    facts = {"what": sentence[:200], "told": len(told)}
    await work.write(EntryKind.NOTE, None, facts=facts)
    return len(told)


async def _tell(work: UnitOfWork, member: Member, sentence: str) -> None:
    lane = f"phone:{member.id}"
    if member.textable:
        words = {"to": member.phone, "body": sms.alarm(sentence)}
        await outbox.add_message(work.tx, Kind.SMS, words, lane=lane, created_at=work.now)
    if member.email is not None:
        await outbox.add_message(
            work.tx, Kind.EMAIL, {"to": member.email, **mail.alarm(sentence)._asdict()}, lane=lane, created_at=work.now
        )
