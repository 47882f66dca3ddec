"""The postmortem: drafted from the timeline at the resolution, and again whenever asked, keeping what people wrote (C6, J15, B8)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incidents import Incident
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.errors import Malformed
from bot.messages import notices, postmortem
from bot.services import promises, situations
from bot.services.outbox import say, share_file
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents, people, postmortems, timeline

_LIMIT = 500_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of a postmortem as Markdown."""

    incident: Incident
    version: int
    markdown: str


async def draft(work: UnitOfWork, incident_id: str) -> Draft:
    """The postmortem from the timeline as it is now; a new version is kept only when something changed."""
    incident = await incidents.lock_incident(work.tx, incident_id)
    policy = await work.policy_of(incident.policy_digest)
    latest = await postmortems.find_latest(work.tx, incident.id)
    entries = await timeline.list_entries(work.tx, incident.id)
    situation = await situations.read(work, incident)
    named = {person_id for entry in entries for person_id in entry.people}
    names = {**situation.names, **await people.list_names(work.tx, named)}
    evidence = postmortem.Evidence(
        situation=situation.with_names(names), entries=tuple(entries), sections=tuple(policy.postmortem.sections)
    )
    fresh = postmortem.markdown(evidence)
    version, kept = latest or (0, None)
    merged = fresh if kept is None else postmortem.merge(kept, fresh)
    if merged == kept:
        return Draft(incident, version, merged)
    await postmortems.add_version(work.tx, incident.id, version + 1, merged, work.now, None)
    return Draft(incident, version + 1, merged)


async def draft_and_share(work: UnitOfWork, incident: Incident, promise: Promise | None) -> None:
    """Drafts the postmortem, writes that down, and puts it into the channel as a file with its due time."""
    await work.write(EntryKind.POSTMORTEM_DRAFTED, incident.id)
    drafted = await draft(work, incident.id)
    situation = await situations.read(work, incident)
    due_at = promise.due_at if promise is not None else None
    await say(work, incident.id, notices.postmortem_ready(situation, due_at))
    name = f"{incident.reference.lower()}-postmortem.md"
    title = f"Postmortem of {incident.reference}"
    await share_file(work, incident.id, {"filename": name, "title": title, "content": drafted.markdown})


async def save(work: UnitOfWork, incident_id: str, person_id: str, markdown: str) -> Draft:
    """Keeps what a person wrote as a new version; this is what keeps the write-up promise."""
    require_act(await people.get_person(work.tx, person_id))
    incident = await incidents.lock_incident(work.tx, incident_id)
    if not markdown.strip() or len(markdown) > _LIMIT:
        raise Malformed(f"A postmortem is Markdown of 1 to {_LIMIT} characters.")
    latest = await postmortems.find_latest(work.tx, incident.id)
    version = (latest[0] if latest else 0) + 1
    await postmortems.add_version(work.tx, incident.id, version, markdown.replace("\x00", ""), work.now, person_id)
    await promises.keep(work, incident.id, ClockName.POSTMORTEM, person_id)
    return Draft(incident, version, markdown)
