"""The policies that tests run under, as mappings in the documented shape."""

from __future__ import annotations

from typing import Any

from bot.domain.policy import Policy

TIM, ANA, BEN = "+14155550101", "+14155550102", "+14155550103"
TIM_MAIL, ANA_MAIL, BEN_MAIL = "tim@example.com", "ana@example.com", "ben@example.com"


def policy_data(**changes: Any) -> dict[str, Any]:
    """A whole policy: P0 pages Tim, then Ana and Ben; P1 promises an update only; changes replace top-level fields."""
    return {
        "name": "test",
        "organisation": "acme",
        "zones": [{"zone": "America/Los_Angeles", "label": "PT"}, {"zone": "UTC", "label": "UTC"}],
        "announce": "alerts-critical",
        "invite": ["engineering"],
        "default_severity": "P1",
        "severities": [
            {
                "label": "P0",
                "rank": 0,
                "aliases": ["critical", "sev0"],
                "meaning": "Launch blocker",
                "pages": True,
                "clocks": {"acknowledge": "5m", "mitigate": "15m", "update": "15m", "postmortem": "24h"},
            },
            {"label": "P1", "rank": 1, "aliases": ["warning"], "meaning": "High", "clocks": {"update": "30m"}},
        ],
        "people": {
            "tim": {"name": "Tim", "slack": "U0TIM", "phone": TIM, "email": TIM_MAIL},
            "ana": {"name": "Ana", "slack": "U0ANA", "phone": ANA, "email": ANA_MAIL},
            "ben": {"name": "Ben", "slack": "U0BEN", "phone": BEN, "email": BEN_MAIL},
            "vic": {"name": "Vic", "slack": "U0VIC", "access": "viewer"},
        },
        "groups": {"engineering": ["ana", "ben"]},
        "chain": [
            {"name": "primary", "who": ["tim"], "delay": "2m", "repeat": 1},
            {"name": "backup", "who": ["engineering"], "delay": "2m"},
        ],
        "tokens": [{"name": "cli", "secret": "env:MUSTER_API_TOKEN", "access": "responder", "person": "ana"}],
        "sources": {
            "prometheus": {"kind": "alertmanager", "secret": "env:PROMETHEUS_SECRET"},
            "anything": {"kind": "generic", "unsigned": True},
        },
        "routes": [
            {"name": "critical", "match": {"severity": "critical"}, "action": "declare", "severity": "P0", "by": ["alertname"]},
            {"name": "warning", "match": {"severity": "warning"}, "action": "join", "by": ["alertname"]},
        ],
        "postmortem": {"sections": ["What happened", "User impact", "Root cause"]},
    } | changes


def make_policy(**changes: Any) -> Policy:
    """The policy of ``policy_data``."""
    return Policy.model_validate(policy_data(**changes))


def calling_by(*roads: str, **wishes: Any) -> dict[str, Any]:
    """The fields of a policy whose P0 rings by those roads; ``wishes`` are people's own roads, by their keys."""
    data = policy_data()
    data["severities"][0]["roads"] = {"acknowledge": list(roads)}
    for key, wished in wishes.items():
        data["people"][key]["roads"] = wished
    return {"severities": data["severities"], "people": data["people"]}
