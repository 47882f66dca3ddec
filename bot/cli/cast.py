"""The demo's cast: a policy, extended with the people of the sandbox, who are on every phone, and with monitors that may post."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from bot.domain.closing import VerificationRules
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.domain.routing import Route, RouteAction
from bot.domain.severity import ClockName, Road
from bot.settings import read_policy

TIM, ANA, BEN = "+14155550101", "+14155550102", "+14155550103"
NAMES = {TIM: "Tim", ANA: "Ana", BEN: "Ben"}
NUMBERS = {"tim": TIM, "ana": ANA, "ben": BEN}
PHONE_BOOK = {TIM: "U0TIM", ANA: "U0ANA", BEN: "U0BEN"}
_SIGNED = "env:DEMO_ALERTS_SECRET"
_MONITORS = {
    "prometheus": {"kind": "alertmanager", "secret": _SIGNED},
    "monitor": {"kind": "generic", "secret": _SIGNED},
    "errors": {"kind": "generic", "secret": _SIGNED, "channel": "errors"},
    "synthetic": {"kind": "generic", "secret": _SIGNED, "channel": "synthetic"},
    "uptime": {"kind": "generic", "secret": _SIGNED, "channel": "uptime"},
}
_TOKENS = [{"name": "demo", "secret": "env:DEMO_API_TOKEN", "access": "responder", "person": "ana"}]
_WISHES: Mapping[str, list[Any]] = {"tim": ["whatsapp", {"voice": "1m"}], "ana": ["sms", {"voice": "1m"}], "ben": ["sms", "email"]}


def make_policy(name: str) -> Policy:
    """The named policy as visitors play with it: every road is there, what is critical pages, and nothing holds a resolution up."""
    base = load_policy(name, read_policy)
    worst = next((severity for severity in base.severities if severity.pages), base.severities[0])
    roads = {**worst.roads, ClockName.ACKNOWLEDGE: tuple(Road)}
    severities = [severity.model_copy(update={"roads": roads}) if severity is worst else severity for severity in base.severities]
    played = {
        "severities": _dumped(severities),
        "routes": _dumped([_critical(worst.label), *base.routes]),
        "verification": VerificationRules().model_dump(mode="json"),
    }
    return _extended(name, {**_staff(base, _WISHES), **played})


def make_policy_to_the_letter(name: str) -> Policy:
    """The named policy as it is written, with people where it has none, and a route where nothing would be declared."""
    base = load_policy(name, read_policy)
    return _extended(name, _staff(base, {}) | ({} if base.routes else {"routes": _dumped([_critical(base.worst.label)])}))


def _critical(severity: str) -> Route:
    """The route that declares what a monitor calls critical."""
    by = ("alertname", "title")
    return Route(name="critical", match={"severity": ("critical",)}, action=RouteAction.DECLARE, severity=severity, by=by)


def _staff(base: Policy, wishes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Tim alone on the first level of a chain that has more, everybody else wherever nobody is."""
    people = {
        key: {
            "name": NAMES[number],
            "slack": PHONE_BOOK[number],
            "phone": number,
            "email": f"{key}@example.com",
            "roads": wishes.get(key, []),
        }
        for key, number in NUMBERS.items()
    }
    first = base.chain[0].who if len(base.chain) > 1 else ()
    groups = {key: ["tim"] if key in first else ["ana", "ben"] for key, members in base.groups.items() if not members}
    if len(base.chain) == 1:
        groups |= {key: ["tim", "ana", "ben"] for key in base.chain[0].who if key in groups}
    chain = (
        {}
        if base.chain
        else {"chain": [{"name": "primary", "who": ["tim"], "delay": "2m"}, {"name": "backup", "who": ["ana", "ben"], "delay": "2m"}]}
    )
    return {"people": people, "groups": groups, "sources": _MONITORS, "tokens": _TOKENS, **chain}


def _extended(name: str, overlay: Mapping[str, Any]) -> Policy:
    text = json.dumps({"extends": name, "name": "demo", **overlay})
    return load_policy("demo", lambda wanted: ("demo", text) if wanted == "demo" else read_policy(wanted))


def _dumped(parts: Sequence[BaseModel]) -> list[Any]:
    return [part.model_dump(mode="json") for part in parts]
