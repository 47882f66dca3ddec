"""The words of the alerts that the bot raises itself: heartbeats that went silent, spikes, refused requests (W5, G5, W6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.durations import format_span
from bot.domain.heartbeats import HeartbeatRule
from bot.domain.rates import Key, Spike
from bot.domain.security import Suspicion

OTHERS = "others"
"""The name that stands for every address beyond those that are told of one by one."""
_TITLE = 80


def heartbeat_title(name: str, rule: HeartbeatRule | None, *, failed: bool = False) -> str:
    """What the alert of a heartbeat is called: that it is silent, or that it failed by its own word."""
    said = f"{name} failed" if failed else f"No heartbeat from {name}"
    return rule.title if rule is not None and rule.title else said


def heartbeat_silent(name: str, rule: HeartbeatRule, last_at: datetime | None) -> str:
    """Why a heartbeat counts as silent."""
    promised = f"{name} says every {format_span(rule.every)} that it is alive"
    grace = f" (and is given {format_span(rule.grace)} more)" if rule.grace else ""
    heard = "it was never heard" if last_at is None else f"it was last heard at {last_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{promised}{grace}; {heard}."


def heartbeat_failed(name: str) -> str:
    """That it was heard, but to say that it failed."""
    return f"{name} says itself that it failed."


def spike_title(key: Key, alert: str | None, spike: Spike) -> str:
    """What comes more often than usual, and how often."""
    usual = f"usually {spike.usual}" if spike.usual else "usually none"
    if not key.fingerprint:
        return f"Source {key.source} sends {spike.count} alerts in a minute, {usual}"
    return f"“{_short(alert or key.fingerprint)}” comes {spike.count} times in a minute, {usual}"


def spike_description(key: Key, spike: Spike) -> str:
    """Against what the spike is one."""
    whose = "this alert" if key.fingerprint else f"all alerts of {key.source}"
    return (
        f"The past hour of {whose} brought {spike.usual} in a typical minute; from {spike.level} on it is a spike. "
        "It is said once, and is over when five minutes on end were below that."
    )


def spike_over(key: Key, alert: str | None) -> str:
    """That the rate is back."""
    return f"“{_short(alert or key.fingerprint)}” comes as often as usual" if key.fingerprint else f"Source {key.source} sends as usual"


def promoted_by(spike: Spike) -> str:
    """Why an incident is raised by a spike of its alert (J13)."""
    return f"its rate rises rapidly: {spike.count} alerts in a minute, where {spike.usual or 'none'} is usual"


def refusals_title(kind: Suspicion, name: str, count: int, within: timedelta) -> str:
    """How many requests were refused, and whose."""
    many = f"At least {count} requests within {format_span(within)}"
    if kind is Suspicion.SIGNATURE:
        return f"{many} in the name of {name} with a wrong secret or signature"
    return f"{many} were refused from {'many more addresses' if name == OTHERS else name}"


def refusals_description(kind: Suspicion) -> str:
    """What to do about it."""
    if kind is Suspicion.SIGNATURE:
        return (
            "Either the sender's secret is not the one that the policy names, and its alerts are lost, "
            "or somebody else tries to send in its name."
        )
    return (
        "Somebody tries secrets, or a sender is set up wrongly. The address is the one that connects to the bot: "
        "behind a proxy it is the proxy's."
    )


def _short(text: str) -> str:
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"
