"""Silencing alerts that are expected, each with its author, its reason and its end; and what holds at the moment."""

from __future__ import annotations

from bot.domain.people import Member
from bot.domain.silences import Silence, Silences, Wish
from bot.domain.timeline import EntryKind
from bot.errors import Refused
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import silences


async def live(work: UnitOfWork) -> Silences:
    """Everything that may hold an alert back now."""
    return Silences(tuple(await silences.list_live(work.tx, work.now)), work.policy.maintenance)


async def add(work: UnitOfWork, member: Member, wish: Wish) -> Silence:
    """Silences what the wish names from now on; written into the audit."""
    require_act(member)
    silence = await silences.add_silence(
        work.tx,
        match={name: list(globs) for name, globs in wish.match.items()},
        starts_at=work.now,
        ends_at=work.now + wish.span,
        author_id=member.id,
        author=member.name,
        comment=wish.comment,
        created_at=work.now,
    )
    facts = {
        "silence": silence.number,
        "match": {name: list(globs) for name, globs in wish.match.items()},
        "until": silence.ends_at.isoformat(),
    }
    await work.write(EntryKind.SILENCED, None, actor_id=member.id, text=wish.comment, facts=facts)
    return silence


async def end(work: UnitOfWork, member: Member, number: int) -> Silence:
    """Ends a silence before its time; what still fires counts again when it is said next."""
    require_act(member)
    silence = await silences.get_silence(work.tx, number)
    if not await silences.mark_ended(work.tx, silence, work.now, member.name):
        raise Refused(f"Silence {number} is over already.")
    await work.write(EntryKind.SILENCE_ENDED, None, actor_id=member.id, facts={"silence": number})
    return await silences.get_silence(work.tx, number)
