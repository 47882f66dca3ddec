"""The postmortem: drafted from the timeline at the resolution, and again whenever asked, keeping what people wrote (C6, J15, B8)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain import blame
from bot.domain.access import Access
from bot.domain.blame import Finding
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.writing import Section
from bot.errors import Malformed, NotAllowed, Refused
from bot.messages import postmortem, postmortem_notices, postmortem_sections, texts
from bot.messages.evidence import write_up, writer
from bot.services import availability, promises, situations
from bot.services.outbox import say, share_file
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import follow_ups, incidents, people, postmortems, runbooks, timeline

_LIMIT = 500_000
_REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of a postmortem as Markdown."""

    incident: Incident
    version: int
    markdown: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a version that a person wrote: the sections that are ``empty`` still, and what may blame somebody.

    ``kept`` says whether the promise of the write-up was kept by it, ``owed`` whether it is owed still.
    """

    incident: Incident
    version: int
    empty: tuple[str, ...]
    findings: tuple[Finding, ...]
    kept: bool
    owed: bool

    @property
    def said(self) -> str:
        """All of that as plain text, for whoever saved it alone."""
        return postmortem_notices.saved(self.incident.reference, self.version, self.empty, self.kept, self.owed, self.findings)


async def draft(work: UnitOfWork, incident_id: str) -> Draft:
    """The postmortem from the timeline as it is now; a new version is kept only when something changed."""
    incident = await incidents.lock_incident(work.tx, incident_id)
    latest = await postmortems.find_latest(work.tx, incident.id)
    fresh = postmortem.markdown(await _evidence(work, incident))
    version, kept = latest or (0, None)
    merged = fresh if kept is None else postmortem.merge(kept, fresh)
    if merged == kept:
        return Draft(incident, version, merged)
    await postmortems.add_version(work.tx, incident.id, version + 1, merged, work.now, None)
    return Draft(incident, version + 1, merged)


async def written(work: UnitOfWork, incident: Incident) -> tuple[tuple[Section, ...], str]:
    """The sections that the policy asks for, and the latest version, or what a first draft would be."""
    latest = await postmortems.find_latest(work.tx, incident.id)
    sections = (await work.policy_of(incident.policy_digest)).postmortem.sections
    return sections, latest[1] if latest else postmortem.markdown(await _evidence(work, incident))


async def _evidence(work: UnitOfWork, incident: Incident) -> postmortem.Evidence:
    policy = await work.policy_of(incident.policy_digest)
    entries = await timeline.list_entries(work.tx, incident.id)
    situation = await situations.read(work, incident)
    steps = await runbooks.list_steps(work.tx, incident.id)
    left = await follow_ups.list_of_incident(work.tx, incident.id)
    named = _named(entries) | {step.ticked_by for step in steps if step.ticked_by} | {one.owner_id for one in left if one.owner_id}
    return postmortem.Evidence(
        situation=situation.with_names({**situation.names, **await people.list_names(work.tx, named)}),
        entries=tuple(entries),
        sections=policy.postmortem.sections,
        by=policy.postmortem.by,
        steps=tuple(
            replace(step, runbook=policy.runbooks[step.runbook].title) if step.runbook in policy.runbooks else step for step in steps
        ),
        follow_ups=tuple(left),
        taken=await availability.taken_by(work, incident),
    )


def _named(entries: list[TimelineEntry]) -> set[str]:
    return {person_id for entry in entries for person_id in entry.people}


async def draft_and_share(work: UnitOfWork, incident: Incident) -> None:
    """Drafts the postmortem, writes that down, and puts it into the channel as a file, with whose task it is by when."""
    await work.write(EntryKind.POSTMORTEM_DRAFTED, incident.id)
    drafted = await draft(work, incident.id)
    situation = await situations.read(work, incident)
    by = (await work.policy_of(incident.policy_digest)).postmortem.by
    person_id, role = writer(situation, by)
    user_id = (await people.get_person(work.tx, person_id)).slack_user_id if person_id is not None else None
    await say(work, incident.id, postmortem_notices.ready(situation, role, person_id, user_id))
    name = f"{incident.reference.lower()}-postmortem.md"
    title = f"Postmortem of {incident.reference}"
    await share_file(work, incident.id, {"filename": name, "title": title, "content": drafted.markdown})


async def save(work: UnitOfWork, incident_id: str, person_id: str, markdown: str) -> Saved:
    """Keeps what a person wrote as a new version; with every section filled it keeps the promise of the write-up.

    Whatever is missing or may blame somebody is said, and the text is kept all the same.
    """
    require_act(await people.get_person(work.tx, person_id))
    incident = await incidents.lock_incident(work.tx, incident_id)
    if not markdown.strip() or len(markdown) > _LIMIT:
        raise Malformed(f"A postmortem is Markdown of 1 to {_LIMIT} characters.")
    markdown = markdown.replace("\x00", "")
    latest = await postmortems.find_latest(work.tx, incident.id)
    version = (latest[0] if latest else 0) + 1
    await postmortems.add_version(work.tx, incident.id, version, markdown, work.now, person_id)
    policy = await work.policy_of(incident.policy_digest)
    empty = postmortem_sections.empty(markdown, policy.postmortem.sections)
    kept = None if empty else await promises.keep(work, incident.id, ClockName.POSTMORTEM, person_id)
    owed = write_up((await situations.read(work, incident)).promises)
    return Saved(incident, version, empty, await _findings(work, incident, markdown), kept is not None, owed is not None and owed.open)


async def _findings(work: UnitOfWork, incident: Incident, markdown: str) -> tuple[Finding, ...]:
    situation = await situations.read(work, incident)
    named = _named(await timeline.list_entries(work.tx, incident.id))
    names = {**situation.names, **await people.list_names(work.tx, named)}
    return blame.findings(markdown, tuple(names.values()))


async def waive(work: UnitOfWork, incident_id: str, member: Member, reason: str) -> Incident:
    """The incident, whose write-up is owed no longer for a reason that stands on the timeline; owners and hq alone may say so."""
    if member.access not in (Access.OWNER, Access.HQ):
        raise NotAllowed(f"Your access is “{member.access.value}”. A postmortem is waived by somebody whose access is owner or hq.")
    incident = await incidents.lock_incident(work.tx, incident_id)
    said = texts.clean(reason.strip(), _REASON_LIMIT)
    if not said:
        raise Malformed("Say why, for example `/incident postmortem skip Written up with INC-7`: it stands on the timeline.")
    promise = write_up((await situations.read(work, incident)).promises)
    if promise is None or not promise.open:
        raise Refused(f"{incident.reference} owes no postmortem now, so there is none to waive.")
    await work.write(EntryKind.POSTMORTEM_WAIVED, incident.id, actor_id=member.id, text=said)
    await promises.withdraw(work, incident.id, (ClockName.POSTMORTEM,), f"waived: {said}", member.id)
    await say(work, incident.id, postmortem_notices.waived(await situations.read(work, incident), member.name, said))
    return incident
