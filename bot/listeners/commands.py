"""``/incident …``: the line is read, one service is called, and its answer is the body of the acknowledgement (C1)."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.declaration import Declaration, split_severity
from bot.domain.incidents import Incident, Road, Role
from bot.domain.people import Member
from bot.domain.status import Status, find_status
from bot.errors import Malformed
from bot.messages import answers
from bot.services import incidents, situations
from bot.services.people import require_act, require_read, who_in_slack
from bot.services.work import UnitOfWork

COMMAND = "/incident"
_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<name>[^>]*))?>")
_REFERENCE = re.compile(r"^(?P<reference>inc-\d{1,9})\b\s*(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
Words = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command; ``text`` is what follows ``word``, with Slack's escapes taken back except for mentions."""

    word: str
    text: str
    user_id: str
    user_name: str
    channel_id: str
    trigger_id: str


def parse(body: Mapping[str, Any]) -> Command:
    """The command that a slash command's form holds."""
    text = str(body.get("text") or "").strip()
    word, _, rest = text.partition(" ")
    return Command(
        word.lower(),
        rest.strip(),
        str(body.get("user_id", "")),
        str(body.get("user_name", "")),
        str(body.get("channel_id", "")),
        str(body.get("trigger_id", "")),
    )


def ephemeral(words: Mapping[str, Any]) -> Words:
    """Words that only the asker sees."""
    return {"response_type": "ephemeral", **words}


def wants_modal(command: Command) -> bool:
    """Whether the line leaves out what a modal then asks for."""
    return command.word in ("declare", "update", "severity") and not _split_reference(command.text)[1]


async def answer(work: UnitOfWork, command: Command) -> Words:
    """What is answered to the command, after its effect."""
    handler = _HANDLERS.get(command.word or "help")
    if handler is None:
        return ephemeral(answers.unknown_command(command.word[:40]))
    member = await who_in_slack(work, command.user_id, command.user_name)
    require_read(member)
    return ephemeral(await handler(work, member, command))


def _split_reference(text: str) -> tuple[str | None, str]:
    match = _REFERENCE.match(text)
    return (match["reference"], match["rest"].strip()) if match else (None, text)


async def incident_of(work: UnitOfWork, command: Command) -> tuple[Incident, str]:
    """The incident that the line names first, else the channel's; and what is left of the line."""
    reference, rest = _split_reference(command.text)
    if reference is not None:
        return await situations.by_reference(work, reference), rest
    return await situations.by_channel(work, command.channel_id), rest


def _plain(text: str) -> str:
    return html.unescape(_MENTION.sub(lambda match: f"@{match['name'] or match['id']}", text))


async def _declare(work: UnitOfWork, member: Member, command: Command) -> Words:
    severity, title = split_severity(_plain(command.text), work.policy)
    wanted = Declaration(
        token=f"slack:{command.trigger_id}",
        title=title,
        severity=severity.label if severity else work.policy.default_severity,
        declared_by=member.id,
    )
    require_act(member)
    declared = await incidents.declare(work, wanted)
    return answers.declared(await situations.read(work, declared.incident), joined=declared.joined)


async def _ack(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, _ = await incident_of(work, command)
    done = await incidents.acknowledge(work, incident.id, member.id, Road.SLACK)
    return answers.acknowledged(await situations.read(work, done.incident), first=done.first)


async def _update(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    status, text = split_status(_plain(rest))
    changed = await incidents.update(work, incident.id, member.id, text, status)
    return answers.updated(await situations.read(work, changed))


def split_status(text: str) -> tuple[Status | None, str]:
    """``mitigating: rolled back`` as its status and the rest; no status when the first word names none."""
    first, _, rest = text.partition(" ")
    status = find_status(first.rstrip(":,"))
    return (status, rest.strip(" :,") or first) if status is not None else (None, text)


async def _status(work: UnitOfWork, _member: Member, command: Command) -> Words:
    incident, _ = await incident_of(work, command)
    return answers.status(await situations.read(work, incident))


async def _severity(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    label, _, reason = _plain(rest).partition(" ")
    changed = await incidents.change_severity(work, incident.id, member.id, label, reason.strip() or None)
    return answers.severity_set(await situations.read(work, changed))


async def _role(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    mention = _MENTION.search(rest)
    name = _MENTION.sub("", rest).replace("-", " ").strip().lower()
    role = next((role for role in Role if role.value == " ".join(name.split())), None)
    if role is None:
        choices = ", ".join(role.value for role in Role)
        raise Malformed(f"Name a role and a person, for example `/incident role commander @ana`. Roles: {choices}.")
    person = member
    if mention is not None:
        person = await who_in_slack(work, mention["id"], mention["name"] or "")
    changed = await incidents.assign_role(work, incident.id, member.id, role, person.id)
    return answers.role_set(await situations.read(work, changed), role, person.name)


async def _note(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    await incidents.note(work, incident.id, member.id, _plain(rest))
    return answers.noted(incident.reference)


async def _resolve(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    changed = await incidents.resolve(work, incident.id, member.id, _plain(rest) or None)
    return answers.resolved(await situations.read(work, changed))


async def _reopen(work: UnitOfWork, member: Member, command: Command) -> Words:
    incident, rest = await incident_of(work, command)
    changed = await incidents.reopen(work, incident.id, member.id, _plain(rest) or None)
    return answers.reopened(await situations.read(work, changed))


async def _list(work: UnitOfWork, _member: Member, _command: Command) -> Words:
    return answers.incident_list(await situations.list_open(work))


async def _help(_work: UnitOfWork, _member: Member, _command: Command) -> Words:
    return answers.help_text()


_HANDLERS: Mapping[str, Callable[[UnitOfWork, Member, Command], Awaitable[Words]]] = {
    "declare": _declare,
    "ack": _ack,
    "update": _update,
    "status": _status,
    "severity": _severity,
    "role": _role,
    "note": _note,
    "resolve": _resolve,
    "reopen": _reopen,
    "list": _list,
    "help": _help,
}
WORDS = tuple(_HANDLERS)
