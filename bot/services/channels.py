"""An incident's channel through its life: opened, joined, renamed, lost and replaced (C3)."""

from __future__ import annotations

from bot.domain.incidents import Channel, Incident, Purpose, channel_name
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind
from bot.messages import notices
from bot.services import situations
from bot.services.outbox import announce, invite, lane, open_channel, refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import incidents, outbox, people


async def open_first(work: UnitOfWork, incident: Incident) -> None:
    """The channel of a new incident, and its announcement."""
    created = await _open(work, incident, again=1)
    await announce(work, incident, created)


async def open_again(work: UnitOfWork, incident: Incident) -> None:
    """A channel in place of one that is archived, deleted or closed to us, linked to it; a bot cannot unarchive.

    What was still to be said in the former one is said in this one, in its order.
    """
    former = await incidents.list_channels(work.tx, incident.id)
    created = await _open(work, incident, again=len(former) + 1)
    await outbox.hold_back(work.tx, lane(incident.id, Purpose.INCIDENT), created)
    await say(work, incident.id, notices.channel_replaced(await situations.read(work, incident), former[-1]))
    await refresh_card(work, incident.id)


async def _open(work: UnitOfWork, incident: Incident, *, again: int) -> str:
    title = "" if incident.private else incident.title
    situation = await situations.read(work, incident)
    summary = notices.declared(situation, situation.severity.meaning)["text"]
    name = channel_name(incident.number, title, again=again)
    return await open_channel(work, situation, name, await _invited(work, situation), summary)


async def _invited(work: UnitOfWork, situation: Situation) -> list[str]:
    """Slack ids of those who belong in it: whom the policy invites, unless it is private, and whoever has a part in it."""
    incident = situation.incident
    named = [] if incident.private else await people.list_by_keys(work.tx, work.policy.members(work.policy.invite))
    parts = [incident.declared_by, incident.owner_id, incident.acknowledged_by, *situation.roles.values()]
    members = [*named, *[await people.get_person(work.tx, person_id) for person_id in parts if person_id]]
    return list(dict.fromkeys(member.slack_user_id for member in members if member.slack_user_id))


async def bring_in(work: UnitOfWork, incident: Incident, person_id: str) -> None:
    """Invites somebody who has a part in the incident now."""
    member = await people.get_person(work.tx, person_id)
    if member.slack_user_id is not None:
        await invite(work, incident, [member.slack_user_id])


async def lost(work: UnitOfWork, channel_id: str, why: str) -> bool:
    """Whether that was an incident's live channel: it is given up, and an incident that is open gets another one at once."""
    found = await incidents.find_by_channel(work.tx, channel_id)
    if found is None:
        return False
    incident = await incidents.lock_incident(work.tx, found.id)
    channel = await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT)
    if channel is None or channel.channel_id != channel_id:
        return False
    await incidents.retire_channel(work.tx, channel)
    await outbox.withdraw_steps(work.tx, lane(incident.id, Purpose.INCIDENT), work.now)
    facts = {"channel_id": channel_id, "name": channel.name, "why": why}
    await work.write(EntryKind.CHANNEL_LOST, incident.id, facts=facts)
    if incident.open:
        await open_again(work, incident)
    return True


async def removed(work: UnitOfWork, channel_id: str) -> bool:
    """Whether we were put out of an incident's live channel: we come back with a word where it is public, and get another one else.

    The word finds us outside, and whoever sends it joins first; where that is refused, the channel is lost.
    """
    incident = await incidents.find_by_channel(work.tx, channel_id)
    if incident is None or incident.private or not incident.open:
        return await lost(work, channel_id, "Muster was removed from it")
    await say(work, incident.id, notices.came_back(await situations.read(work, incident)))
    return True


async def renamed(work: UnitOfWork, channel_id: str, name: str) -> bool:
    """Whether the name of an incident's channel was changed by somebody, and we follow."""
    incident = await incidents.find_by_channel(work.tx, channel_id)
    if incident is None or not name:
        return False
    await incidents.mark_channel(work.tx, incident.id, Purpose.INCIDENT, name=name[:100])
    await work.write(EntryKind.CHANNEL_RENAMED, incident.id, facts={"name": name[:100]})
    return True


async def live(work: UnitOfWork, incident: Incident) -> Channel | None:
    """The incident's own channel, where there is one."""
    return await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT)
