"""Saying in an incident's channel and timeline what its alerts do: the first few one by one, a flood in one line (complaint 18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.alert import AlertRow
from bot.domain.correlation import Judgement, milestone, several
from bot.domain.incidents import Incident
from bot.domain.routing import RouteAction
from bot.domain.timeline import EntryKind
from bot.messages import notices
from bot.services import closing, promotions, runbooks, situations
from bot.services.outbox import refresh_card, say
from bot.services.placing import Placed
from bot.services.work import UnitOfWork
from bot.store import alerts, incidents

SINGLY = 5
CALM = timedelta(minutes=10)
"""So many alerts of an incident are told one by one within that span; what comes beyond is told in one line."""
_REASONS = 5


@dataclass(frozen=True, slots=True)
class Joined:
    """A new alert of an incident, and how it came to it; ``again`` when an earlier occurrence of it belongs to the incident."""

    row: AlertRow
    placed: Placed
    judgement: Judgement
    again: bool
    request_id: str | None


async def tell_joined(work: UnitOfWork, incident_id: str, joined: Sequence[Joined]) -> None:
    """Writes down and says that these alerts belong to the incident, and raises it where they make it worse."""
    incident = await incidents.lock_incident(work.tx, incident_id)
    work.request_id = joined[-1].request_id
    since = joined[-1].row.first_received_at - CALM
    before = await alerts.count_of_incident(work.tx, incident_id, since) - len(joined)
    singly = joined[: max(0, SINGLY - before)]
    for one in singly:
        await _write(work, incident, one)
    await _say_singly(work, incident, [one for one in singly if not (one.placed.opened or one.placed.quiet)])
    if len(joined) > len(singly):
        await _tell_flood(work, incident, joined[len(singly) :])
    if any(not one.placed.opened for one in joined):
        await refresh_card(work, incident_id)
    await runbooks.show(work, incident, [one.judgement.route.runbook for one in joined if one.judgement.route is not None])
    await closing.settle(work, incident)
    await _raise(work, incident, joined)


async def _write(work: UnitOfWork, incident: Incident, one: Joined) -> None:
    kind = EntryKind.ALERT_FIRED_AGAIN if one.again else EntryKind.ALERT_JOINED
    facts = {"fingerprint": one.row.fingerprint, "source": one.row.source, "reason": one.placed.reason}
    await work.write(kind, incident.id, text=one.row.title, facts=facts, at=one.row.first_received_at)


async def _say_singly(work: UnitOfWork, incident: Incident, loud: Sequence[Joined]) -> None:
    if not loud:
        return
    situation = await situations.read(work, incident)
    for one in loud:
        notice = notices.alert_fired_again if one.again else notices.alert_joined
        await say(work, incident.id, notice(situation, one.row))


async def _tell_flood(work: UnitOfWork, incident: Incident, rest: Sequence[Joined]) -> None:
    if len(rest) == 1:
        await _write(work, incident, rest[0])
    else:
        await _write_together(work, incident, rest)
    total = await alerts.count_of_incident(work.tx, incident.id)
    if total == SINGLY + 1 or milestone(total - len(rest), total):
        words = notices.alerts_joined(incident.reference, total, rest[-1].row)
        await say(work, incident.id, words, replace_key=f"joined:{incident.id}")


async def _write_together(work: UnitOfWork, incident: Incident, rest: Sequence[Joined]) -> None:
    reasons = list(dict.fromkeys(one.placed.reason for one in rest))
    facts = {"more": len(rest), "reasons": reasons[:_REASONS], "source": ", ".join(sorted({one.row.source for one in rest}))}
    text = f"{len(rest)} more alerts"
    await work.write(EntryKind.ALERT_JOINED, incident.id, text=text, facts=facts, at=rest[0].row.first_received_at)


async def _raise(work: UnitOfWork, incident: Incident, joined: Sequence[Joined]) -> None:
    """Raises the incident to the worst word of an alert that declares, and further when several monitoring channels report it."""
    worse = [one for one in joined if one.judgement.action is RouteAction.DECLARE and not one.placed.opened]
    if worse:
        worst = min(worse, key=lambda one: one.judgement.severity.rank)
        await promotions.raise_to(work, incident, worst.judgement.severity, _why_worse(work, worst.judgement))
    rules = work.policy.correlation.channels
    if rules is not None:
        since = joined[-1].row.first_received_at - rules.within
        reason = several(await alerts.list_channels(work.tx, incident.id, since), rules)
        if reason is not None:
            await promotions.promote(work, incident, reason)


def _why_worse(work: UnitOfWork, judgement: Judgement) -> str:
    system = work.policy.systems.get(judgement.system or "")
    if system is not None and system.critical:
        return f"an alert about {system.title}, a critical system, joined"
    return f"an alert of {judgement.severity.label} joined"


async def tell_recovered(work: UnitOfWork, incident_id: str, recovered: Sequence[tuple[AlertRow, bool]]) -> None:
    """Writes down and says which alerts recovered, the quiet ones not aloud; the incident stays as it is until a person resolves it."""
    incident = await incidents.lock_incident(work.tx, incident_id)
    since = recovered[-1][0].last_received_at - CALM
    before = await alerts.count_recovered(work.tx, incident_id, since) - len(recovered)
    singly = recovered[: max(0, SINGLY - before)]
    rest = len(recovered) - len(singly)
    for row, _ in singly:
        facts = {"fingerprint": row.fingerprint, "source": row.source}
        await work.write(EntryKind.ALERT_RECOVERED, incident.id, text=row.title, facts=facts)
    if rest:
        await work.write(EntryKind.ALERT_RECOVERED, incident.id, text=f"{rest} more alert{'s' * (rest > 1)}", facts={"more": rest})
    if not incident.open:
        return
    left = await alerts.count_firing(work.tx, incident.id)
    await _say_recovered(work, incident, [row for row, quiet in singly if not quiet], left)
    if rest:
        await _say_all_recovered(work, incident, rest, left)
    await closing.monitors_spoke(work, incident)


async def _say_recovered(work: UnitOfWork, incident: Incident, rows: Sequence[AlertRow], left: int) -> None:
    if rows:
        situation = await situations.read(work, incident)
        for row in rows:
            await say(work, incident.id, notices.alert_recovered(situation, row, left))


async def _say_all_recovered(work: UnitOfWork, incident: Incident, rest: int, left: int) -> None:
    total = await alerts.count_of_incident(work.tx, incident.id) - left
    if left == 0 or milestone(total - rest, total):
        await say(work, incident.id, notices.alerts_recovered(incident.reference, total, left), replace_key=f"recovered:{incident.id}")
