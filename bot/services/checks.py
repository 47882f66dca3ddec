"""Checks: the flows that the policy names, green or red by the word of their monitors (J8, J11, J14, G6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.alert import Alert, AlertRow, AlertStatus
from bot.domain.closing import Check, CheckState
from bot.domain.correlation import values_of
from bot.domain.routing import Channel
from bot.services import closing
from bot.services.batch import Batch, Heard
from bot.services.work import UnitOfWork
from bot.store import checks, incidents


@dataclass(frozen=True, slots=True)
class _Word:
    """What a monitor said last, in one batch, of a check."""

    firing: bool
    title: str
    at: datetime


async def note(taken: Batch, heard: Iterable[Heard]) -> None:
    """Takes in what a batch says of the checks, once its alerts are written: red while any alert of a check fires, green once none does.

    It costs nothing where the policy has no checks.
    """
    work = taken.work
    said = _said(taken, heard) if work.policy.checks else {}
    if not said:
        return
    known = await checks.lock_checks(work.tx, set(said))
    firing = await _firing(work, said, known)
    changed = set()
    for name, word in said.items():
        before = known.get(name)
        state = CheckState.RED if firing[name] is not None else CheckState.GREEN
        same = before is not None and before.state is state
        title = word.title if word.firing or state is CheckState.GREEN else firing[name]
        since_at = before.since_at if before is not None and same else word.at
        await checks.keep_check(work.tx, Check(name, state, title or word.title, since_at, word.at), known=before is not None)
        changed |= set() if same else {name}
    if changed:
        await _tell(work, changed)


def _said(taken: Batch, heard: Iterable[Heard]) -> dict[str, _Word]:
    """The last word of the batch on each check that an alert of it is about, the service that its route gives it counted in."""
    said: dict[str, _Word] = {}
    for one in heard:
        for name in taken.work.policy.checks_for(taken.judge(one).values) if one.alert.unreadable is None else ():
            said[name] = _Word(one.alert.status is AlertStatus.FIRING, one.alert.title, one.received_at)
    return said


async def _firing(work: UnitOfWork, said: Mapping[str, _Word], known: Mapping[str, Check]) -> dict[str, str | None]:
    """The title of an alert that fires for each of the checks, None where none does; what is red and fires again need not be looked for."""
    clear = {name for name, word in said.items() if word.firing and (before := known.get(name)) and before.state is CheckState.RED}
    firing: dict[str, str | None] = {name: said[name].title if name in clear else None for name in said}
    if len(clear) == len(said):
        return firing
    for row in await checks.list_firing(work.tx):
        for name in _of_row(work, row):
            if name in firing and name not in clear:
                firing[name] = row.title
    return firing


def _of_row(work: UnitOfWork, row: AlertRow) -> tuple[str, ...]:
    alert = Alert(row.source, row.fingerprint, row.status, row.title, row.starts_at, None, row.labels, row.annotations, row.url)
    values = values_of(alert, Channel(row.channel), row.service or row.labels.get("service"))
    return work.policy.checks_for(values)


async def _tell(work: UnitOfWork, changed: set[str]) -> None:
    """Shows on the open incidents that wait for these checks what they are now."""
    for incident in await incidents.list_open(work.tx):
        rules = await closing.rules_of(work, incident)
        if rules is not None and changed & set(rules.checks):
            await closing.monitors_spoke(work, incident)
