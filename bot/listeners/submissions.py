"""What is submitted in a form: read, checked against how things stand now, and done; a refusal stands beside the field it is about."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.clock import new_id
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident, Role
from bot.domain.moments import split_moment
from bot.domain.people import Member
from bot.domain.status import find_status
from bot.domain.triage import Fact
from bot.errors import Malformed
from bot.listeners import closing, stages, writing
from bot.listeners.lines import MENTION
from bot.messages import actions, modals, resolve_form
from bot.services import callouts, corrections, declarations, incidents, phases, resolutions, situations, timeline
from bot.services.people import require_act, seen_by, who_in_slack
from bot.services.timeline import Post
from bot.services.work import UnitOfWork

if TYPE_CHECKING:
    from bot.listeners.modals import Picked

_CHANGED = "This form was changed on its way. Open it again."
_TEXT_KEPT = 1800
"""How much of a chosen message a form's metadata carries, which holds 3000 characters."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted form: ``about`` is its metadata, ``values`` what stands in each block, several people or ticks as a list."""

    callback_id: str
    about: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    user_id: str
    user_name: str

    def value(self, block_id: str) -> str:
        """The single value of a block; empty when there is none."""
        return next(iter(self.values.get(block_id, ())), "")


def parse(body: Mapping[str, Any]) -> Submission:
    """The submission that a view_submission payload holds; tampered metadata is Malformed."""
    view, user = body.get("view") or {}, body.get("user") or {}
    try:
        about = json.loads(view.get("private_metadata") or "{}")
    except (ValueError, RecursionError) as error:
        raise Malformed(_CHANGED) from error
    states = (view.get("state") or {}).get("values") or {}
    values = {block: _values(next(iter(elements.values()), {})) for block, elements in states.items()}
    name = str(user.get("username") or user.get("name") or "")
    about = {key: str(value) for key, value in about.items()} if isinstance(about, dict) else {}
    return Submission(str(view.get("callback_id", "")), about, values, str(user.get("id", "")), name)


def _values(state: Mapping[str, Any]) -> tuple[str, ...]:
    """What was typed or chosen, whichever kind of input it is."""
    options = state.get("selected_options") or [state.get("selected_option") or {}]
    found = [state.get("value"), state.get("selected_user"), *(state.get("selected_users") or ()), *(o.get("value") for o in options)]
    return tuple(str(value).strip() for value in found if value and str(value).strip())


async def submit(work: UnitOfWork, submission: Submission) -> dict[str, Any]:
    """The answer to a submission: an empty one closes the form."""
    handler = _HANDLERS.get(submission.callback_id)
    if handler is None:
        raise Malformed("This form is not known any more. Open it again.")
    member = await who_in_slack(work, submission.user_id, submission.user_name)
    require_act(member)
    return await handler(work, member, submission) or {}


def _about(submission: Submission, name: str) -> str:
    value = submission.about.get(name)
    if not value:
        raise Malformed(_CHANGED)
    return value


async def _incident(work: UnitOfWork, member: Member, submission: Submission) -> Incident:
    """The incident that the form is about, when the person may see it: what the form says of it is not believed."""
    return await seen_by(work, member, await situations.incident(work, _about(submission, "incident_id")))


def users_in(submission: Submission) -> set[str]:
    """The Slack users who were chosen in the form, and those of the message that it is about."""
    chosen = (submission.values.get(block, ()) for block in (modals.PEOPLE_BLOCK, *(role.value for role in Role)))
    author = submission.about.get("author", "")
    mentioned = {match["id"] for match in MENTION.finditer(submission.about.get("text", ""))}
    return {user_id for found in chosen for user_id in found} | mentioned | ({author} if author[:1] in ("U", "W") else set())


