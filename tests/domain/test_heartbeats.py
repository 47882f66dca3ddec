"""What a policy may say about heartbeats, and what our own alerts are called."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.domain.alert import AlertStatus
from bot.domain.heartbeats import HeartbeatRule, unheard
from bot.domain.own import OWN, own_alert, own_fingerprint
from bot.domain.undone import left_undone
from tests.domain.test_policy_file import load, problems
from tests.house import NOON


def test_it_is_due_after_its_span_and_the_grace() -> None:
    rule = HeartbeatRule.model_validate({"every": "1h", "grace": "10m", "unsigned": True})
    assert rule.due_after(NOON) == NOON + timedelta(minutes=70)


@pytest.mark.parametrize("fields", [{"every": "5s"}, {"every": "1h", "secret": "env:A", "unsigned": True}, {"every": "soon"}, {}])
def test_a_rule_that_cannot_be_kept_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HeartbeatRule.model_validate(fields)


def test_one_without_an_address_needs_a_route() -> None:
    rules = {"watchdog": HeartbeatRule(every=timedelta(minutes=5)), "backup": HeartbeatRule(every=timedelta(hours=1), unsigned=True)}
    assert unheard(rules, {"watchdog"}) == []
    assert unheard(rules, ()) == ["watchdog"]


def test_a_policy_names_its_heartbeats() -> None:
    policy = load('extends: default\nheartbeats:\n  nightly: {every: 24h, grace: 30m, severity: SEV1, secret: "env:NIGHTLY"}\n')
    assert policy.heartbeats["nightly"].outside
    assert policy.security.refusals.count == 20


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  Night_ly: {every: 1h, unsigned: true}", "heartbeats.Night_ly: expected a name of a-z, 0-9 and -"),
        ("  nightly: {every: 1h}", "expected secret: env:NAME, unsigned: true, or a route"),
        ("  nightly: {every: 1h, unsigned: true, severity: P9}", "expected one of SEV1, SEV2, SEV3"),
    ],
)
def test_a_wrong_heartbeat_names_its_line(line: str, expected: str) -> None:
    (problem,) = problems(f"extends: default\nheartbeats:\n{line}\n")
    assert problem.startswith("mine.yml:3: ")
    assert expected in problem


def test_one_that_anybody_may_send_is_warned_of() -> None:
    policy = load("extends: default\nheartbeats:\n  open: {every: 1h, unsigned: true}\n")
    assert "Heartbeat open: anybody may send it, for it is unsigned." in left_undone(policy)


def test_a_route_beats_only_what_the_policy_names() -> None:
    (problem,) = problems("extends: default\nroutes:\n  - {name: dog, action: heartbeat, heartbeat: watchdog}\n")
    assert "expected a heartbeat of this policy, got 'watchdog'" in problem


def test_a_long_fingerprint_is_cut_and_stays_different() -> None:
    first, second = (own_fingerprint("spike", "sentry", "x" * 300 + end) for end in "ab")
    assert first != second
    assert len(first) == len(second) == 200
    assert own_fingerprint("spike", "sentry", "") == "spike:sentry"


def test_our_own_alert_ends_by_its_end_and_carries_no_empty_labels() -> None:
    firing = own_alert("heartbeat:a", "No heartbeat", NOON, labels={"heartbeat": "a", "service": None})
    resolved = own_alert("heartbeat:a", "No heartbeat", NOON, NOON, labels={})
    assert (firing.source, firing.status, firing.labels) == (OWN, AlertStatus.FIRING, {"heartbeat": "a"})
    assert resolved.status is AlertStatus.RESOLVED
