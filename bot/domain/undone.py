"""What a policy that can be used leaves undone, in sentences for whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.durations import format_short
from bot.domain.matching import matches
from bot.domain.own import OWN
from bot.domain.policy import Level, Person, Policy
from bot.domain.policy_checks import Path, callees
from bot.domain.routing import Channel, RouteAction
from bot.domain.severity import WRITE_UP, ClockName, Road

Noted = Iterator[tuple[Path, str]]


def left_undone(policy: Policy) -> list[str]:
    """What the policy leaves undone, in sentences: levels in which nobody can be reached, sources that anybody may use."""
    return [sentence for _, sentence in notes(policy)]


def notes(policy: Policy) -> Noted:
    """What the policy leaves undone, each with the path of the field in the policy that it is about."""
    for name, source in policy.sources.items():
        if source.unsigned:
            yield ("sources", name), f"Source {name}: anybody may post to it, for it is unsigned."
        if source.deaf:
            yield ("sources", name), f"Source {name}: everything is refused until its SNS topics are named."
    for name, rule in policy.heartbeats.items():
        if rule.unsigned:
            yield ("heartbeats", name), f"Heartbeat {name}: anybody may send it, for it is unsigned."
    yield from _unreached(policy)
    yield from _unheard(policy)
    yield from _chain(policy)
    yield from _untold(policy)
    yield from _unwritten(policy)


def _chain(policy: Policy) -> Noted:
    if any(severity.pages for severity in policy.severities) and not policy.chain:
        yield ("chain",), "The chain is empty although a severity pages: nobody will be called."
    for place, level in enumerate(policy.chain, start=1):
        members = _members(policy, level.who)
        if not any(_reachable(person, level, policy) for _, person in members):
            how = "" if level.roads is None else f" for {' or '.join(level.roads)}"
            yield (
                ("chain", place - 1),
                (f"Level {place} of the chain: nobody in it has a phone number or an address{how}, so it is passed over."),
            )
            continue
        for key, person in members:
            at: Path = ("people", key)
            if not _reachable(person, level, policy):
                yield at, f"Level {place} of the chain: {person.name} cannot be reached by its roads, so others are rung alone."
            for step in person.roads:
                if step.after >= level.delay:
                    wish = f"{person.name} wishes for {step.road.value} after {format_short(step.after)}"
                    yield at, f"Level {place} of the chain: {wish}, but the level is over by then."


def _members(policy: Policy, who: Sequence[str]) -> list[tuple[str, Person]]:
    return [(key, policy.people[key]) for key in policy.members(who) if key in policy.people]


def _reachable(person: Person, level: Level, policy: Policy) -> bool:
    """Whether one of the roads by which the level is rung leads to that person."""
    named = {road for severity in policy.severities for clock in ClockName for road in severity.roads_for(clock)}
    return _has(person, named if level.roads is None else set(level.roads)) if named else person.reachable


def _has(person: Person, roads: set[Road]) -> bool:
    by_phone = roads & {Road.SMS, Road.WHATSAPP, Road.VOICE}
    return (person.phone is not None and bool(by_phone)) or (person.email is not None and Road.EMAIL in roads)


def _untold(policy: Policy) -> Noted:
    """Those who are named to be paged, told or invited besides the chain, and whom nothing reaches."""
    for path, who in callees(policy):
        if path[0] in ("chain", "invite") or not who:
            continue
        nobody = [name for name in who if not _members(policy, (name,))]
        if nobody:
            yield path, f"{_where(policy, path)}: nobody is in {' and '.join(nobody)} yet."
        paged = path[-3] in ("escalate", "escalation") if len(path) >= 3 else False
        for _, person in _members(policy, who):
            if paged and not person.reachable:
                yield path, f"{_where(policy, path)}: {person.name} has neither a phone number nor an address, and cannot be paged."
            if not paged and person.email is None and person.slack is None:
                yield path, f"{_where(policy, path)}: {person.name} has neither a mail address nor a Slack id, and hears of nothing."


def _where(policy: Policy, path: Path) -> str:
    """A place in words: ``Severity SEV1, clocks acknowledge``."""
    if path[0] == "severities" and isinstance(path[1], int):
        label, part = policy.severities[path[1]].label, path[2]
        return f"Severity {label}, {f'clock {path[3]}' if part == 'clocks' else part}"
    return f"Runbook {path[1]}" if path[0] == "runbooks" else str(path[0]).capitalize()


def _unwritten(policy: Policy) -> Noted:
    """Routes that page without saying what to do, tenants without an address, and clocks that nobody could keep."""
    for place, route in enumerate(policy.routes):
        severity = policy.find_severity(route.severity or "")
        if policy.runbooks and route.action is RouteAction.DECLARE and severity and severity.pages and route.runbook is None:
            yield ("routes", place), f"Route {route.name!r} pages for {severity.label} and has no runbook."
    for key, tenant in policy.tenants.items():
        if tenant.critical and not tenant.email:
            yield ("tenants", key), f"Tenant {tenant.name}: it is critical and has no address, so nobody there is written to."
    for place, severity in enumerate(policy.severities):
        at: Path = ("severities", place)
        if ClockName.TENANTS in severity.clocks and not any(tenant.critical for tenant in policy.tenants.values()):
            yield (*at, "clocks", "tenants"), f"Severity {severity.label}: tenants are to be written to, and none is critical."
        for number, step in enumerate(severity.escalate):
            if not severity.roads_for(severity.clock_until(step.until)):
                who = " and ".join(step.who)
                sentence = f"Severity {severity.label}, escalate: no road is named for the step of {who}, so it tells and pages nobody."
                yield (*at, "escalate", number), sentence
        if severity.major_only and not set(severity.clocks) & set(WRITE_UP):
            yield (*at, "major_only"), f"Severity {severity.label}: major_only changes nothing, for it has no clock of the write-up."


def _unreached(policy: Policy) -> Noted:
    """The routes behind one that takes every alert."""
    taken = next((place for place, route in enumerate(policy.routes) if not route.match and route.during is None), len(policy.routes))
    rest = ", ".join(repr(route.name) for route in policy.routes[taken + 1 :])
    if rest:
        sentence = f"Nothing comes to the routes {rest}: {policy.routes[taken].name!r} before them has no match, and so takes all."
        yield ("routes", taken), sentence


def _unheard(policy: Policy) -> Noted:
    """The heartbeats whose silence calls nobody, although its severity pages: a route that is meant for others takes it."""
    for name, rule in policy.heartbeats.items():
        said = {"severity": rule.severity, "service": rule.service, "title": rule.title, "text": rule.title}
        own = {"source": OWN, "channel": Channel.OTHER.value, "signal": "heartbeat", "heartbeat": name}
        values = own | {label: value for label, value in said.items() if value}
        route = next((route for route in policy.routes if route.during is None and matches(route.match, values)), None)
        severity = policy.find_severity(rule.severity or policy.default_severity)
        if route and route.action is not RouteAction.DECLARE and severity and severity.pages:
            mend = f"Put a route with match: {{source: {OWN}, signal: heartbeat}} and action: declare before it."
            trouble = f"nobody is called when it falls silent, for route {route.name!r} takes its alert"
            yield ("heartbeats", name), f"Heartbeat {name}: {trouble}. {mend}"
