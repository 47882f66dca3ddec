"""Modals: a skeleton opens at once, for a trigger lives three seconds; it is filled after (complaint 10). And what is submitted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.clock import new_id
from bot.domain.declaration import Declaration, split_severity
from bot.domain.people import Member
from bot.domain.status import find_status
from bot.errors import Malformed
from bot.listeners import actions as clicks
from bot.listeners import commands
from bot.messages import actions, modals
from bot.services import incidents, situations
from bot.services.people import require_act, who_in_slack
from bot.services.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal: ``about`` is its private metadata, ``values`` one value for each block."""

    callback_id: str
    about: Mapping[str, str]
    values: Mapping[str, str]
    user_id: str
    user_name: str


def parse(body: Mapping[str, Any]) -> Submission:
    """The submission that a view_submission payload holds; tampered metadata is Malformed."""
    view, user = body.get("view") or {}, body.get("user") or {}
    try:
        about = json.loads(view.get("private_metadata") or "{}")
    except ValueError as error:
        raise Malformed("This form was changed on its way. Open it again.") from error
    states = (view.get("state") or {}).get("values") or {}
    values = {block: _value(next(iter(elements.values()), {})) for block, elements in states.items()}
    name = str(user.get("username") or user.get("name") or "")
    about = {key: str(value) for key, value in about.items()} if isinstance(about, dict) else {}
    return Submission(str(view.get("callback_id", "")), about, values, str(user.get("id", "")), name)


def _value(state: Mapping[str, Any]) -> str:
    option = state.get("selected_option") or {}
    return str(state.get("value") or option.get("value") or "").strip()


async def for_command(work: UnitOfWork, command: commands.Command) -> dict[str, Any]:
    """The filled view for a command that left something out."""
    if command.word == "declare":
        severity, title = split_severity(command.text, work.policy)
        return modals.declare(work.policy, new_id(), title, severity.label if severity else None)
    incident, _ = await commands.incident_of(work, command)
    return await _view(work, actions.UPDATE if command.word == "update" else actions.CHANGE_SEVERITY, incident.id)


async def for_click(work: UnitOfWork, click: clicks.Click) -> dict[str, Any]:
    """The filled view for a button of the card."""
    return await _view(work, click.action_id, click.incident_id)


async def _view(work: UnitOfWork, action_id: str, incident_id: str) -> dict[str, Any]:
    situation = await situations.situation(work, incident_id)
    if action_id == actions.UPDATE:
        return modals.update(situation)
    if action_id == actions.RESOLVE:
        return modals.resolve(situation)
    return modals.severity(situation, await work.policy_of(situation.incident.policy_digest))


async def submit(work: UnitOfWork, submission: Submission) -> dict[str, Any]:
    """The answer to a submission: an empty one closes the modal."""
    handler = _HANDLERS.get(submission.callback_id)
    if handler is None:
        raise Malformed("This form is not known any more. Open it again.")
    member = await who_in_slack(work, submission.user_id, submission.user_name)
    require_act(member)
    await handler(work, member, submission)
    return {}


def _about(submission: Submission, name: str) -> str:
    value = submission.about.get(name)
    if not value:
        raise Malformed("This form was changed on its way. Open it again.")
    return value


async def _declare(work: UnitOfWork, member: Member, submission: Submission) -> None:
    wanted = Declaration(
        token=f"modal:{_about(submission, 'token')}",
        title=submission.values.get(modals.TITLE_BLOCK, ""),
        severity=submission.values.get(modals.SEVERITY_BLOCK) or work.policy.default_severity,
        declared_by=member.id,
        impact=submission.values.get(modals.IMPACT_BLOCK) or None,
    )
    await incidents.declare(work, wanted)


async def _update(work: UnitOfWork, member: Member, submission: Submission) -> None:
    values = submission.values
    status = find_status(values.get(modals.STATUS_BLOCK, ""))
    impact = values.get(modals.IMPACT_BLOCK) or None
    text = values.get(modals.TEXT_BLOCK, "")
    await incidents.update(work, _about(submission, "incident_id"), member.id, text, status, impact)


async def _severity(work: UnitOfWork, member: Member, submission: Submission) -> None:
    label = submission.values.get(modals.SEVERITY_BLOCK, "")
    reason = submission.values.get(modals.TEXT_BLOCK) or None
    await incidents.change_severity(work, _about(submission, "incident_id"), member.id, label, reason)


async def _resolve(work: UnitOfWork, member: Member, submission: Submission) -> None:
    text = submission.values.get(modals.TEXT_BLOCK) or None
    await incidents.resolve(work, _about(submission, "incident_id"), member.id, text)


_HANDLERS: Mapping[str, Callable[[UnitOfWork, Member, Submission], Awaitable[None]]] = {
    modals.DECLARE: _declare,
    actions.UPDATE: _update,
    actions.CHANGE_SEVERITY: _severity,
    actions.RESOLVE: _resolve,
}
