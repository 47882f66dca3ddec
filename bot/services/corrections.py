"""Putting the record straight: what happened at another time, when it began and ended, what is known of it (complaint 19, W7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.incidents import Incident
from bot.domain.timeline import EntryKind
from bot.domain.triage import Fact, split_values
from bot.errors import Malformed
from bot.messages import notices, texts
from bot.services import situations
from bot.services.incidents import TEXT_LIMIT, actor
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import incidents

_WORDS = {"started": "started_at", "began": "started_at", "ended": "ended_at"}


def names_a_time(text: str) -> str | None:
    """The time that ``started`` or ``ended`` corrects; None when the text is something that happened."""
    return _WORDS.get(text.strip().strip(".").casefold())


async def note_at(work: UnitOfWork, incident_id: str, person_id: str, at: datetime, text: str) -> Incident:
    """Adds to the timeline what happened at an earlier moment; ``started`` and ``ended`` alone correct those times.

    The entry stands at its own time and says when it was written; no clock moves by it.
    """
    field = names_a_time(text)
    if field is not None:
        return await correct_time(work, incident_id, person_id, field, at)
    await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    words = texts.clean(text.strip(), TEXT_LIMIT)
    if not words:
        raise Malformed("Say what happened then, for example `/incident at 14:05 deployed 1.4.2`.")
    await work.write(EntryKind.NOTE, incident.id, actor_id=person_id, text=words, at=at)
    return incident


async def correct_time(work: UnitOfWork, incident_id: str, person_id: str, field: str, at: datetime) -> Incident:
    """Corrects when the trouble began (``started_at``) or ended (``ended_at``); what it was before stays on the timeline."""
    await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    started_at = at if field == "started_at" else incident.started_at
    ended_at = at if field == "ended_at" else incident.ended_at
    if ended_at is not None and ended_at < started_at:
        raise Malformed("It cannot have ended before it began. Correct the other time first.")
    old: datetime | None = getattr(incident, field)
    incident = await incidents.change_incident(work.tx, incident, **{field: at})
    facts = {"field": field, "old": old.isoformat() if old else None, "new": at.isoformat()}
    await work.write(EntryKind.TIME_CORRECTED, incident.id, actor_id=person_id, facts=facts)
    await refresh_card(work, incident.id)
    return incident


async def change_triage(work: UnitOfWork, incident_id: str, person_id: str, said: Mapping[str, str]) -> Incident:
    """Sets what is known of the trouble (fact to values by commas); an empty value goes back to what the alerts say."""
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = {fact.value: list(split_values(said[fact])) for fact in Fact if fact in said}
    known = {**incident.triage, **wanted}
    changed = {fact: values for fact, values in wanted.items() if incident.triage.get(fact, []) != values}
    if not changed:
        return incident
    incident = await incidents.change_incident(work.tx, incident, triage={fact: values for fact, values in known.items() if values})
    words = "; ".join(f"{fact}: {', '.join(values) or 'as the alerts say'}" for fact, values in changed.items())
    await work.write(EntryKind.TRIAGE_CHANGED, incident.id, actor_id=person_id, text=words, facts={"changed": sorted(changed)})
    await say(work, incident.id, notices.triage_changed(await situations.read(work, incident), member.name, words))
    await refresh_card(work, incident.id)
    return incident
