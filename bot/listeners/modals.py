"""Forms: a skeleton opens at once, for a trigger lives three seconds; it is filled after (complaint 10). And what is submitted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import new_id
from bot.domain.declaration import split_severity
from bot.domain.people import Member
from bot.errors import Malformed
from bot.listeners import actions as clicks
from bot.listeners import commands, stages, submissions, writing
from bot.listeners.lines import Command, incident_of, split_reference
from bot.messages import actions, modals, resolve_form
from bot.services import lookups, situations
from bot.services.people import in_readable_words, list_slack_ids, require_act, who_in_slack
from bot.services.work import UnitOfWork

View = dict[str, Any]
Builder = Callable[[UnitOfWork, str], Awaitable[View]]
_OF_WORD = {
    "update": actions.UPDATE,
    "severity": actions.CHANGE_SEVERITY,
    "role": actions.ASSIGN_ROLE,
    "page": actions.PAGE,
    "note": actions.NOTE,
    "at": actions.NOTE_AT,
    "postmortem": actions.WRITE_POSTMORTEM,
    "report": actions.WRITE_REPORT,
}


@dataclass(frozen=True, slots=True)
class Picked:
    """A message that somebody chose in its menu; ``callback_id`` says what for."""

    callback_id: str
    user_id: str
    user_name: str
    channel_id: str
    trigger_id: str
    text: str
    author_id: str
    message_ts: str
    thread_ts: str
    files: Sequence[str]


def parse_picked(body: Mapping[str, Any]) -> Picked:
    """What a message shortcut's, or a global shortcut's, payload holds; the latter has no message."""
    user, message = body.get("user") or {}, body.get("message") or {}
    return Picked(
        str(body.get("callback_id", "")),
        str(user.get("id", "")),
        str(user.get("username") or user.get("name") or ""),
        str((body.get("channel") or {}).get("id", "")),
        str(body.get("trigger_id", "")),
        str(message.get("text") or ""),
        str(message.get("user") or message.get("bot_id") or ""),
        str(message.get("ts") or ""),
        str(message.get("thread_ts") or ""),
        tuple(str(file.get("name") or file.get("id")) for file in message.get("files") or ()),
    )


async def _actor(work: UnitOfWork, user_id: str, user_name: str) -> Member:
    member = await who_in_slack(work, user_id, user_name)
    require_act(member)
    return member


async def for_command(work: UnitOfWork, command: Command) -> View:
    """The filled view for a command that left something out."""
    member = await _actor(work, command.user_id, command.user_name)
    if command.word == "declare":
        private, line = commands.split_private(await in_readable_words(work, command.text))
        severity, title = split_severity(line, work.policy)
        return await _declare(work, member, title, severity.label if severity else None, private=private)
    incident, _ = await incident_of(work, member, command)
    if command.word == "severity":
        _, wanted = split_reference(command.text)
        return await _severity(work, incident.id, wanted or None)
    return await _BUILDERS[_OF_WORD[command.word]](work, incident.id)


async def for_click(work: UnitOfWork, click: clicks.Click) -> View:
    """The filled view for a button or a menu's choice."""
    member = await _actor(work, click.user_id, click.user_name)
    if click.action_id == actions.DECLARE:
        return await _declare(work, member)
    incident = await clicks.incident_of(work, member, click)
    return await _BUILDERS[click.action_id](work, incident.id)


async def for_shortcut(work: UnitOfWork, picked: Picked) -> View:
    """The filled view for a shortcut: a declaration, from a message or not, or a message for a timeline."""
    member = await _actor(work, picked.user_id, picked.user_name)
    if picked.callback_id not in (actions.ADD_TO_TIMELINE, actions.DECLARE, actions.DECLARE_FROM):
        raise Malformed("This shortcut is not known any more. Type `/incident help` for what can be done.")
    if picked.callback_id == actions.ADD_TO_TIMELINE:
        return modals.add_to_timeline(await lookups.open_for(work, member), picked.text, submissions.kept(picked))
    first_line = " ".join((await in_readable_words(work, picked.text)).split())
    return await _declare(work, member, first_line)


async def _declare(work: UnitOfWork, member: Member, title: str = "", severity: str | None = None, *, private: bool = False) -> View:
    open_now = await lookups.open_for(work, member)
    return modals.declare(work.policy, new_id(), open_now, title, severity, private=private)


async def _severity(work: UnitOfWork, incident_id: str, wanted: str | None = None) -> View:
    situation = await situations.situation(work, incident_id)
    policy = await work.policy_of(situation.incident.policy_digest)
    chosen = policy.find_severity(wanted) if wanted else None
    return modals.severity(situation, policy, chosen.label if chosen else None)


async def _roles(work: UnitOfWork, incident_id: str) -> View:
    situation = await situations.situation(work, incident_id)
    return modals.roles(situation, await list_slack_ids(work, situation.names))


async def _page(work: UnitOfWork, incident_id: str) -> View:
    situation = await situations.situation(work, incident_id)
    return modals.page(situation, await work.policy_of(situation.incident.policy_digest))


def _of(view: Callable[..., View]) -> Builder:
    async def build(work: UnitOfWork, incident_id: str) -> View:
        return view(await situations.situation(work, incident_id))

    return build


_BUILDERS: Mapping[str, Builder] = {
    actions.UPDATE: _of(modals.update),
    actions.CHANGE_SEVERITY: _severity,
    actions.ASSIGN_ROLE: _roles,
    actions.PAGE: _page,
    actions.NOTE: _of(modals.note),
    actions.NOTE_AT: _of(modals.note_at),
    actions.CHANGE_TRIAGE: _of(modals.known),
    actions.RESOLVE: _of(resolve_form.form),
    actions.REOPEN: _of(modals.reopen),
    actions.WRITE_POSTMORTEM: writing.form,
    actions.WRITE_REPORT: stages.report_view,
}
