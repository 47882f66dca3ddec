"""Alerts in people's hands: what waits in the inbox becomes an incident, joins one, or leaves it again, many at once."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.alert import AlertRow, Disposition
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, Refused
from bot.services import runbooks, situations
from bot.services.declarations import declare
from bot.services.outbox import refresh_card
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import inbox, incidents

AT_MOST = 500
"""Alerts that can be moved in one go."""


async def listed(work: UnitOfWork, limit: int = 100) -> list[AlertRow]:
    """What fires and waits for somebody to look at it, the latest first; what recovers leaves the inbox by itself."""
    return await inbox.list_inbox(work.tx, limit)


async def attach(work: UnitOfWork, member: Member, incident_id: str, alert_ids: Sequence[str]) -> Incident:
    """Makes the alerts the incident's, whichever they were of before; both timelines say so."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    rows = await _chosen(work, alert_ids)
    for row in rows:
        if row.incident_id == incident.id:
            continue
        await _leave(work, member, row)
        await inbox.move_alert(work.tx, row.id, incident.id, Disposition.JOINED, f"attached by {member.name}")
        facts = {"fingerprint": row.fingerprint, "source": row.source, "alert_id": row.id}
        await work.write(EntryKind.ALERT_JOINED, incident.id, actor_id=member.id, text=row.title, facts=facts)
    await runbooks.show_of_alerts(work, incident, rows)
    await refresh_card(work, incident.id)
    return incident


async def attach_waiting(work: UnitOfWork, member: Member, incident_id: str, alert_id: str) -> Incident:
    """Puts an alert of the inbox to an open incident; refused where either has moved on since it was shown."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    if not incident.open:
        raise Refused(f"{incident.reference} is resolved. `/incident inbox` shows what is open now.")
    if await incidents_of(work, [alert_id]) not in ([], [incident.reference]):
        raise Refused("The alert belongs to another incident already. `/incident inbox` shows what still waits.")
    return await attach(work, member, incident.id, [alert_id])


async def detach(work: UnitOfWork, member: Member, incident_id: str, alert_ids: Sequence[str]) -> Incident:
    """Puts alerts of the incident back into the inbox; its timeline keeps that they were there."""
    require_act(member)
    incident = await incidents.lock_incident(work.tx, incident_id)
    rows = await _chosen(work, alert_ids)
    strange = [row.title for row in rows if row.incident_id != incident.id]
    if strange:
        raise Refused(f"{strange[0][:80]} is no alert of {incident.reference}. Nothing was moved.")
    for row in rows:
        await _leave(work, member, row)
        await inbox.move_alert(work.tx, row.id, None, Disposition.INBOX, f"taken out of {incident.reference} by {member.name}")
    await refresh_card(work, incident.id)
    return incident


async def dismiss(work: UnitOfWork, member: Member, alert_ids: Sequence[str]) -> int:
    """How many alerts left the inbox because somebody saw them and wants no incident; one that fires anew comes anew."""
    require_act(member)
    rows = await _chosen(work, alert_ids)
    if any(row.incident_id is not None for row in rows):
        raise Refused("One of them belongs to an incident already. Take it out of that one first.")
    for row in rows:
        await inbox.move_alert(work.tx, row.id, None, Disposition.DROPPED, f"dismissed by {member.name}")
        facts = {"fingerprint": row.fingerprint, "source": row.source, "alert_id": row.id}
        await work.write(EntryKind.ALERT_DISMISSED, None, actor_id=member.id, text=row.title, facts=facts)
    return len(rows)


async def declare_from(
    work: UnitOfWork, member: Member, token: str, alert_ids: Sequence[str], title: str | None = None, severity: str | None = None
) -> Incident:
    """Opens an incident for alerts that waited, with the words of the oldest where nobody gave any."""
    require_act(member)
    rows = await _chosen(work, alert_ids)
    taken = next((row for row in rows if row.incident_id is not None), None)
    if taken is not None:
        raise Refused(f"{taken.title[:80]} belongs to an incident already. Attach the others to that one.")
    named = next((found for row in rows if (found := work.policy.find_severity(row.labels.get("severity", "")))), None)
    wanted = Declaration(
        token=token,
        title=title or rows[0].title,
        severity=severity or (named.label if named else work.policy.default_severity),
        declared_by=member.id,
        started_at=min(row.starts_at for row in rows),
        link=rows[0].url,
        even_if_same=True,
    )
    declared = await declare(work, wanted)
    return await attach(work, member, declared.incident.id, alert_ids)


async def incidents_of(work: UnitOfWork, alert_ids: Sequence[str]) -> list[str]:
    """The references of the incidents that the alerts belong to now."""
    held = {row.incident_id for row in await _chosen(work, alert_ids) if row.incident_id is not None}
    return [(await incidents.get_incident(work.tx, incident_id)).reference for incident_id in sorted(held)]


async def _chosen(work: UnitOfWork, alert_ids: Sequence[str]) -> list[AlertRow]:
    if not 1 <= len(set(alert_ids)) <= AT_MOST:
        raise Malformed(f"Choose between one and {AT_MOST} alerts.")
    return await inbox.get_alerts(work.tx, set(alert_ids))


async def _leave(work: UnitOfWork, member: Member, row: AlertRow) -> None:
    """Says on the timeline of the incident that an alert leaves that it did."""
    if row.incident_id is None:
        return
    facts = {"fingerprint": row.fingerprint, "source": row.source, "alert_id": row.id}
    await work.write(EntryKind.ALERT_DETACHED, row.incident_id, actor_id=member.id, text=row.title, facts=facts)
    await refresh_card(work, row.incident_id)
