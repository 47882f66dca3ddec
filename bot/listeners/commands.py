"""``/incident …``: the line is read, one service is called, and its answer is the body of the acknowledgement (C1)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.domain.declaration import Declaration, split_severity
from bot.domain.incidents import Road, Role
from bot.domain.moments import split_moment
from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.errors import Malformed
from bot.listeners import closing, gate, reading, runbooks, silencing, stages, writing
from bot.listeners.lines import MENTION, Command, incident_of, split_reference, split_status
from bot.messages import answers
from bot.services import callouts, corrections, declarations, incidents, resolutions, situations, verification
from bot.services.people import in_readable_words, require_act, require_read, who_in_slack
from bot.services.work import UnitOfWork

COMMAND = "/incident"
_FORMS = ("update", "role", "page", "note", "at")
"""The words whose line may be left out: a form asks for it then."""
_PRIVATE = "private"
Words = dict[str, Any]


def ephemeral(words: Mapping[str, Any]) -> Words:
    """Words that only the asker sees."""
    return {"response_type": "ephemeral", **words}


def wants_modal(command: Command, policy: Policy) -> bool:
    """Whether the line leaves out what a form then asks for: a title, a reason, a text."""
    _, rest = split_reference(command.text)
    if command.word == "severity":
        return len(rest.split()) < 2 and (not rest or policy.find_severity(rest) is not None)
    if command.word == "declare":
        return not split_severity(split_private(rest)[1], policy)[1]
    return (command.word in _FORMS and not rest) or writing.wants_form(command) or stages.wants_form(command)


async def answer(work: UnitOfWork, command: Command) -> Words:
    """What is answered to the command, after its effect."""
    handler = _HANDLERS.get(command.word or "menu")
    if handler is None:
        return ephemeral(answers.unknown_command(command.word[:40]))
    member = await who_in_slack(work, command.user_id, command.user_name)
    require_read(member)
    return ephemeral(await handler(work, member, command))


def split_private(text: str) -> tuple[bool, str]:
    """``private P0 title`` as its privacy and the rest."""
    first, _, rest = text.strip().partition(" ")
    return (True, rest) if first.casefold() == _PRIVATE else (False, text)


async def _declare(work: UnitOfWork, member: Member, command: Command) -> Words:
    private, line = split_private(await in_readable_words(work, command.text))
    severity, title = split_severity(line, work.policy)
    wanted = Declaration(
        token=f"slack:{command.trigger_id}",
        title=title,
        severity=severity.label if severity else work.policy.default_severity,
        declared_by=member.id,
        private=private,
    )
    return await declare(work, member, wanted)


async def declare(work: UnitOfWork, member: Member, wanted: Declaration) -> Words:
    """What the person is told who declared, whether it opened an incident or met one (complaint 20)."""
    require_act(member)
    declared = await declarations.declare(work, wanted)
    title = declarations.title_of(wanted.title)
    again = json.dumps({"title": title, "severity": wanted.severity, "private": wanted.private}, ensure_ascii=False)
    return answers.declared(await situations.read(work, declared.incident), joined=declared.joined, again=again)


async def _ack(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, _ = await incident_of(work, member, command)
    done = await incidents.acknowledge(work, incident.id, member.id, Road.SLACK)
    return answers.acknowledged(await situations.read(work, done.incident), first=done.first)


async def _update(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    status, text = split_status(await in_readable_words(work, rest))
    changed = await incidents.update(work, incident.id, member.id, text, status)
    return answers.updated(await situations.read(work, changed))


async def _severity(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    label, _, reason = (await in_readable_words(work, rest)).partition(" ")
    changed = await incidents.change_severity(work, incident.id, member.id, label, reason.strip() or None)
    return answers.severity_set(await situations.read(work, changed))


async def _role(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    mention = MENTION.search(rest)
    name = MENTION.sub("", rest).replace("-", " ").strip().lower()
    role = next((role for role in Role if role.value == " ".join(name.split())), None)
    if role is None:
        choices = ", ".join(role.value for role in Role)
        raise Malformed(f"Name a role and a person, for example `/incident role commander @ana`. Roles: {choices}.")
    person = member
    if mention is not None:
        person = await who_in_slack(work, mention["id"], mention["name"] or "")
    changed = await incidents.assign_role(work, incident.id, member.id, role, person.id)
    return answers.role_set(await situations.read(work, changed), role, person.name)


async def _page(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    mentioned = [await who_in_slack(work, match["id"], match["name"] or "") for match in MENTION.finditer(rest)]
    wanted = mentioned or await callouts.named(work, await in_readable_words(work, rest))
    called = await callouts.page(work, incident.id, member.id, wanted)
    return answers.paged(await situations.read(work, incident), [person.name for person in called])


async def _note(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    await incidents.note(work, incident.id, member.id, await in_readable_words(work, rest))
    return answers.noted(incident.reference)


async def _at(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    policy = await work.policy_of(incident.policy_digest)
    at, text = split_moment(await in_readable_words(work, rest), work.now, policy.zones[0].zone)
    await corrections.note_at(work, incident.id, member.id, at, text)
    return answers.recorded(incident.reference, at, policy.zones)


async def _reopen(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, member, command)
    changed = await resolutions.reopen(work, incident.id, member.id, await in_readable_words(work, rest) or None)
    return answers.reopened(await situations.read(work, changed))


async def _verify(work: UnitOfWork, member: Member, command: Command) -> Words:
    typed = command.text.strip()
    sentence = await (verification.confirm(work, member, typed) if typed else verification.send_code(work, member))
    return answers.said(sentence)


_HANDLERS: Mapping[str, Callable[[UnitOfWork, Member, Command], Awaitable[Words]]] = {
    "declare": _declare,
    "ack": _ack,
    "update": _update,
    "status": reading.status,
    "severity": _severity,
    "role": _role,
    "page": _page,
    "note": _note,
    "at": _at,
    "resolve": closing.resolve,
    "phase": closing.phase,
    "reopen": _reopen,
    "list": reading.listed,
    "timeline": reading.timeline,
    "postmortem": writing.postmortem,
    "availability": writing.availability_told,
    "oncall": reading.on_call,
    "silence": silencing.silence,
    "inbox": silencing.waiting,
    "merge": silencing.merge,
    gate.WORD: gate.gate_command,
    "runbook": runbooks.runbook,
    "followup": runbooks.follow_up,
    "extend": stages.extend,
    "tenants": stages.write_to_tenants,
    "ticket": stages.ticket,
    "report": stages.report,
    "meeting": stages.meeting,
    "verify": _verify,
    "help": reading.help_text,
    "menu": reading.menu,
}
WORDS = tuple(word for word in _HANDLERS if word != "menu")
