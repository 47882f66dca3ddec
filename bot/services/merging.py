"""Two incidents that are one trouble: the one ends, its alerts go to the other, and both keep their history."""

from __future__ import annotations

from bot.domain.alert import Disposition
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.errors import Refused
from bot.messages import merging
from bot.services import promises, runbooks, situations, stages
from bot.services.incidents import change_severity
from bot.services.outbox import refresh_card, say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import alerts, correlations, inbox, incidents


async def merge(work: UnitOfWork, member: Member, gone_id: str, into_id: str) -> Incident:
    """The incident that goes on. The worse severity of the two is kept; what rings for the one that ends stops, what rings here goes on."""
    require_act(member)
    gone, into = await _locked(work, gone_id, into_id)
    _mergeable(gone, into)
    moved = await _move_alerts(work, gone, into)
    await _move_correlations(work, gone, into)
    await promises.withdraw(work, gone.id, tuple(ClockName), f"merged into {into.reference}", member.id)
    await stages.end(work, gone.id, f"merged into {into.reference}")
    gone = await _end(work, member, gone, into)
    await work.write(EntryKind.MERGED, into.id, actor_id=member.id, text=gone.title, facts={"from": gone.reference, "alerts": moved})
    into = await _keep_the_worse(work, member, gone, into)
    before, after = await situations.read(work, gone), await situations.read(work, into)
    await say(work, gone.id, merging.merged_away(before, after, member.name))
    await say(work, into.id, merging.merged_in(after, before, member.name, moved))
    await runbooks.show(work, into, [key for key, _ in await runbooks.of_incident(work, gone)])
    for incident in (gone, into):
        await refresh_card(work, incident.id)
    return into


async def _locked(work: UnitOfWork, gone_id: str, into_id: str) -> tuple[Incident, Incident]:
    """Both incidents, held in the order of their ids, so that two who merge the same pair queue instead of blocking each other."""
    held = {incident_id: await incidents.lock_incident(work.tx, incident_id) for incident_id in sorted({gone_id, into_id})}
    return held[gone_id], held[into_id]


def _mergeable(gone: Incident, into: Incident) -> None:
    if gone.id == into.id:
        raise Refused(f"{gone.reference} cannot be merged into itself. Name another incident.")
    for incident in (gone, into):
        if not incident.open:
            raise Refused(f"{incident.reference} is resolved. Only open incidents can be merged; reopen it first.")
    if gone.private and not into.private:
        raise Refused(f"{gone.reference} is private and {into.reference} is not: merging would show it to everybody. Merge the other way.")


async def _move_alerts(work: UnitOfWork, gone: Incident, into: Incident) -> int:
    rows = await alerts.list_of_incident(work.tx, gone.id)
    for row in rows:
        await inbox.move_alert(work.tx, row.id, into.id, Disposition.JOINED, f"came with {gone.reference}: {row.reason}"[:1000])
    return len(rows)


async def _move_correlations(work: UnitOfWork, gone: Incident, into: Incident) -> None:
    """Has the alerts that would have joined the one join the other from now on."""
    keys = await correlations.list_keys(work.tx, gone.id)
    keys |= {gone.correlation_key} if gone.correlation_key else set()
    known = await correlations.list_keys(work.tx, into.id)
    await correlations.add_matches(work.tx, [correlations.Match(key, into.id, work.now) for key in sorted(keys - known)])


async def _end(work: UnitOfWork, member: Member, gone: Incident, into: Incident) -> Incident:
    ended = {"status": Status.RESOLVED.value, "resolved_at": work.now, "resolved_by": member.id, "next_update_at": None}
    changed = await incidents.change_incident(work.tx, gone, merged_into=into.id, **ended)
    title = None if into.private and not gone.private else into.title
    await work.write(EntryKind.MERGED, gone.id, actor_id=member.id, text=title, facts={"into": into.reference})
    return changed


async def _keep_the_worse(work: UnitOfWork, member: Member, gone: Incident, into: Incident) -> Incident:
    policy = await work.policy_of(into.policy_digest)
    worse = policy.find_severity(gone.severity)
    if worse is None or worse.rank >= policy.severity(into.severity).rank:
        return into
    return await change_severity(work, into.id, member.id, worse.label, f"{gone.reference}, merged into it, was {worse.label}")
