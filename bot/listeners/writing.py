"""``/incident postmortem`` and its form: drafted, written section by section, saved or waived; ``/incident availability`` (J15, S10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.errors import Malformed
from bot.listeners.lines import Command, incident_of, split_reference
from bot.messages import answers, modals, postmortem_form, texts
from bot.messages import availability as availability_words
from bot.services import availability, postmortems, situations
from bot.services.people import in_readable_words, require_act
from bot.services.work import UnitOfWork

if TYPE_CHECKING:
    from bot.listeners.submissions import Submission

Words = dict[str, Any]
WRITE, _SKIP = "write", "skip"


def wants_form(command: Command) -> bool:
    """Whether the line asks for the form in which the postmortem is written."""
    return command.word == "postmortem" and split_reference(command.text)[1].casefold() == WRITE


async def postmortem(work: UnitOfWork, member: Member, command: Command) -> Words:
    """Drafts the postmortem anew and puts it into the channel; ``skip`` waives it with a reason."""
    require_act(member)
    incident, rest = await incident_of(work, member, command)
    word, _, reason = rest.partition(" ")
    if word.casefold() == _SKIP:
        await postmortems.waive(work, incident.id, member, await in_readable_words(work, reason))
        return answers.said(f"The postmortem of {incident.reference} is waived. The reason stands on its timeline.")
    if rest:
        raise Malformed("Write `/incident postmortem` for a draft, `postmortem write` to fill it in, `postmortem skip why` to waive it.")
    await postmortems.draft_and_share(work, incident)
    return answers.drafted(incident.reference)


async def form(work: UnitOfWork, incident_id: str) -> dict[str, Any]:
    """The form with the sections as they are now."""
    situation = await situations.situation(work, incident_id)
    return postmortem_form.form(situation, *await postmortems.written(work, situation.incident))


async def submit(work: UnitOfWork, member: Member, incident: Incident, submission: Submission) -> dict[str, Any]:
    """Saves what was changed in the form, and says in its place what is missing and what may blame somebody."""
    sections, markdown = await postmortems.written(work, incident)
    text = postmortem_form.written_into(
        markdown, sections, submission.value, lambda block_id, said: modals.untouched(submission.about, block_id, said)
    )
    saved = await postmortems.save(work, incident.id, member.id, text)
    return {"response_action": "update", "view": modals.told(texts.fit(saved.said, 10_000))}


async def availability_told(work: UnitOfWork, _member: Member, _command: Command) -> Words:
    """What is left of each objective."""
    return answers.said(texts.fit(availability_words.text(await availability.measured(work)), 3000))
