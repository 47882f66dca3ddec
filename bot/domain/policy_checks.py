"""What must not be in a policy although every field for itself is right: names that nothing has, and what cannot work at night.

Everything is given as the path of a field in the policy and what was expected there. What can work but should not is in ``undone``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from bot.domain.durations import format_short
from bot.domain.escalation import levels_for
from bot.domain.heartbeats import unheard
from bot.domain.incidents import Role
from bot.domain.matching import Matcher
from bot.domain.own import OWN
from bot.domain.policy import Policy
from bot.domain.policy_words import meant
from bot.domain.routing import Channel
from bot.domain.severity import WRITE_UP, ClockName, EscalationStep, Road, Severity, Until
from bot.domain.status import Status

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str]]
Uses = Iterator[tuple[Path, Sequence[str]]]
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KEYED = "expected a name of a-z, 0-9 and -, at most 64 characters"


def cross_check(policy: Policy) -> Found:
    """What is wrong with the policy as a whole."""
    yield from _check_severities(policy)
    yield from _check_labels(policy)
    yield from _check_people(policy)
    yield from _check_references(policy)
    yield from _check_sources(policy)
    yield from _check_heartbeats(policy)
    yield from _check_pages(policy)
    yield from _check_steps(policy)
    yield from _check_phases(policy)
    yield from _check_roles(policy)


def _check_severities(policy: Policy) -> Found:
    seen: set[str] = set()
    ranks: set[int] = set()
    for place, severity in enumerate(policy.severities):
        for name in (severity.label, *severity.aliases):
            if name.casefold() in seen:
                yield ("severities", place), f"expected labels and aliases that are there once, {name!r} is there twice"
            seen.add(name.casefold())
        if severity.rank in ranks:
            yield ("severities", place, "rank"), f"expected a rank of its own, {severity.rank} is there twice"
        ranks.add(severity.rank)


def _check_labels(policy: Policy) -> Found:
    """Severities that are named: where one is looked up any of its words will do, where it is compared its label."""
    labels = [severity.label for severity in policy.severities]
    one: list[tuple[Path, str]] = [(("default_severity",), policy.default_severity)]
    one += [(("routes", place, "severity"), route.severity or "") for place, route in enumerate(policy.routes)]
    one += [(("systems", key, "severity"), system.severity or "") for key, system in policy.systems.items()]
    one += [(("heartbeats", name, "severity"), rule.severity or "") for name, rule in policy.heartbeats.items()]
    one += [(("chain", place, "severities"), word) for place, level in enumerate(policy.chain) for word in level.severities]
    for path, label in one:
        if label and policy.find_severity(label) is None:
            yield path, f"expected one of {', '.join(labels)}, got {label!r}"
    many: list[tuple[Path, Sequence[str]]] = [(("verification", "severities"), policy.verification.severities)]
    many += [(("gate", "severities"), policy.gate.severities)]
    many += [(("objectives", place, "severities"), rule.severities) for place, rule in enumerate(policy.objectives)]
    yield from _unknown(many, labels, f"expected one of {', '.join(labels)}")


def _unknown(uses: Iterable[tuple[Path, Sequence[str]]], known: Collection[str], expected: str) -> Found:
    for path, names in uses:
        for name in names:
            if name not in known:
                yield path, f"{expected}{'' if ' one of ' in expected else meant(name, known)}, got {name!r}"


def _check_people(policy: Policy) -> Found:
    for name in sorted(set(policy.people) & set(policy.groups)):
        yield ("groups", name), "expected a name that no person has"
    for group, members in policy.groups.items():
        for name in members:
            if name in policy.groups and name not in policy.people:
                yield ("groups", group), f"expected people, for groups hold no groups, got {name!r}"
            elif name not in policy.people:
                yield ("groups", group), f"expected somebody of people, got {name!r}"
    yield from _unknown(callees(policy), {*policy.people, *policy.groups}, "expected people or groups of this policy")
    people: list[tuple[Path, Sequence[str]]] = [
        (("tokens", place, "person"), (token.person,)) for place, token in enumerate(policy.tokens) if token.person
    ]
    people += [(("routes", place, "owner"), (route.owner,)) for place, route in enumerate(policy.routes) if route.owner]
    people += [(("systems", key, "owner"), (system.owner,)) for key, system in policy.systems.items() if system.owner]
    yield from _unknown(people, policy.people, "expected somebody of people")
    owners: dict[str, str] = {}
    for key, person in policy.people.items():
        if person.phone and (owner := owners.setdefault(person.phone, key)) != key:
            yield ("people", key, "phone"), f"expected a number of its own, {owner} has this one: replies could not be told apart"


def callees(policy: Policy) -> Uses:
    """Wherever people or groups are named who are rung, told or invited."""
    yield ("invite",), policy.invite
    yield ("meeting", "who"), policy.meeting.who
    for place, level in enumerate(policy.chain):
        yield ("chain", place, "who"), level.who
    for place, severity in enumerate(policy.severities):
        for clock, rule in severity.clocks.items():
            yield ("severities", place, "clocks", clock.value, "tell"), rule.tell
        for number, telling in enumerate(severity.tell):
            yield ("severities", place, "tell", number, "who"), telling.who
    for path, steps in escalations(policy):
        for number, step in enumerate(steps):
            yield (*path, number, "who"), step.who


def escalations(policy: Policy) -> Iterator[tuple[Path, tuple[EscalationStep, ...]]]:
    """The escalations besides the chain: those of severities and of runbooks."""
    for place, severity in enumerate(policy.severities):
        yield ("severities", place, "escalate"), severity.escalate
    for key, runbook in policy.runbooks.items():
        yield ("runbooks", key, "escalation"), runbook.escalation


def _check_references(policy: Policy) -> Found:
    """Checks, systems and runbooks that are named, and how they are called."""
    checks = [(("verification", "checks"), policy.verification.checks), (("gate", "checks"), policy.gate.checks)]
    yield from _unknown(checks, policy.checks, f"expected one of the checks ({_listed(policy.checks)})")
    systems = [(("objectives", place, "systems"), rule.systems) for place, rule in enumerate(policy.objectives)]
    yield from _unknown(systems, policy.systems, f"expected one of the systems ({_listed(policy.systems)})")
    runbooks = [(("routes", place, "runbook"), (route.runbook,)) for place, route in enumerate(policy.routes) if route.runbook]
    yield from _unknown(runbooks, policy.runbooks, f"expected one of the runbooks ({_listed(policy.runbooks)})")
    for part, keys in (("systems", policy.systems), ("checks", policy.checks), ("runbooks", policy.runbooks)):
        for key in keys:
            if not _KEY.fullmatch(key):
                yield (part, key), _KEYED


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none yet"


def _check_sources(policy: Policy) -> Found:
    for name in policy.sources:
        if not name.replace("-", "").isalnum() or name != name.lower() or not name.isascii() or len(name) > 64 or name in ("receipts", OWN):
            yield ("sources", name), f"{_KEYED}, that is neither receipts nor {OWN}"
    for path, match in _matchers(policy):
        for glob in match.get("source", ()):
            if not set(glob) & set("*?[") and glob not in policy.sources and glob != OWN:
                yield (*path, "source"), f"expected a source of this policy or {OWN}, got {glob!r}"
        for glob in match.get("channel", ()):
            if not set(glob) & set("*?[") and glob not in tuple(Channel):
                yield (*path, "channel"), f"expected one of {', '.join(Channel)}, got {glob!r}"


def _matchers(policy: Policy) -> Iterator[tuple[Path, Matcher]]:
    for place, route in enumerate(policy.routes):
        yield ("routes", place, "match"), route.match
    for place, window in enumerate(policy.maintenance):
        yield ("maintenance", place, "match"), window.match
    for key, system in policy.systems.items():
        yield from ((("systems", key, "match", place), match) for place, match in enumerate(system.match))
    for key, check in policy.checks.items():
        yield from ((("checks", key, "match", place), match) for place, match in enumerate(check.match))


def _check_heartbeats(policy: Policy) -> Found:
    routed = {route.heartbeat: place for place, route in enumerate(policy.routes) if route.heartbeat is not None}
    for name in policy.heartbeats:
        if not _KEY.fullmatch(name):
            yield ("heartbeats", name), _KEYED
    for name in unheard(policy.heartbeats, routed):
        yield ("heartbeats", name), "expected secret: env:NAME, unsigned: true, or a route with action: heartbeat that names it"
    for name, place in routed.items():
        if name not in policy.heartbeats:
            yield ("routes", place, "heartbeat"), f"expected a heartbeat of this policy, got {name!r}"


def _check_pages(policy: Policy) -> Found:
    """Pages that no road leads to, and clocks that are missed before anybody could answer."""
    for place, level in enumerate(policy.chain):
        if not level.who:
            yield ("chain", place, "who"), "expected at least one person or group: the level is empty"
        if level.roads is not None and not set(level.roads) & _roads_of(policy, place + 1):
            yield ("chain", place, "roads"), "expected a road that a severity names for a clock: by none of these is anybody ever paged"
    for place, severity in enumerate(policy.severities):
        at: Path = ("severities", place)
        stepped = [step.until for path, steps in escalations(policy) if path[0] == "runbooks" or path[1] == place for step in steps]
        yield from (((*at, *path), expected) for path, expected in _check_roads(severity, stepped))
        rung = [policy.chain[number - 1] for number in levels_for(policy.chain, severity)]
        if severity.pages and policy.chain and not rung and all(map(policy.find_severity, _named(policy))):
            yield ("chain",), f"expected a level that is for {severity.label} as well, which pages and would page nobody"
        rule = severity.clocks.get(ClockName.ACKNOWLEDGE)
        if severity.pages and rung and rule is not None and rule.breach <= rung[0].delay:
            first = format_short(rung[0].delay)
            yield (*at, "clocks", "acknowledge"), f"expected more than {first}, for so long the chain's first level is given to answer"


def _named(policy: Policy) -> Iterator[str]:
    """The severities that levels of the chain name."""
    return (word for level in policy.chain for word in level.severities)


def _roads_of(policy: Policy, number: int) -> set[Road]:
    """The roads by which the severities that the level is for page for any of their clocks."""
    severities = [severity for severity in policy.severities if number in levels_for(policy.chain, severity)]
    return {road for severity in severities for clock in ClockName if clock not in WRITE_UP for road in severity.roads_for(clock)}


def _check_roads(severity: Severity, stepped: Sequence[Until]) -> Found:
    """``stepped`` is what the steps of escalations wait for that page by the roads of the severity."""
    rung = {*severity.clocks, *(severity.clock_until(until) for until in stepped)} | ({ClockName.ACKNOWLEDGE} if severity.pages else set())
    if severity.pages and not severity.roads_for(ClockName.ACKNOWLEDGE):
        yield ("roads", "acknowledge"), "expected at least one road (sms, whatsapp, voice, email), for the severity pages"
    for clock in severity.roads:
        if clock in WRITE_UP:
            yield ("roads", clock.value), "expected a clock of the response: nobody is paged for a write-up"
        elif clock not in rung:
            yield ("roads", clock.value), f"expected a clock that the severity has ({_listed(severity.clocks)})"


def _check_steps(policy: Policy) -> Found:
    for path, steps in escalations(policy):
        before = timedelta(-1)
        for number, step in enumerate(steps):
            if step.after < before:
                yield (*path, number, "after"), f"expected steps in their order, {format_short(before)} stands before it"
            before = step.after


def _check_phases(policy: Policy) -> Found:
    names = Counter(phase.name.casefold() for phase in policy.phases)
    for place, phase in enumerate(policy.phases):
        if names[phase.name.casefold()] > 1:
            yield ("phases", place, "name"), f"expected a name of its own, {phase.name!r} is there twice"
    missing = [status.value for status in Status if status not in {phase.status for phase in policy.phases}]
    if policy.phases and missing:
        yield ("phases",), f"expected a phase with status: {' and one with status: '.join(missing)}, so that an incident is always in one"


def _check_roles(policy: Policy) -> Found:
    """Tasks that are given to a role which the organisation, where it names its roles, does not have; an owner there always is."""
    if not policy.roles:
        return
    known = ", ".join(role.value for role in (Role.OWNER, *(role for role in policy.roles if role is not Role.OWNER)))
    for part, by in (("verification", policy.verification.by), ("postmortem", policy.postmortem.by)):
        if by is not None and by is not Role.OWNER and by not in policy.roles:
            yield (part, "by"), f"expected one of the roles ({known}), got {by.value!r}"
