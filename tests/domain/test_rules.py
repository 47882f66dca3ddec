"""The smaller rules: correlation, declarations, spans, names, backoff, promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertStatus
from bot.domain.correlation import correlation_key, is_stale, severity_for, trouble_since, values_of
from bot.domain.declaration import same_title, split_severity
from bot.domain.durations import format_short, format_span, parse_span
from bot.domain.incidents import channel_name, find_number
from bot.domain.outbox import Kind, backoff, gates
from bot.domain.routing import Channel
from bot.domain.severity import ClockRule
from bot.domain.timers import TimerKind, plan_timers
from tests.policies import make_policy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = make_policy()


def fired(**labels: str) -> Alert:
    return Alert("prometheus", "f", AlertStatus.FIRING, "t", NOON, labels=labels)


def test_a_glob_matches_the_whole_value_so_up_is_not_upstream_down() -> None:
    policy = make_policy(routes=[{"name": "up", "match": {"alertname": "up"}, "action": "declare"}])
    assert policy.route_for(values_of(fired(alertname="up"), Channel.METRICS), NOON) is not None
    assert policy.route_for(values_of(fired(alertname="upstream_down"), Channel.METRICS), NOON) is None


def test_what_is_remembered_of_an_alert_is_neither_the_hour_nor_anothers() -> None:
    day = {"from": "09:00", "to": "17:00"}
    routes = [
        {"name": "by day", "match": {"text": "*disk*"}, "during": day, "action": "declare"},
        {"name": "always", "match": {"alertname": "up"}, "action": "drop"},
    ]
    policy = make_policy(routes=routes)
    disk = fired(alertname="up")._replace(annotations={"description": "The DISK is full"})
    for _ in range(2):
        names = [getattr(policy.route_for(values_of(disk, Channel.METRICS), at), "name", None) for at in (NOON, NOON + timedelta(hours=9))]
        assert names == ["by day", "always"]
        other = disk._replace(labels={"alertname": "down"}, annotations={})
        assert policy.route_for(values_of(other, Channel.METRICS), NOON) is None


def test_an_alert_cannot_claim_another_source_by_its_labels() -> None:
    policy = make_policy(routes=[{"name": "p", "match": {"source": "prometheus"}, "action": "declare"}])
    claiming = fired(source="prometheus")._replace(source="anything")
    assert policy.route_for(values_of(claiming, Channel.OTHER), NOON) is None


def test_alerts_of_one_incident_share_the_routes_labels() -> None:
    route = POLICY.routes[0]
    assert correlation_key(fired(alertname="A", pod="1"), route) == correlation_key(fired(alertname="A", pod="2"), route)
    assert correlation_key(fired(alertname="A"), route) != correlation_key(fired(alertname="B"), route)
    assert correlation_key(fired(pod="1"), route) == correlation_key(fired(pod="1"), None)


def test_the_severity_is_the_routes_then_the_alerts_then_the_default() -> None:
    assert severity_for(fired(severity="warning"), POLICY.routes[0], POLICY).label == "P0"
    assert severity_for(fired(severity="CRITICAL"), None, POLICY).label == "P0"
    assert severity_for(fired(severity="odd"), None, POLICY).label == "P1"


def test_a_firing_that_is_older_than_its_recovery_is_stale() -> None:
    assert is_stale(fired(), None, NOON + timedelta(minutes=1))
    assert not is_stale(fired(), None, NOON - timedelta(minutes=1))
    assert not is_stale(fired(), None, None)


def test_a_monitor_from_the_future_is_not_believed() -> None:
    assert trouble_since(fired(), NOON - timedelta(hours=1)) == NOON - timedelta(hours=1)
    assert trouble_since(fired(), NOON + timedelta(hours=1)) == NOON


@pytest.mark.parametrize(
    ("line", "label", "title"),
    [
        ("P0 Checkout is down", "P0", "Checkout is down"),
        ("sev0 x", "P0", "x"),
        ("Checkout is down", None, "Checkout is down"),
        ("", None, ""),
    ],
)
def test_a_declaration_is_read_from_one_line(line: str, label: str | None, title: str) -> None:
    severity, rest = split_severity(line, POLICY)
    assert (severity.label if severity else None, rest) == (label, title)


def test_titles_are_the_same_but_for_case_and_space() -> None:
    assert same_title("Checkout  DOWN ", "checkout down")


@given(st.integers(0, 10**7))
def test_a_span_is_read_back_as_it_was_written(seconds: int) -> None:
    assert parse_span(format_short(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("text", "words"), [("15m", "15 min"), ("1h30m", "1 h 30 min"), ("1d", "24 h"), ("90s", "1 min 30 s")])
def test_a_span_is_shown_as_people_say_it(text: str, words: str) -> None:
    assert format_span(parse_span(text)) == words


@pytest.mark.parametrize("text", ["", "soon", "15", "m", "-5m", "1m1h", None, 15])
def test_a_span_that_is_none_says_what_is_expected(text: object) -> None:
    with pytest.raises(ValueError, match="expected a span such as 15m"):
        parse_span(text)


@given(st.integers(1, 10**6), st.text(max_size=300))
def test_a_channel_name_is_always_one_that_slack_takes(number: int, title: str) -> None:
    name = channel_name(number, title)
    assert 5 <= len(name) <= 80
    assert name.startswith(f"inc-{number}")
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(("text", "number"), [("INC-42", 42), ("inc-7", 7), ("#7", 7), (" 9 ", 9), ("x", None), ("INC-", None)])
def test_a_reference_is_read_as_people_write_it(text: str, number: int | None) -> None:
    assert find_number(text) == number


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_backoff_grows_is_jittered_and_has_an_end(attempts: int, jitter: float) -> None:
    wait = backoff(attempts, jitter)
    assert timedelta(seconds=0.5) <= wait <= timedelta(minutes=5)
    assert backoff(attempts + 1, jitter) >= wait


def test_a_post_is_gated_by_its_channel_and_everything_else_by_its_method() -> None:
    assert gates(Kind.POST, "a")[1] != gates(Kind.POST, "b")[1]
    assert gates(Kind.PIN, "a") == gates(Kind.PIN, "b") == ("slack", "slack:pins.add")


@given(st.integers(60, 10**6))
def test_a_promise_is_warned_at_80_percent_and_before_it_is_missed(seconds: int) -> None:
    rule = ClockRule.model_validate({"breach": f"{seconds}s"})
    (warn, warned_at), (breach, missed_at) = plan_timers(rule, NOON)
    assert (warn, breach) == (TimerKind.WARN, TimerKind.BREACH)
    assert missed_at - NOON == timedelta(seconds=seconds)
    assert warned_at - NOON == timedelta(seconds=seconds) * 0.8
