"""On the way to the end: the phase follows the status, the quiet cycle runs, and what is missing is known and said (J11, O12, S5, G3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.closing import VerificationRules
from bot.domain.incidents import Incident
from bot.domain.phases import phase_in
from bot.domain.resolving import NotVerified, Obstacle, Want, obstacles
from bot.domain.situation import Situation
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.domain.timers import TimerKind
from bot.messages import closing as words
from bot.messages import endings
from bot.services import fulfilment, situations
from bot.services.outbox import refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline, watching


async def follow(work: UnitOfWork, incident: Incident, person_id: str | None) -> Incident:
    """The incident in the phase of its new status, its quiet cycle begun with Monitoring and stopped with any other."""
    phases = (await work.policy_of(incident.policy_digest)).phases
    phase = phase_in(phases, incident.status, incident.phase)
    if phase is not None:
        incident = await set_phase(work, incident, phase.name, person_id)
    elif phases and not incident.open:
        incident = await set_phase(work, incident, None, person_id)
    await watching.disarm(work.tx, incident.id, TimerKind.QUIET, work.now, f"the status became {incident.status.value}")
    rules = await rules_of(work, incident)
    if rules is not None and rules.quiet is not None and incident.status is Status.MONITORING:
        await watching.arm(work.tx, incident.id, TimerKind.QUIET, work.now + rules.quiet, work.now)
    await tell_when_ready(work, incident)
    return incident


async def set_phase(work: UnitOfWork, incident: Incident, phase: str | None, person_id: str | None) -> Incident:
    """The incident in that phase, written down where it was in another; None when its phases are over."""
    if phase == incident.phase:
        return incident
    old, incident = incident.phase, await incidents.change_incident(work.tx, incident, phase=phase)
    await work.write(EntryKind.PHASE_CHANGED, incident.id, actor_id=person_id, facts={"old": old, "new": phase})
    return incident


async def rules_of(work: UnitOfWork, incident: Incident) -> VerificationRules | None:
    """What has to be verified of the incident by the policy that it was opened under."""
    return fulfilment.rules_of(await work.policy_of(incident.policy_digest), incident)


async def settle(work: UnitOfWork, incident: Incident) -> None:
    """Has the quiet cycle run as it should, after a related alert or another severity: begun where none ran, begun anew after an alert."""
    if incident.status is not Status.MONITORING:
        return
    rules = await rules_of(work, incident)
    if rules is None or rules.quiet is None:
        await watching.disarm(work.tx, incident.id, TimerKind.QUIET, work.now, "no quiet cycle is asked for any more")
        return
    timer = await watching.find_latest(work.tx, incident.id, TimerKind.QUIET)
    if timer is not None and timer.fired_at is None and timer.cancelled_at is None:
        return
    until = await fulfilment.quiet_end(work, incident, rules) or work.now + rules.quiet
    if until > work.now:
        await watching.arm(work.tx, incident.id, TimerKind.QUIET, until, work.now)


async def require(
    work: UnitOfWork, s: Situation, person_id: str, answers: Mapping[str, str], override: str | None, major: bool | None
) -> list[Obstacle]:
    """What is overridden by the reason; raises NotVerified with everything that is missing where there is none, or it cannot help."""
    s = replace(s, incident=replace(s.incident, major=s.incident.major if major is None else major))
    found = obstacles(s, person_id, answers)
    left = [obstacle for obstacle in found if not (override and obstacle.overridable)]
    if left:
        reasons = [{"code": obstacle.want.value, "message": words.reason(s, obstacle)} for obstacle in left]
        raise NotVerified(words.refusal(s, left), left, reasons, where=_field(left))
    return found


def _field(left: list[Obstacle]) -> str | None:
    """The field of the form that can mend it: an answer, else the reason to override."""
    return left[0].want.value if len({obstacle.want for obstacle in left}) == 1 and left[0].want is Want.MAJOR else None


async def tell_when_ready(work: UnitOfWork, incident: Incident) -> None:
    """Says, once while it is Monitoring, that everything that time and monitors can bring is fulfilled."""
    rules = await rules_of(work, incident) if incident.status is Status.MONITORING else None
    if rules is None or not (rules.alerts or rules.checks or rules.quiet):
        return
    situation = await situations.read(work, incident)
    if obstacles(situation):
        return
    told = (EntryKind.READY, EntryKind.STATUS_CHANGED, EntryKind.REOPENED)
    latest = await timeline.find_latest(work.tx, incident.id, told)
    if latest is None or latest.kind is not EntryKind.READY:
        await work.write(EntryKind.READY, incident.id)
        await say(work, incident.id, endings.ready(situation))


async def monitors_spoke(work: UnitOfWork, incident: Incident) -> None:
    """Shows on the card what monitors said of the checks, and says when nothing is missing any more."""
    await refresh_card(work, incident.id)
    await tell_when_ready(work, incident)
