"""The end and the phases from Slack: ``/incident resolve`` and ``/incident phase``, and the form that asks what the policy asks (O12)."""

from __future__ import annotations

from typing import Any

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.resolving import NotVerified, split_major
from bot.domain.situation import Situation
from bot.listeners.lines import Command, incident_of
from bot.messages import answers, resolve_form
from bot.messages import closing as words
from bot.services import phases, resolutions, situations
from bot.services.people import in_readable_words, require_act
from bot.services.work import UnitOfWork

Words = dict[str, Any]


async def resolve(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Resolves, or says everything that is missing, with the way to answer and to override it."""
    incident, rest = await incident_of(work, member, command)
    text = await in_readable_words(work, rest)
    asked = (await work.policy_of(incident.policy_digest)).severity(incident.severity).major_only
    major, text = split_major(text) if asked else (None, text)
    try:
        changed = await resolutions.resolve(work, incident.id, member.id, text or None, major=major)
    except NotVerified as refusal:
        return resolve_form.missing(await situations.read(work, incident), str(refusal))
    return answers.resolved(await situations.read(work, changed))


async def phase(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Moves to a phase; without a name it says which there are."""
    incident, name = await incident_of(work, member, command)
    if not name:
        return answers.said(words.phases(await situations.read(work, incident)))
    require_act(member)
    changed = await phases.enter(work, incident.id, member.id, await in_readable_words(work, name))
    return answers.said(words.phases(await situations.read(work, changed)))


async def submit_resolve(work: UnitOfWork, member: Member, incident: Incident, form: resolve_form.Filled) -> None:
    """What the form says: the answers to the questions that it asked, whether it was major, why although it is not verified."""
    situation: Situation = await situations.read(work, incident)
    await resolutions.resolve(
        work,
        incident.id,
        member.id,
        form.text or None,
        answers=resolve_form.answered(situation, form),
        override=form.override or None,
        major=form.major,
    )
