"""Where a new alert belongs: into an open incident, a reopened one, a new one, the inbox, or nowhere; always with the reason (C2, J3)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.domain.alert import Alert, Disposition
from bot.domain.correlation import (
    MONITORING,
    Judgement,
    flaps_reason,
    nothing_open_reason,
    said_key,
    storm_key,
    trouble_since,
)
from bot.domain.declaration import Declaration
from bot.domain.durations import format_span
from bot.domain.incidents import Incident, Role
from bot.domain.routing import Channel, RouteAction
from bot.domain.timeline import EntryKind
from bot.messages import notices
from bot.services import channels, resolutions, situations
from bot.services.board import Board, keys_of
from bot.services.declarations import declare
from bot.services.outbox import tell
from bot.services.work import UnitOfWork
from bot.store import incidents, people

_LEFT = {RouteAction.INBOX: Disposition.INBOX, RouteAction.DROP: Disposition.DROPPED, RouteAction.HEARTBEAT: Disposition.IGNORED}


class New(NamedTuple):
    """An alert that is to be placed; ``changes`` are how often it began or ended lately, where that is too often."""

    alert: Alert
    channel: Channel
    received_at: datetime
    token: str
    judgement: Judgement
    changes: int = 0


class Placed(NamedTuple):
    """What became of an alert. ``opened``: it is what the incident was declared for. ``quiet``: nobody needs to be told."""

    disposition: Disposition
    reason: str
    incident: Incident | None = None
    opened: bool = False
    quiet: bool = False


def left(judgement: Judgement) -> Placed | None:
    """What becomes of an alert that belongs into no incident, whichever are open; None for one that may."""
    disposition = _LEFT.get(judgement.action)
    return None if disposition is None else Placed(disposition, judgement.reason)


async def place(work: UnitOfWork, board: Board, new: New) -> Placed:
    """What becomes of a new alert that is not left: what is open about the same comes first, then what was resolved just now, then a
    new incident.
    """
    action, why = new.judgement.action, new.judgement.reason
    met = await _open(work, board, new)
    if met is not None:
        incident, because = met
        return _joined(board, new, incident, f"{why}; {incident.reference} is open {because}")
    if action is RouteAction.ATTACH:
        assert new.judgement.route is not None, "only a route attaches"
        return Placed(Disposition.INBOX, nothing_open_reason(new.judgement.route.name))
    if new.changes and work.policy.correlation.flapping is not None:
        return Placed(Disposition.INBOX, flaps_reason(new.changes, work.policy.correlation.flapping.within))
    return await _reopen(work, board, new) or await _fold(work, board, new) or await _declare(work, board, new)


async def _open(work: UnitOfWork, board: Board, new: New) -> tuple[Incident, str] | None:
    """The open incident that the alert belongs to, and why."""
    rules, judgement = work.policy.correlation, new.judgement
    found = await board.open_of(judgement.key)
    if found is not None:
        return found, "for the same trouble"
    for key in judgement.shared:
        found = await board.open_of(key, new.received_at - rules.window)
        if found is not None:
            return found, f"about {said_key(key)}, heard within {format_span(rules.window)}"
    if rules.channels is None or not rules.channels.everywhere or new.channel not in MONITORING:
        return None
    found = await board.of_another_channel(new.channel, new.received_at - rules.channels.within)
    return None if found is None else (found, f"by another monitoring channel within {format_span(rules.channels.within)}")


def _joined(board: Board, new: New, incident: Incident, reason: str) -> Placed:
    board.carry(incident, keys_of(new.judgement), new.channel, new.received_at)
    return Placed(Disposition.JOINED, reason, incident, quiet=new.changes > 0)


async def _reopen(work: UnitOfWork, board: Board, new: New) -> Placed | None:
    """The incident of the same trouble that was resolved just now, or is watched still, open again; None when there is none (S5, W9)."""
    span = work.policy.correlation.reopen_within
    ended = await board.resolved_of(new.judgement.key, new.received_at - span) if span else None
    ended = ended or await board.watched_of(keys_of(new.judgement), new.received_at)
    if ended is None or ended.resolved_at is None:
        return None
    after = format_span(new.received_at - ended.resolved_at)
    incident = await resolutions.open_again(work, ended, f"its trouble came back {after} after it was resolved")
    board.keep(incident)
    return _joined(board, new, incident, f"{new.judgement.reason}; {incident.reference} was resolved {after} before and is open again")


async def _fold(work: UnitOfWork, board: Board, new: New) -> Placed | None:
    """The one incident for what is too much, opened with its first alert; None while it is not too much. Nothing is dropped."""
    rules, severity = work.policy.correlation.at_most, new.judgement.severity
    if rules is None or not await board.too_many(severity, new.received_at):
        return None
    span = format_span(rules.within)
    folded = f"{new.judgement.reason}; alerts opened {rules.incidents} incidents of {severity.label} or worse within {span}"
    incident = await board.open_of(storm_key(severity))
    if incident is None:
        title = f"Alert storm: more than {rules.incidents} incidents of {severity.label} within {span}"
        incident = await _open_new(work, board, new, title, storm_key(severity))
        board.carry(incident, (storm_key(severity), new.judgement.key), new.channel, new.received_at)
        return Placed(Disposition.DECLARED, f"{folded}, so that {incident.reference} is for all that follow", incident, opened=True)
    board.carry(incident, (storm_key(severity), new.judgement.key), new.channel, new.received_at)
    return Placed(Disposition.JOINED, f"{folded}, so that it is folded into {incident.reference}", incident)


async def _declare(work: UnitOfWork, board: Board, new: New) -> Placed:
    incident = await _open_new(work, board, new, new.alert.title, new.judgement.key)
    incident = await _file(work, incident, new.judgement)
    board.keep(incident)
    board.carry(incident, keys_of(new.judgement), new.channel, new.received_at)
    return Placed(Disposition.DECLARED, new.judgement.reason, incident, opened=True)


async def _open_new(work: UnitOfWork, board: Board, new: New, title: str, key: str) -> Incident:
    wanted = Declaration(
        token=new.token,
        title=title,
        severity=new.judgement.severity.label,
        impact=new.alert.annotations.get("impact"),
        started_at=trouble_since(new.alert, new.received_at),
        opened_at=new.received_at,
        correlation_key=key,
        link=new.alert.url,
    )
    incident = (await declare(work, wanted)).incident
    board.keep(incident)
    return incident


async def _file(work: UnitOfWork, incident: Incident, judgement: Judgement) -> Incident:
    """The incident under its service and system, with the owner whom the policy names for them."""
    member = await people.find_by_key(work.tx, judgement.owner) if judgement.owner else None
    owner_id = member.id if member is not None and member.access.may_act else None
    if not (judgement.service or judgement.system or owner_id):
        return incident
    incident = await incidents.change_incident(
        work.tx, incident, service=judgement.service, system=judgement.system, owner_id=owner_id or incident.owner_id
    )
    if member is not None and owner_id is not None:
        facts = {"role": Role.OWNER.value, "person_id": owner_id, "before": None}
        await work.write(EntryKind.ROLE_ASSIGNED, incident.id, facts=facts)
        await channels.bring_in(work, incident, owner_id)
        await tell(work, member, notices.yours_now(await situations.read(work, incident), Role.OWNER, "The policy"), incident.id)
    return incident
