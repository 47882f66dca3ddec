"""What people ask for without changing anything: who is on call, what somebody owes, what happened lately."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.policy import Level
from bot.domain.roads import address_of
from bot.domain.severity import Road
from bot.domain.situation import Situation
from bot.messages import folding, home, sentences, texts, times
from bot.messages.home import OnCall, Owed
from bot.services import follow_ups, inbox, people, situations
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline
from bot.store import people as people_rows

_LATEST = 30


async def on_call(work: UnitOfWork) -> list[OnCall]:
    """Who is called, level after level, and who of them cannot be reached by any road."""
    return [await _level(work, level, number) for number, level in enumerate(work.policy.chain, start=1)]


async def _level(work: UnitOfWork, level: Level, number: int) -> OnCall:
    members = await people_rows.list_by_keys(work.tx, work.policy.members(level.who))
    silent = [member.name for member in members if not any(address_of(member, road) for road in Road)]
    return OnCall(level.name or f"level {number}", tuple(member.name for member in members), tuple(silent))


async def visible(work: UnitOfWork, member: Member, found: Sequence[Situation]) -> list[Situation]:
    """Those of the situations that the person may see."""
    return [situation for situation in found if await people.may_see(work, member, situation.incident)]


async def open_for(work: UnitOfWork, member: Member) -> list[Situation]:
    """What is open, as far as the person may see it."""
    return await visible(work, member, await situations.list_open(work))


async def latest_open(work: UnitOfWork, member: Member, limit: int) -> list[Incident]:
    """The open incidents that were opened last, as far as the person may see them."""
    found: list[Incident] = []
    for incident in reversed(await incidents.list_open(work.tx)):
        if len(found) == limit:
            break
        if await people.may_see(work, member, incident):
            found.append(incident)
    return found


async def owed_by(work: UnitOfWork, member: Member, found: Sequence[Situation]) -> list[Owed]:
    """What the person owes: the open promises of the incidents they own or lead, and of those nobody owns while they are called."""
    mine = [situation for situation in found if _concerns(situation, member)]
    owed = [Owed(situation, promise) for situation in mine for promise in situation.promises if promise.open]
    return sorted(owed, key=lambda one: one.promise.due_at)


def _concerns(situation: Situation, member: Member) -> bool:
    if situation.incident.owner_id is None:
        return any(page.person_id == member.id and page.state.alive for page in situation.pages)
    return member.id == situation.incident.owner_id or member.id in situation.roles.values()


async def home_of(work: UnitOfWork, member: Member) -> dict[str, object]:
    """The App Home of a person: what is open, who is on call, what they owe."""
    if not member.access.may_read:
        return home.closed()
    recent = await visible(work, member, await situations.list_recent(work))
    open_now = await open_for(work, member)
    owed = await owed_by(work, member, [*open_now, *(s for s in recent if not s.incident.open)])
    return home.home(
        member.name,
        may_act=member.access.may_act,
        open_now=open_now,
        owed=owed,
        on_call=await on_call(work),
        waiting=await inbox.listed(work),
        follow_ups=await follow_ups.owed_by(work, member),
    )


async def latest(work: UnitOfWork, incident: Incident) -> tuple[list[str], int]:
    """The latest entries of a timeline as lines, oldest first, each day under its date; and how many came before (complaint 19)."""
    situation = await situations.read(work, incident)
    entries = folding.folded(sorted(await timeline.list_entries(work.tx, incident.id), key=lambda entry: (entry.at, entry.seq)))
    named = {person_id for entry in entries for person_id in entry.people}
    situation = situation.with_names({**situation.names, **await people_rows.list_names(work.tx, named)})
    lines, day = [], None
    for entry in entries[-_LATEST:]:
        date = times.local_date(entry.at, situation.zones)
        if date != day:
            lines.append(date.isoformat())
            day = date
        said = texts.one_line(sentences.sentence(situation, entry), 300)
        lines.append(f"{times.time_of_day(entry.at, situation.zones)}  {said}")
    return lines, max(0, len(entries) - _LATEST)
