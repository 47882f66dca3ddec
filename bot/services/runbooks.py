"""Runbooks at work: shown when their alerts come, ticked onto the timeline, and asked to be better after it (O6, O7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.domain.alert import Alert, AlertRow
from bot.domain.correlation import judge
from bot.domain.follow_ups import FollowUpKind
from bot.domain.incidents import Incident, Purpose
from bot.domain.outbox import Kind
from bot.domain.routing import Channel
from bot.domain.runbooks import STEPS_AT_MOST, Progress, Runbook, RunbookStep, Ticked
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotFound, Refused
from bot.messages import runbooks as words
from bot.services import follow_ups, situations, stages
from bot.services.incidents import actor
from bot.services.outbox import lane, post, say, share_file
from bot.services.work import UnitOfWork
from bot.store import incidents, outbox, people, runbooks

AT_MOST = 8
"""Runbooks that are shown in one incident: a storm brings the alerts of many routes."""


async def show(work: UnitOfWork, incident: Incident, keys: Iterable[str | None], by: str | None = None) -> list[str]:
    """The keys of those runbooks that the channel is shown now: each once in an incident, under the policy it was opened under.

    The incident has to be locked. Its timeline says so, and what the runbook says of whom to call next is armed (O7).
    """
    wanted = list(dict.fromkeys(key for key in keys if key is not None))
    if not wanted or not incident.open:
        return []
    policy = await work.policy_of(incident.policy_digest)
    known = {step.runbook for step in await runbooks.list_steps(work.tx, incident.id)}
    new = [key for key in wanted if key in policy.runbooks and key not in known]
    fitting = new[: max(0, AT_MOST - len(known))]
    for key in fitting:
        await _show(work, incident, key, policy.runbooks[key], by)
    if len(fitting) < len(new):
        titles = [policy.runbooks[key].title for key in new[len(fitting) :]]
        await say(work, incident.id, words.too_many(incident.reference, titles), replace_key=f"runbooks:{incident.id}")
    return fitting


async def _show(work: UnitOfWork, incident: Incident, key: str, runbook: Runbook, by: str | None) -> None:
    policy = await work.policy_of(incident.policy_digest)
    await runbooks.add_steps(work.tx, incident.id, key, runbook.steps[:STEPS_AT_MOST], work.now)
    last = await runbooks.find_last_exercise(work.tx, key, incident.id)
    said, whole = words.messages(incident.reference, runbook, words.used(last, policy.zones))
    for one in said:
        await say(work, incident.id, one)
    if not whole:
        await share_file(work, incident.id, {"filename": f"{key}.md", "title": runbook.title, "content": runbook.text})
    await post_checklist(work, incident.id, key)
    await work.write(EntryKind.RUNBOOK_SHOWN, incident.id, actor_id=by, text=runbook.title, facts={"runbook": key})
    await stages.arm(work, incident, f"runbook:{key}", runbook.escalation)


async def escalate_anew(work: UnitOfWork, incident: Incident) -> None:
    """Arms what the runbooks of a reopened incident say of whom to call, counted from now (O7)."""
    for key, runbook in await of_incident(work, incident):
        await stages.arm(work, incident, f"runbook:{key}", runbook.escalation, work.now)


async def show_of_alerts(work: UnitOfWork, incident: Incident, rows: Sequence[AlertRow]) -> list[str]:
    """The same for alerts that people put into the incident, by the routes that the policy in force has for them."""
    return await show(work, incident, [_runbook_of(work, row) for row in rows])


def _runbook_of(work: UnitOfWork, row: AlertRow) -> str | None:
    alert = Alert(row.source, row.fingerprint, row.status, row.title, row.starts_at, None, row.labels, row.annotations, row.url)
    route = judge(work.policy, alert, Channel(row.channel), row.first_received_at).route
    return None if route is None else route.runbook


async def show_by_hand(work: UnitOfWork, incident_id: str, person_id: str, key: str) -> tuple[Runbook, bool]:
    """The runbook of that key, and whether it comes to the channel by this: a person asked for it."""
    await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    policy = await work.policy_of(incident.policy_digest)
    if key not in policy.runbooks:
        raise NotFound(f"There is no runbook {key[:64]!r}. {_choices(policy.runbooks)}")
    if not incident.open:
        raise Refused(f"{incident.reference} is resolved. `/incident reopen` opens it again when its trouble is back.")
    return policy.runbooks[key], bool(await show(work, incident, [key], person_id))


def _choices(known: Mapping[str, Runbook]) -> str:
    if not known:
        return "The policy has none; write one under `runbooks`."
    return f"Name one of {', '.join(known)}."


async def of_incident(work: UnitOfWork, incident: Incident) -> list[tuple[str, Runbook]]:
    """The runbooks that the incident was shown, in that order, each with its key."""
    return [(progress.key, progress.runbook) for progress in await progress_of(work, incident)]


async def progress_of(work: UnitOfWork, incident: Incident) -> list[Progress]:
    """How far each of the incident's runbooks was followed."""
    policy = await work.policy_of(incident.policy_digest)
    by_key: dict[str, list[RunbookStep]] = {}
    for step in await runbooks.list_steps(work.tx, incident.id):
        by_key.setdefault(step.runbook, []).append(step)
    return [
        Progress(key, policy.runbooks[key], tuple(steps), await runbooks.find_last_exercise(work.tx, key, incident.id))
        for key, steps in by_key.items()
    ]


