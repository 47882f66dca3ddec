"""The end of an incident, and its return: resolve and reopen."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.closing import VerificationRules
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.resolving import Obstacle, read_answers
from bot.domain.severity import WRITE_UP, ClockName
from bot.domain.status import Step, next_status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed
from bot.messages import closing as words
from bot.messages import endings, notices, texts
from bot.services import channels, closing, escalations, postmortems, promises, runbooks, situations, stages, watching
from bot.services.incidents import TEXT_LIMIT, actor, tell_everyone
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import confirmations, incidents


async def resolve(
    work: UnitOfWork,
    incident_id: str,
    person_id: str,
    text: str | None = None,
    *,
    answers: Mapping[str, str] | None = None,
    override: str | None = None,
    major: bool | None = None,
) -> Incident:
    """Resolves: every clock and every ring ends, the postmortem is drafted and its own clock begins, the watch too (J6, C6, S5).

    Raises NotVerified with everything that the policy wants and that is not so (J11, O12); a reason to ``override`` it stands on the
    timeline. ``answers`` are by question, or by its number. ``major`` is what the person says where the policy asks (W10).
    """
    member = await actor(work, person_id)
    incident = await incidents.lock_incident(work.tx, incident_id)
    wanted = next_status(incident.status, Step.RESOLVE)
    overridden = await _verify(work, incident, member, answers or {}, _reason(override), major)
    await _keep_promises(work, incident, person_id)
    incident = await incidents.change_incident(
        work.tx,
        incident,
        status=wanted.value,
        resolved_at=work.now,
        resolved_by=person_id,
        mitigated_at=incident.mitigated_at or work.now,
        next_update_at=None,
        major=incident.major if major is None else major,
        overridden=overridden,
        verified_at=None,
    )
    said = texts.clean(text.strip(), TEXT_LIMIT) if text else None
    facts = {} if major is None else {"major": major}
    await work.write(EntryKind.RESOLVED, incident.id, actor_id=person_id, text=said, facts=facts)
    incident = await closing.follow(work, incident, person_id)
    notice = notices.resolved(await situations.read(work, incident), member.name, said)
    await tell_everyone(work, incident, notice)
    await watching.begin(work, incident)
    await refresh_card(work, incident.id)
    await runbooks.ask_for_update(work, incident)
    await promises.begin_write_up(work, incident)
    await postmortems.draft_and_share(work, incident)
    return incident


def _reason(override: str | None) -> str | None:
    """The reason to override, in words; one that says nothing is refused."""
    if override is None:
        return None
    reason = texts.clean(override.strip(), TEXT_LIMIT)
    if not reason:
        raise Malformed("Say why it is resolved although it is not verified: the reason stands in the postmortem.", where="override")
    return reason


async def _verify(
    work: UnitOfWork, incident: Incident, member: Member, answers: Mapping[str, str], reason: str | None, major: bool | None
) -> str | None:
    """Keeps what the person answered, and gives back the reason where something was overridden by it."""
    situation = await situations.read(work, incident)
    rules = situation.closing.rules or VerificationRules()
    given = read_answers(rules.questions, answers)
    missing = await closing.require(work, situation, member.id, given, reason, major)
    for question, answer in given.items():
        said = texts.clean(answer, TEXT_LIMIT)
        await confirmations.add_confirmation(work.tx, incident.id, question, said, member.id, work.now)
        await work.write(EntryKind.CONFIRMED, incident.id, actor_id=member.id, text=said, facts={"question": question})
    if not missing or reason is None:
        return None
    await _write_override(work, incident, member, reason, missing)
    return reason


async def _write_override(work: UnitOfWork, incident: Incident, member: Member, reason: str, missing: list[Obstacle]) -> None:
    situation = await situations.read(work, incident)
    facts = {"missing": [words.reason(situation, obstacle).partition(". ")[0] for obstacle in missing]}
    await work.write(EntryKind.OVERRIDDEN, incident.id, actor_id=member.id, text=reason, facts=facts)
    await say(work, incident.id, endings.overridden(situation, member.name, reason, missing))


async def _keep_promises(work: UnitOfWork, incident: Incident, person_id: str) -> None:
    for clock in (ClockName.MITIGATE, ClockName.RESOLVE):
        await promises.keep(work, incident.id, clock, person_id)
    await promises.withdraw(work, incident.id, promises.RESPONSE_CLOCKS, "resolved", person_id)
    await stages.end(work, incident.id, "resolved")


async def reopen(work: UnitOfWork, incident_id: str, person_id: str, reason: str | None = None) -> Incident:
    """Opens a resolved incident again: its clocks start anew, and it rings when its severity pages."""
    member = await actor(work, person_id)
    return await open_again(work, await incidents.lock_incident(work.tx, incident_id), reason, by=member)


async def open_again(work: UnitOfWork, incident: Incident, reason: str | None, *, by: Member | None = None) -> Incident:
    """The incident, open again; ``by`` nobody when its trouble came back by itself. What was answered before its end counts no longer."""
    wanted = next_status(incident.status, Step.REOPEN)
    person_id, name = (by.id, by.name) if by is not None else (None, "Muster")
    await promises.withdraw(work, incident.id, WRITE_UP, "reopened", person_id)
    await watching.stop(work, incident, "reopened")
    await confirmations.withdraw_all(work.tx, incident.id, work.now)
    nobody = {"acknowledged_at": None, "acknowledged_by": None, "acknowledged_via": None}
    ended = {"resolved_at": None, "resolved_by": None, "mitigated_at": None, "verified_at": None, "merged_into": None}
    incident = await incidents.change_incident(work.tx, incident, status=wanted.value, **nobody, **ended)
    await work.write(EntryKind.REOPENED, incident.id, actor_id=person_id, text=reason)
    incident = await closing.follow(work, incident, person_id)
    incident = await promises.begin_anew(work, incident, person_id)
    if await channels.live(work, incident) is None:
        await channels.open_again(work, incident)
    await stages.begin(work, incident, work.now)
    await runbooks.escalate_anew(work, incident)
    notice = notices.reopened(await situations.read(work, incident), name, None if by is not None else reason)
    await tell_everyone(work, incident, notice)
    await refresh_card(work, incident.id)
    severity = (await work.policy_of(incident.policy_digest)).severity(incident.severity)
    if severity.pages:
        await escalations.start(work, incident, ClockName.ACKNOWLEDGE)
    return incident
