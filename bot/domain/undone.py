"""What a policy that can be used leaves undone, in sentences for whoever wrote it."""

from __future__ import annotations

from bot.domain.durations import format_short
from bot.domain.own import OWN
from bot.domain.policy import Policy
from bot.domain.routing import Channel, RouteAction, matches


def left_undone(policy: Policy) -> list[str]:
    """What the policy leaves undone, in sentences: levels in which nobody can be reached, sources that anybody may use."""
    found = [f"Source {name}: anybody may post to it, for it is unsigned." for name, rule in policy.sources.items() if rule.unsigned]
    found += [f"Source {name}: everything is refused until its SNS topics are named." for name, rule in policy.sources.items() if rule.deaf]
    found += [f"Heartbeat {name}: anybody may send it, for it is unsigned." for name, rule in policy.heartbeats.items() if rule.unsigned]
    found += [*_unreached(policy), *_unheard(policy)]
    if any(severity.pages for severity in policy.severities) and not policy.chain:
        found.append("The chain is empty although a severity pages: nobody will be called.")
    for place, level in enumerate(policy.chain, start=1):
        members = policy.members(level.who)
        if not any(policy.people[key].reachable for key in members if key in policy.people):
            found.append(f"Level {place} of the chain: nobody in it has a phone number or an address, so it is passed over.")
        found += [
            f"Level {place} of the chain: {policy.people[key].name} wishes for {step.road.value} after {format_short(step.after)}, "
            "but the level is over by then."
            for key in members
            if key in policy.people
            for step in policy.people[key].roads
            if step.after >= level.delay
        ]
    return found


def _unreached(policy: Policy) -> list[str]:
    """The routes behind one that takes every alert."""
    taken = next((place for place, route in enumerate(policy.routes) if not route.match and route.during is None), len(policy.routes))
    rest = ", ".join(repr(route.name) for route in policy.routes[taken + 1 :])
    return (
        [f"Nothing comes to the routes {rest}: {policy.routes[taken].name!r} before them has no match, and so takes all."] if rest else []
    )


def _unheard(policy: Policy) -> list[str]:
    """The heartbeats whose silence calls nobody, although its severity pages: a route that is meant for others takes it."""
    found: list[str] = []
    for name, rule in policy.heartbeats.items():
        said = {"severity": rule.severity, "service": rule.service, "title": rule.title, "text": rule.title}
        own = {"source": OWN, "channel": Channel.OTHER.value, "signal": "heartbeat", "heartbeat": name}
        values = own | {label: value for label, value in said.items() if value}
        route = next((route for route in policy.routes if route.during is None and matches(route.match, values)), None)
        severity = policy.find_severity(rule.severity or policy.default_severity)
        if route and route.action is not RouteAction.DECLARE and severity and severity.pages:
            found.append(
                f"Heartbeat {name}: nobody is called when it falls silent, for route {route.name!r} takes its alert. "
                f"Put a route with match: {{source: {OWN}, signal: heartbeat}} and action: declare before it."
            )
    return found
