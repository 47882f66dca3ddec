"""The gate: whether one may launch or deploy now, with every reason against it; freezing it by hand, and proofs of routes (J14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.alert import AlertStatus, Delivered
from bot.domain.closing import CheckState, seen
from bot.domain.heartbeats import Heartbeat, HeartbeatState
from bot.domain.people import Member
from bot.domain.readiness import Freeze, Issues, Readiness, Reason, to_prove
from bot.domain.timeline import EntryKind
from bot.errors import InvalidTransition, Malformed
from bot.messages import gate as words
from bot.messages import texts, times
from bot.services.batch import Batch, Heard
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import checks, freezes, heartbeats, incidents, proofs

_REASON = 500


class AlreadyFrozen(InvalidTransition):
    """Somebody froze the gate before."""

    code = "already_frozen"


class NotFrozen(InvalidTransition):
    """Nobody froze the gate."""

    code = "not_frozen"


async def readiness(work: UnitOfWork, issues: Issues | None) -> Readiness:
    """Whether the gate is open, and everything that closes it; ``issues`` is what Sentry said just before.

    What nobody knows closes it as well: Sentry out of reach, a check or a heartbeat that was never heard.
    """
    freeze = await freezes.find_freeze(work.tx)
    reasons = [] if freeze is None else [words.frozen(freeze, work.policy.zones)]
    reasons += await _open_incidents(work)
    reasons += words.sentry(issues) if work.policy.gate.sentry is not None else []
    for look in (_checks, _heartbeats, _unproven):
        reasons += await look(work)
    return Readiness(tuple(reasons))


async def _open_incidents(work: UnitOfWork) -> list[Reason]:
    """The open incidents that count; one whose severity the policy knows no more does, for nobody can say that it does not."""
    policy = work.policy
    if not policy.gate.severities:
        return []
    labels = {policy.severity(name).label for name in policy.gate.severities}
    listed = await incidents.list_open(work.tx)
    found = [(incident, policy.find_severity(incident.severity)) for incident in listed]
    return [words.incident_open(incident) for incident, known in found if known is None or known.label in labels]


async def _checks(work: UnitOfWork) -> list[Reason]:
    policy = work.policy
    if not policy.gate.checks:
        return []
    heard = {check.name: check for check in await checks.list_checks(work.tx)}
    found = [seen(policy.checks[name], heard.get(name), work.now) for name in policy.gate.checks]
    return [words.check(one, policy.zones) for one in found if one.state is not CheckState.GREEN]


async def _heartbeats(work: UnitOfWork) -> list[Reason]:
    if not work.policy.gate.heartbeats:
        return []
    known = {heartbeat.name: heartbeat for heartbeat in await heartbeats.list_heartbeats(work.tx)}
    return [
        words.heartbeat(name, rule, known.get(name), work.policy.zones)
        for name, rule in work.policy.heartbeats.items()
        if not _beats(known.get(name), work.now)
    ]


def _beats(heartbeat: Heartbeat | None, now: datetime) -> bool:
    """Whether it was heard in time, also when nobody noticed yet that it was not."""
    if heartbeat is None or heartbeat.state is not HeartbeatState.ALIVE:
        return False
    return heartbeat.due_at is not None and now < heartbeat.due_at


async def _unproven(work: UnitOfWork) -> list[Reason]:
    policy, within = work.policy, work.policy.gate.proven_within
    if within is None:
        return []
    known = await proofs.list_proofs(work.tx)
    since = work.now - within
    return [
        words.unproven(route.name, known.get(route.name), within, policy.zones)
        for route in to_prove(policy)
        if (proof := known.get(route.name)) is None or proof.latest_at is None or proof.latest_at < since
    ]


async def prove(taken: Batch, batch: Sequence[Delivered], heard: Sequence[Sequence[Heard]]) -> None:
    """Keeps which routes the alerts of a batch show to work: heard from a monitor, or tested by a trial. Nothing unless the policy asks.

    ``heard`` are the alerts of each delivery, in order.
    """
    if taken.work.policy.gate.proven_within is None:
        return
    at: dict[bool, dict[str, datetime]] = {False: {}, True: {}}
    wanted = {route.name for route in to_prove(taken.work.policy)}
    for delivered, read in zip(batch, heard, strict=True):
        for one in read:
            if one.alert.status is AlertStatus.FIRING and one.alert.unreadable is None:
                route = taken.judge(one).route
                if route is not None and route.name in wanted:
                    _note(at[delivered.test], route.name, delivered.received_at)
    await proofs.keep_proofs(taken.work.tx, heard=at[False], tested=at[True])


def _note(moments: dict[str, datetime], route: str, at: datetime) -> None:
    moments[route] = max(at, moments.get(route, at))


async def freeze(work: UnitOfWork, member: Member, reason: str) -> Freeze:
    """Closes the gate by hand; raises AlreadyFrozen with who did so before. Written into the audit."""
    require_act(member)
    why = texts.one_line(reason, _REASON).rstrip(".")
    if not why:
        raise Malformed("Say why, for example `/incident gate freeze the launch is on Monday`.", where="reason")
    held = await freezes.find_freeze(work.tx)
    if held is not None:
        since = times.moment(held.began_at, work.policy.zones)
        raise AlreadyFrozen(f"{held.author} froze it already, at {since}: {held.reason}. Thaw it first to give another reason.")
    made = await freezes.add_freeze(work.tx, reason=why, author_id=member.id, author=member.name, began_at=work.now)
    await work.write(EntryKind.GATE_FROZEN, None, actor_id=member.id, text=why)
    return made


async def thaw(work: UnitOfWork, member: Member) -> Freeze:
    """Ends the freeze, whoever began it; the freeze that it was. Raises NotFrozen when there is none. Written into the audit."""
    require_act(member)
    held = await freezes.find_freeze(work.tx)
    if held is None:
        raise NotFrozen("Nobody froze it, so there is nothing to thaw.")
    await freezes.mark_thawed(work.tx, held, work.now, member.name)
    await work.write(EntryKind.GATE_THAWED, None, actor_id=member.id, facts={"began_at": held.began_at.isoformat()})
    return held
