"""What a policy would have made of alerts that came, and how two policies differ in that.

Alerts are judged as the bot judges them, and brought together by the same keys and spans; people's part is what the record says they did.
An incident that the record does not know stays open until all its alerts recovered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.domain.alert import Alert
from bot.domain.consequences import Call, Lived, Run, calls, runs
from bot.domain.correlation import MONITORING, Judgement, judge, several
from bot.domain.policy import Policy
from bot.domain.routing import Channel, RouteAction
from bot.domain.severity import Severity
from bot.domain.silences import Silences

Item = TypeVar("Item", bound=Hashable)
INBOX, DROPPED, SILENCED, BEATS = "inbox", "dropped", "silenced", "heartbeat"
OPENS, JOINS, REOPENS = "opens an incident", "joins an incident", "reopens an incident"
_LEFT = {RouteAction.INBOX: INBOX, RouteAction.DROP: DROPPED, RouteAction.HEARTBEAT: BEATS}


@dataclass(frozen=True, slots=True)
class Heard:
    """An occurrence of an alert: when it was received, when it ended, and what people did about the incident that it was part of."""

    alert: Alert
    channel: Channel
    received_at: datetime
    ended_at: datetime | None = None
    lived: Lived | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an alert: ``incident`` is the number that the simulation gave it, None where there is none."""

    severity: str
    route: str | None
    action: str
    outcome: str
    reason: str
    incident: int | None = None


@dataclass(slots=True)
class Case:
    """An incident of the simulation; ``stages`` are its severities with the moments from which it was of them."""

    number: int
    title: str
    stages: list[tuple[datetime, Severity]]
    lived: Lived | None
    runbook: str | None
    keys: dict[str, datetime] = field(default_factory=dict)
    channels: dict[Channel, datetime] = field(default_factory=dict)
    endings: list[datetime | None] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def ended_at(self) -> datetime | None:
        """When it was resolved: as people did, else when the last of its alerts recovered."""
        if self.lived is not None:
            return self.lived.resolved_at
        ended = [at for at in self.endings if at is not None]
        return max(ended) if len(ended) == len(self.endings) else None

    def open(self, at: datetime) -> bool:
        """Whether it is open at that moment."""
        ended_at = self.ended_at()
        return ended_at is None or at < ended_at

    @property
    def severity(self) -> Severity:
        """What it is of in the end."""
        return self.stages[-1][1]


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of each alert, in the order in which they were received, and the incidents that came of them."""

    fates: tuple[Fate, ...]
    cases: tuple[Case, ...]


def replay(policy: Policy, heard: Sequence[Heard]) -> Replay:
    """What the policy makes of alerts that are given in the order of their receipt."""
    cases: list[Case] = []
    fates = [_place(policy, one, cases) for one in heard]
    for case in cases:
        case.runs = runs(case.stages, case.lived)
        case.calls = calls(policy, case.stages, case.runs, case.lived, case.runbook)
    return Replay(tuple(fates), tuple(cases))


def _place(policy: Policy, heard: Heard, cases: list[Case]) -> Fate:
    at, judgement = heard.received_at, judge(policy, heard.alert, heard.channel, heard.received_at)
    silenced = Silences(planned=policy.maintenance).reason_for(judgement.values, at)
    if heard.alert.unreadable is not None:
        return _fate(judgement, INBOX, heard.alert.unreadable)
    if silenced is not None:
        return _fate(judgement, SILENCED, silenced)
    if judgement.action in _LEFT:
        return _fate(judgement, _LEFT[judgement.action], judgement.reason)
    met = _met(policy, heard, judgement, cases)
    if met is None and judgement.action is RouteAction.ATTACH:
        return _fate(judgement, INBOX, f"{judgement.reason}; nothing that is open is about the same")
    outcome = JOINS if met is not None else OPENS
    if met is None and (met := _ended_just_now(policy, judgement, at, cases)) is not None:
        outcome = REOPENS
    if met is None:
        runbook = judgement.route.runbook if judgement.route is not None else None
        met = Case(len(cases) + 1, heard.alert.title, [(at, judgement.severity)], heard.lived, runbook)
        cases.append(met)
    _carry(policy, met, heard, judgement)
    return _fate(judgement, outcome, judgement.reason, met)


def _fate(judgement: Judgement, outcome: str, reason: str, case: Case | None = None) -> Fate:
    route = judgement.route.name if judgement.route is not None else None
    number = case.number if case is not None else None
    return Fate(judgement.severity.label, route, judgement.action.value, outcome, reason, number)


def _met(policy: Policy, heard: Heard, judgement: Judgement, cases: Sequence[Case]) -> Case | None:
    """The open incident that the alert belongs to: of the same trouble, about the same, or of another monitoring channel."""
    at, rules = heard.received_at, policy.correlation
    live = [case for case in reversed(cases) if case.open(at)]
    same = next((case for case in live if judgement.key in case.keys), None)
    if same is not None:
        return same
    for key in judgement.shared:
        about = next((case for case in live if key in case.keys and at - case.keys[key] <= rules.window), None)
        if about is not None:
            return about
    if rules.channels is None or not rules.channels.everywhere or heard.channel not in MONITORING:
        return None
    within = rules.channels.within
    others = MONITORING - {heard.channel}
    return next((case for case in live if any(at - last <= within for other, last in case.channels.items() if other in others)), None)


def _ended_just_now(policy: Policy, judgement: Judgement, at: datetime, cases: Sequence[Case]) -> Case | None:
    span = policy.correlation.reopen_within
    known = [case for case in reversed(cases) if judgement.key in case.keys]
    return next((case for case in known if span and (ended := case.ended_at()) is not None and at - ended <= span), None)


def _carry(policy: Policy, case: Case, heard: Heard, judgement: Judgement) -> None:
    """Takes the alert into the incident, which is raised when the alert is worse, or several kinds of monitors report it (J3)."""
    at, rules = heard.received_at, policy.correlation.channels
    case.keys |= dict.fromkeys((judgement.key, *judgement.shared), at)
    case.channels[heard.channel] = at
    case.endings.append(heard.ended_at)
    if case.lived is None:
        case.lived = heard.lived
    worst = judgement.severity
    if rules is not None and several([channel for channel, last in case.channels.items() if at - last <= rules.within], rules):
        worst = policy.worst
    if worst.rank < case.severity.rank:
        case.stages.append((at, worst))


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert of which two policies make something different; ``at`` is its place among those that were replayed."""

    at: int
    heard: Heard
    before: Fate
    after: Fate


