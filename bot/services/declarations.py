"""Declaring: an incident with its clocks, its pages and the steps of its channel, in one transaction (C3, J6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.declaration import SAME_TITLE_WITHIN, Declaration, same_title
from bot.domain.incidents import TITLE_LIMIT, Incident
from bot.domain.phases import phase_in
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, Refused
from bot.messages import texts
from bot.services import channels, closing, escalations, promises, stages
from bot.services.people import may_see
from bot.services.work import UnitOfWork
from bot.store import incidents, people

_AT_MOST, _SPAN = 10, timedelta(minutes=10)
"""How many incidents one person may declare within that span."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration came to; ``joined`` when it met an incident that is open already."""

    incident: Incident
    joined: bool


def title_of(text: str) -> str:
    """The title as it is kept; a declaration without any word in it is refused."""
    title = texts.clean(" ".join(text.split()), TITLE_LIMIT)
    if not title:
        raise Malformed("Give the incident a title, for example `/incident declare P0 Checkout returns 500`.")
    return title


async def declare(work: UnitOfWork, wanted: Declaration) -> Declared:
    """Opens an incident: its row, clocks, pages and the steps of its channel, all in this transaction (C3, J6).

    The same token gives the same incident again. The same title within two minutes, or an open incident of the same alerts, is joined.
    """
    title = title_of(wanted.title)
    severity = work.policy.severity(wanted.severity)
    met = await _already_open(work, wanted, title)
    if met is not None:
        return Declared(met, joined=met.token != wanted.token)
    await _not_too_many(work, wanted.declared_by)
    opened_at = wanted.opened_at or work.now
    incident = await incidents.add_incident(
        work.tx,
        number=await incidents.next_number(work.tx),
        title=title,
        severity=severity.label,
        status=Status.INVESTIGATING.value,
        impact=wanted.impact,
        started_at=wanted.started_at or opened_at,
        opened_at=opened_at,
        declared_by=wanted.declared_by,
        policy_digest=work.policy.digest,
        token=wanted.token,
        correlation_key=wanted.correlation_key,
        link=wanted.link,
        private=wanted.private,
    )
    facts = {"severity": severity.label, "opened_at": opened_at.isoformat(), "number": incident.number}
    await work.write(EntryKind.DECLARED, incident.id, actor_id=wanted.declared_by, text=title, facts=facts)
    first = phase_in(work.policy.phases, incident.status)
    incident = incident if first is None else await closing.set_phase(work, incident, first.name, None)
    incident = await promises.begin_all(work, incident)
    await channels.open_first(work, incident)
    await stages.begin(work, incident)
    if severity.pages:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return Declared(incident, joined=False)


async def _not_too_many(work: UnitOfWork, person_id: str | None) -> None:
    """Refuses one person's declarations beyond any that hands could need; an alert's are never refused."""
    if person_id is None:
        return
    if await incidents.count_declared_by(work.tx, person_id, work.now - _SPAN) >= _AT_MOST:
        minutes = int(_SPAN.total_seconds() // 60)
        raise Refused(f"You declared {_AT_MOST} incidents within {minutes} minutes. Join one of those, or let somebody else declare.")


async def _already_open(work: UnitOfWork, wanted: Declaration, title: str) -> Incident | None:
    known = await incidents.find_by_token(work.tx, wanted.token)
    if known is None and wanted.correlation_key is not None:
        known = await incidents.find_open_by_correlation(work.tx, wanted.correlation_key)
    if known is None and wanted.correlation_key is None and not wanted.even_if_same:
        recent = await incidents.list_opened_since(work.tx, work.now - SAME_TITLE_WITHIN)
        same = [incident for incident in recent if same_title(incident.title, title)]
        known = next(iter([incident for incident in same if await _seen(work, wanted.declared_by, incident)]), None)
    return known


async def _seen(work: UnitOfWork, person_id: str | None, incident: Incident) -> bool:
    """Whether who declares may learn of the incident: a private one is not given away by its title."""
    if not incident.private:
        return True
    return person_id is not None and await may_see(work, await people.get_person(work.tx, person_id), incident)