async def _declare(work: UnitOfWork, member: Member, submission: Submission) -> dict[str, Any] | None:
    """Closes the form, or shows which incident was met (complaint 20)."""
    asked = submission.about if submission.about.get("separately") else None
    title = asked.get("title", "") if asked else submission.value(modals.TITLE_BLOCK)
    private = bool(asked.get("private")) if asked else submission.value(modals.PRIVATE_BLOCK) == modals.PRIVATE
    impact = asked.get("impact", "") if asked else submission.value(modals.IMPACT_BLOCK)
    severity = asked.get("severity", "") if asked else submission.value(modals.SEVERITY_BLOCK)
    wanted = Declaration(
        token=f"modal:{_about(submission, 'token')}",
        title=title,
        severity=severity or work.policy.default_severity,
        declared_by=member.id,
        impact=impact or None,
        even_if_same=asked is not None,
        private=private,
    )
    declared = await declarations.declare(work, wanted)
    if not declared.joined:
        return None
    about = {"separately": "1", "token": new_id(), "title": title, "severity": severity, "impact": impact[:_TEXT_KEPT]}
    about |= {"private": modals.PRIVATE} if private else {}
    return {"response_action": "update", "view": modals.met(await situations.read(work, declared.incident), about)}


async def _update(work: UnitOfWork, member: Member, submission: Submission) -> None:
    """A status that was left as it stood when the form was opened takes nothing back that somebody else changed meanwhile."""
    status = find_status(submission.value(modals.STATUS_BLOCK))
    if status is not None and status.value == submission.about.get("status"):
        status = None
    incident = await _incident(work, member, submission)
    phase = submission.value(modals.PHASE_BLOCK)
    if phase and phase != submission.about.get("phase"):
        status = (await phases.choose(work, incident, member.id, phase)).status
    impact, text = submission.value(modals.IMPACT_BLOCK), submission.value(modals.TEXT_BLOCK)
    same = modals.untouched(submission.about, modals.IMPACT_BLOCK, impact)
    await incidents.update(work, incident.id, member.id, text, status, None if same else impact)


async def _severity(work: UnitOfWork, member: Member, submission: Submission) -> None:
    incident = await _incident(work, member, submission)
    if incident.severity != submission.about.get("severity", incident.severity):
        sentence = f"It was changed to {incident.severity} while this form was open. Open it again to change that."
        raise Malformed(sentence, where=modals.SEVERITY_BLOCK)
    label, reason = submission.value(modals.SEVERITY_BLOCK), submission.value(modals.TEXT_BLOCK)
    if not reason:
        raise Malformed("Say why, in a few words: it stands in the channel and in the postmortem.", where=modals.TEXT_BLOCK)
    await incidents.change_severity(work, incident.id, member.id, label, reason)


async def _roles(work: UnitOfWork, member: Member, submission: Submission) -> None:
    """A role that was left as it stood takes nothing back that somebody else gave meanwhile."""
    situation = await situations.read(work, await _incident(work, member, submission))
    for role in Role:
        user_id = submission.value(role.value)
        if user_id and not modals.untouched(submission.about, role.value, user_id):
            person = await who_in_slack(work, user_id, user_id)
            if person.id != situation.holder(role):
                await _give(work, situation.incident, member, role, person)


async def _give(work: UnitOfWork, incident: Incident, member: Member, role: Role, person: Member) -> None:
    try:
        await incidents.assign_role(work, incident.id, member.id, role, person.id)
    except Malformed as error:
        raise Malformed(str(error), where=role.value) from error


async def _page(work: UnitOfWork, member: Member, submission: Submission) -> None:
    wanted = [await who_in_slack(work, user_id, user_id) for user_id in submission.values.get(modals.PEOPLE_BLOCK, ())]
    group = submission.value(modals.GROUP_BLOCK)
    if group:
        wanted += [person for person in await callouts.named(work, group) if person.id not in {one.id for one in wanted}]
    if not wanted:
        raise Malformed("Choose somebody, or a level or group.", where=modals.PEOPLE_BLOCK)
    await callouts.page(work, (await _incident(work, member, submission)).id, member.id, wanted)


