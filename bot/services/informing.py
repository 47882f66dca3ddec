"""Telling people of an incident without calling them: alone in Slack, and by mail (S2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.domain.incidents import Incident, Role
from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.domain.severity import Severity
from bot.domain.timeline import EntryKind
from bot.messages import stages as words
from bot.services import situations
from bot.services.outbox import tell
from bot.services.work import UnitOfWork
from bot.store import outbox, people

_SLACK, _EMAIL = "slack", "email"
BOTH = (_SLACK, _EMAIL)


async def mail(work: UnitOfWork, lane: str, to: str, words: Mapping[str, Any], incident_id: str | None = None) -> None:
    """Sends a mail that calls nobody; ``lane`` names whose mailbox it is."""
    await outbox.add_message(
        work.tx,
        Kind.NOTICE,
        {"to": to, **words},
        lane=lane[:100],
        created_at=work.now,
        incident_id=incident_id,
        request_id=work.request_id,
    )


def role_named(name: str) -> Role | None:
    """The incident role that a policy names where it names people: ``commander``, ``technical-lead``."""
    word = name.strip().casefold().replace("-", " ")
    return next((role for role in Role if role.value == word), None)


async def find_people(work: UnitOfWork, incident: Incident, who: Iterable[str]) -> tuple[list[Member], list[str]]:
    """The people whom names of people, groups and incident roles stand for, each once; and the names that stand for nobody now."""
    policy = await work.policy_of(incident.policy_digest)
    situation = await situations.read(work, incident)
    found: dict[str, Member] = {}
    missing: list[str] = []
    for name in who:
        role = None if name in policy.people or name in policy.groups else role_named(name)
        holder = None if role is None else situation.holder(role)
        members = [await people.get_person(work.tx, holder)] if holder else await people.list_by_keys(work.tx, policy.members([name]))
        found |= {member.id: member for member in members}
        missing += [] if members else [name]
    return list(found.values()), missing


async def inform(
    work: UnitOfWork,
    incident: Incident,
    members: Sequence[Member],
    said: Mapping[str, Any],
    mailed: Mapping[str, Any],
    *,
    of: str,
    by: Sequence[str] = BOTH,
) -> list[str]:
    """The names of those who are told, each by every one of the ways ``by`` that leads to them; ``of`` says in the timeline of what."""
    reached: list[str] = []
    for member in members:
        ways = [way for way in by if (member.slack_user_id if way == _SLACK else member.email)]
        if _SLACK in ways:
            await tell(work, member, said, incident.id)
        if _EMAIL in ways and member.email is not None:
            await mail(work, f"person:{member.id}", member.email, mailed, incident.id)
        reached += [member.name] if ways else []
    if reached:
        await work.write(EntryKind.TOLD, incident.id, facts={"of": of, "names": reached, "by": list(by)})
    return reached


async def tell_of(work: UnitOfWork, incident: Incident, severity: Severity) -> None:
    """Tells whom the severity names that there is such an incident; a private one is told nobody (S2)."""
    if incident.private or not severity.tell:
        return
    situation = await situations.read(work, incident)
    for telling in severity.tell:
        members, _ = await find_people(work, incident, telling.who)
        of = f"{incident.reference} as {severity.label}"
        await inform(work, incident, members, words.told(situation), words.told_by_mail(situation), of=of, by=telling.by)