@dataclass(frozen=True, slots=True)
class Difference:
    """How two replays of the same alerts differ; pages and broken clocks are those that only one of them has."""

    changed: tuple[Changed, ...]
    calls_before: tuple[tuple[str, Call], ...]
    calls_after: tuple[tuple[str, Call], ...]
    runs_before: tuple[tuple[str, Run], ...]
    runs_after: tuple[tuple[str, Run], ...]


def compare(heard: Sequence[Heard], before: Replay, after: Replay) -> Difference:
    """What the second policy makes different."""
    pairs = enumerate(zip(heard, before.fates, after.fates, strict=True))
    changed = (Changed(at, one, old, new) for at, (one, old, new) in pairs if _said(old) != _said(new))
    calls_before, calls_after = ([(case.title, call) for case in replayed.cases for call in case.calls] for replayed in (before, after))
    runs_before, runs_after = ([(case.title, run) for case in replayed.cases for run in case.runs] for replayed in (before, after))
    return Difference(
        changed=tuple(changed),
        calls_before=_only(calls_before, calls_after),
        calls_after=_only(calls_after, calls_before),
        runs_before=tuple(one for one in _only(runs_before, runs_after) if one[1].broken),
        runs_after=tuple(one for one in _only(runs_after, runs_before) if one[1].broken),
    )


def _said(fate: Fate) -> tuple[object, ...]:
    return fate.severity, fate.route, fate.action, fate.outcome


def _only(found: Sequence[Item], others: Iterable[Item]) -> tuple[Item, ...]:
    """Those that the others do not have as often."""
    return tuple((Counter(found) - Counter(others)).elements())