async def names_of(work: UnitOfWork, found: Sequence[Progress]) -> dict[str, str]:
    """Who ticked the steps, by id."""
    return dict(await people.list_names(work.tx, {step.ticked_by for progress in found for step in progress.steps}))


async def others(work: UnitOfWork, incident: Incident) -> list[str]:
    """The keys of the policy's runbooks that the incident was not shown."""
    policy = await work.policy_of(incident.policy_digest)
    known = {key for key, _ in await of_incident(work, incident)}
    return [key for key in policy.runbooks if key not in known]


async def incident_of_step(work: UnitOfWork, step_id: str) -> str:
    """The id of the incident that a step is of; raises NotFound."""
    return (await runbooks.get_step(work.tx, step_id)).incident_id


async def tick_by_id(work: UnitOfWork, step_id: str, person_id: str, *, back: bool = False) -> Ticked:
    """Ticks the step of that id, or takes its tick back."""
    step = await runbooks.get_step(work.tx, step_id)
    return await tick(work, step.incident_id, person_id, step.number, step.runbook, back=back)


async def tick(work: UnitOfWork, incident_id: str, person_id: str, number: int, key: str | None = None, *, back: bool = False) -> Ticked:
    """Ticks a step onto the timeline, or takes that back; the runbook may be left out where the incident has only one.

    Resolved incidents too: the last steps of a runbook are for afterwards.
    """
    await actor(work, person_id)
    incident = await situations.hold_unmerged(work, incident_id)
    progress = _one(incident, await progress_of(work, incident), key)
    step = next((step for step in progress.steps if step.number == number), None)
    if step is None:
        raise NotFound(f"{progress.runbook.title} has the steps 1 to {len(progress.steps)}. `/incident runbook` lists them.")
    at, by = (None, None) if back else (work.now, person_id)
    changed = await runbooks.mark_ticked(work.tx, step, at, by)
    if changed:
        kind = EntryKind.STEP_UNTICKED if back else EntryKind.STEP_TICKED
        facts = {"runbook": progress.runbook.title, "key": progress.key, "number": number}
        await work.write(kind, incident.id, actor_id=person_id, text=step.text, facts=facts)
        await _edit_checklist(work, step)
    step = await runbooks.get_step(work.tx, step.id)
    names = await people.list_names(work.tx, {step.ticked_by})
    return Ticked(incident, progress.runbook.title, step, changed, names.get(step.ticked_by or "", "somebody"))


def _one(incident: Incident, found: Sequence[Progress], key: str | None) -> Progress:
    """The runbook of that key, or the only one."""
    known = ", ".join(progress.key for progress in found)
    if not found:
        raise NotFound(f"No runbook was shown in {incident.reference}. `/incident runbook` lists what the policy has.")
    if key is None and len(found) > 1:
        raise Malformed(
            f"{incident.reference} has several runbooks: {known}. Name it first, for example `/incident runbook {found[0].key} 2`."
        )
    one = next((progress for progress in found if key in (None, progress.key)), None)
    if one is None:
        raise NotFound(f"{incident.reference} has no runbook {str(key)[:64]!r}. It has {known}.")
    return one


async def post_checklist(work: UnitOfWork, incident_id: str, key: str) -> None:
    """Has the steps posted, each with its button; they are rendered when sent. Once more where somebody deleted them."""
    message_id = await post(work, incident_id, Kind.CHECKLIST, {"runbook": key})
    if message_id is not None:
        await runbooks.mark_message(work.tx, incident_id, key, message_id)


async def _edit_checklist(work: UnitOfWork, step: RunbookStep) -> None:
    """Has the steps edited in place once they stand in the channel; the newest wins."""
    if step.message_id is None:
        return
    await outbox.add_message(
        work.tx,
        Kind.CHECKLIST_EDIT,
        {"runbook": step.runbook},
        lane=lane(step.incident_id, Purpose.INCIDENT),
        created_at=work.now,
        incident_id=step.incident_id,
        after_id=step.message_id,
        replace_key=f"steps:{step.message_id}",
        request_id=work.request_id,
    )


async def checklist(work: UnitOfWork, incident_id: str, key: str) -> tuple[dict[str, Any], str | None]:
    """The steps as they are at this moment, and the ts of the message that shows them, None while it was not posted."""
    incident = await incidents.get_incident(work.tx, incident_id)
    progress = next(one for one in await progress_of(work, incident) if one.key == key)
    situation = (await situations.read(work, incident)).with_names(await names_of(work, [progress]))
    return words.checklist(situation, progress), await runbooks.find_message_ts(work.tx, incident_id, key)


async def ask_for_update(work: UnitOfWork, incident: Incident) -> None:
    """Asks that every runbook which the incident was shown is made better by what was learnt, once (O6)."""
    asked = []
    for _, runbook in await of_incident(work, incident):
        text = f"Update the runbook {runbook.title} with what {incident.reference} taught"
        owner_id = incident.owner_id or incident.resolved_by
        follow_up, new = await follow_ups.write(work, incident, text, FollowUpKind.RUNBOOK, owner_id, None)
        asked += [follow_up] if new else []
    if asked:
        names = await follow_ups.names_of(work, asked)
        await say(work, incident.id, words.follow_ups_asked(incident.reference, asked, names))
