"""Heartbeats heard, missed and heard again (W5). What comes of it is an alert of our own, for the caller to take in."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.alert import Alert
from bot.domain.heartbeats import Heartbeat, HeartbeatRule, HeartbeatState
from bot.domain.own import own_alert, own_fingerprint
from bot.errors import NotFound
from bot.messages import signals
from bot.services.work import UnitOfWork
from bot.store import heartbeats

_LEFT_TO_OTHERS = timedelta(minutes=1)


async def follow_policy(work: UnitOfWork) -> list[Alert]:
    """Adds the heartbeats that the policy names, plans the others anew, forgets what it names no more; gives the recoveries of those."""
    rules = work.policy.heartbeats
    known = {heartbeat.name: heartbeat for heartbeat in await heartbeats.list_heartbeats(work.tx)}
    for name, rule in rules.items():
        if name not in known:
            await heartbeats.add_heartbeat(work.tx, name, work.now, rule.due_after(work.now))
        elif (heartbeat := known[name]).state is not HeartbeatState.SILENT:
            due_at = rule.due_after(heartbeat.last_at or heartbeat.added_at)
            await heartbeats.change_heartbeat(work.tx, name, due_at=due_at)
    gone = [heartbeat for name, heartbeat in known.items() if name not in rules]
    for heartbeat in gone:
        await heartbeats.drop_heartbeat(work.tx, heartbeat.name)
    return [recovery for heartbeat in gone if (recovery := _heard_again(heartbeat, None, work.now)) is not None]


async def beat(work: UnitOfWork, name: str, *, failed: bool = False) -> list[Alert]:
    """What a heartbeat that is heard gives rise to: its recovery after a silence, or its failure by its own word; mostly nothing.

    Raises NotFound when the policy has no such heartbeat.
    """
    rule = work.policy.heartbeats.get(name)
    if rule is None:
        raise NotFound(f"The policy has no heartbeat {name[:64]!r}.")
    heartbeat = await heartbeats.lock_heartbeat(work.tx, name)
    if heartbeat is None:
        await heartbeats.add_heartbeat(work.tx, name, work.now, rule.due_after(work.now))
        heartbeat = Heartbeat(name, HeartbeatState.WAITING, work.now, None, None, None)
    if failed:
        return await _fall_silent(work, heartbeat, rule, work.now, signals.heartbeat_failed(name), failed=True)
    alive = {"state": HeartbeatState.ALIVE.value, "last_at": work.now, "due_at": rule.due_after(work.now), "silent_since": None}
    await heartbeats.change_heartbeat(work.tx, name, **alive)
    recovery = _heard_again(heartbeat, rule, work.now)
    return [] if recovery is None else [recovery]


async def miss_next(work: UnitOfWork) -> tuple[Heartbeat, list[Alert]] | None:
    """The heartbeat that should have been heard the longest ago, now silent, with its alert; None when none is due.

    The silence begins when it was due, however late that is noticed. One that our policy does not know is left to a process whose does.
    """
    heartbeat = await heartbeats.find_due(work.tx, work.now)
    if heartbeat is None:
        return None
    rule = work.policy.heartbeats.get(heartbeat.name)
    if rule is None:
        await heartbeats.change_heartbeat(work.tx, heartbeat.name, due_at=work.now + _LEFT_TO_OTHERS)
        return heartbeat, []
    words = signals.heartbeat_silent(heartbeat.name, rule, heartbeat.last_at)
    return heartbeat, await _fall_silent(work, heartbeat, rule, heartbeat.due_at or work.now, words)


async def _fall_silent(
    work: UnitOfWork, heartbeat: Heartbeat, rule: HeartbeatRule, since: datetime, words: str, *, failed: bool = False
) -> list[Alert]:
    if heartbeat.state is HeartbeatState.SILENT:
        return []
    silent = {"state": HeartbeatState.SILENT.value, "silent_since": since, "due_at": None}
    await heartbeats.change_heartbeat(work.tx, heartbeat.name, **silent)
    return [_alert(heartbeat.name, rule, since, None, words, failed=failed)]


def _heard_again(heartbeat: Heartbeat, rule: HeartbeatRule | None, now: datetime) -> Alert | None:
    if heartbeat.silent_since is None:
        return None
    return _alert(heartbeat.name, rule, heartbeat.silent_since, now, "")


def _alert(name: str, rule: HeartbeatRule | None, since: datetime, until: datetime | None, words: str, *, failed: bool = False) -> Alert:
    labels = {"signal": "heartbeat", "heartbeat": name}
    told = {} if rule is None else {"severity": rule.severity, "service": rule.service}
    title = signals.heartbeat_title(name, rule, failed=failed)
    return own_alert(own_fingerprint("heartbeat", name), title, since, until, labels={**labels, **told}, description=words)