async def _note(work: UnitOfWork, member: Member, submission: Submission) -> None:
    await incidents.note(work, (await _incident(work, member, submission)).id, member.id, submission.value(modals.TEXT_BLOCK))


async def _note_at(work: UnitOfWork, member: Member, submission: Submission) -> None:
    incident = await _incident(work, member, submission)
    policy = await work.policy_of(incident.policy_digest)
    try:
        at, rest = split_moment(submission.value(modals.WHEN_BLOCK), work.now, policy.zones[0].zone)
    except Malformed as error:
        raise Malformed(str(error), where=modals.WHEN_BLOCK) from error
    if rest:
        raise Malformed("Only the time belongs here.", where=modals.WHEN_BLOCK)
    field = submission.value(modals.WHAT_BLOCK)
    if field in ("started_at", "ended_at"):
        await corrections.correct_time(work, incident.id, member.id, field, at)
    else:
        await corrections.note_at(work, incident.id, member.id, at, submission.value(modals.TEXT_BLOCK))


async def _known(work: UnitOfWork, member: Member, submission: Submission) -> None:
    said = {fact.value: submission.value(fact.value) for fact in Fact}
    said = {name: text for name, text in said.items() if not modals.untouched(submission.about, name, text)}
    await corrections.change_triage(work, (await _incident(work, member, submission)).id, member.id, said)


async def _resolve(work: UnitOfWork, member: Member, submission: Submission) -> None:
    incident = await _incident(work, member, submission)
    await closing.submit_resolve(work, member, incident, resolve_form.filled(submission.values, submission.about))


async def _reopen(work: UnitOfWork, member: Member, submission: Submission) -> None:
    text = submission.value(modals.TEXT_BLOCK) or None
    await resolutions.reopen(work, (await _incident(work, member, submission)).id, member.id, text)


async def _write_postmortem(work: UnitOfWork, member: Member, submission: Submission) -> dict[str, Any]:
    return await writing.submit(work, member, await _incident(work, member, submission), submission)


async def _write_report(work: UnitOfWork, member: Member, submission: Submission) -> None:
    await stages.submit_report(work, member, await _incident(work, member, submission), submission)


def kept(picked: Picked) -> dict[str, str]:
    """What a form has to remember of a chosen message."""
    return {
        "channel": picked.channel_id,
        "author": picked.author_id,
        "ts": picked.message_ts,
        "thread_ts": picked.thread_ts,
        "text": picked.text[:_TEXT_KEPT],
        "files": ", ".join(picked.files)[:200],
    }


async def _add_to_timeline(work: UnitOfWork, member: Member, submission: Submission) -> None:
    about = submission.about
    ts = _about(submission, "ts")
    incident = await seen_by(work, member, await situations.incident(work, submission.value(modals.INCIDENT_BLOCK)))
    files = (about["files"],) if about.get("files") else ()
    post = Post(
        _about(submission, "channel"), _about(submission, "author"), ts, about.get("text", ""), timeline.moment_of(ts),
        about.get("thread_ts") or None, files,
    )  # fmt: skip
    await timeline.keep_message(work, incident.id, member.id, post)


_HANDLERS: Mapping[str, Callable[[UnitOfWork, Member, Submission], Awaitable[dict[str, Any] | None]]] = {
    modals.DECLARE: _declare,
    actions.UPDATE: _update,
    actions.CHANGE_SEVERITY: _severity,
    actions.ASSIGN_ROLE: _roles,
    actions.PAGE: _page,
    actions.NOTE: _note,
    actions.NOTE_AT: _note_at,
    actions.CHANGE_TRIAGE: _known,
    actions.RESOLVE: _resolve,
    actions.REOPEN: _reopen,
    actions.WRITE_POSTMORTEM: _write_postmortem,
    actions.WRITE_REPORT: _write_report,
    actions.ADD_TO_TIMELINE: _add_to_timeline,
}
