"""What the policy makes of an alert, and which alerts belong together: rules without a database (S3, J3, complaint 18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertRow, AlertStatus, Disposition
from bot.domain.correlation import (
    MONITORING,
    came_back,
    changes_of,
    correlation_key,
    flaps_reason,
    judge,
    milestone,
    nothing_open_reason,
    placed_again,
    several,
    shared_keys,
    values_of,
)
from bot.domain.grouping import SeveralChannels
from bot.domain.matching import matches
from bot.domain.routing import Channel, RouteAction
from bot.domain.windows import Day, Window
from tests.messages.rows import after
from tests.messages.rows import alert as row
from tests.policies import make_policy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = st.text(min_size=1, max_size=12)
LABELS = st.dictionaries(st.sampled_from(["service", "severity", "environment", "cluster", "pod", "source", "title", "text"]), WORDS)
ACTIONS = ["declare", "attach", "join", "inbox", "drop"]
PAYMENTS = {"payments": {"title": "Payments", "critical": True, "match": [{"service": "pay*"}]}}


def fired(**labels: str) -> Alert:
    return Alert("prometheus", "f", AlertStatus.FIRING, "Checkout returns 500", NOON, labels=labels)


@given(LABELS)
def test_an_alert_can_claim_neither_its_source_nor_its_words_by_a_label(labels: dict[str, str]) -> None:
    values = values_of(fired(**labels), Channel.METRICS)
    assert (values["source"], values["channel"], values["title"]) == ("prometheus", "metrics", "Checkout returns 500")
    assert values["text"].startswith("Checkout returns 500\n")


@given(st.sampled_from(ACTIONS), st.sampled_from(["P0", "P1", None]), WORDS)
def test_s3_a_critical_systems_alert_is_never_less_than_the_worst(action: str, severity: str | None, word: str) -> None:
    policy = make_policy(systems=PAYMENTS, routes=[{"name": "r", "action": action, "severity": severity}])
    judgement = judge(policy, fired(service="payments", severity=word), Channel.OTHER, NOON)
    assert (judgement.severity.label, judgement.system) == ("P0", "payments")
    assert judgement.action is (RouteAction.DROP if action == "drop" else RouteAction.DECLARE)


@given(LABELS, st.sampled_from(Channel), st.sampled_from(ACTIONS))
def test_whatever_an_alert_says_it_is_judged_with_a_reason(labels: dict[str, str], channel: Channel, action: str) -> None:
    policy = make_policy(systems=PAYMENTS, routes=[{"name": "r", "match": {"service": "*"}, "action": action}])
    judgement = judge(policy, fired(**labels), channel, NOON)
    assert judgement.reason and judgement.severity in policy.severities
    assert (judgement.route is not None) is ("service" in labels)
    assert all(len(key) <= 400 for key in (judgement.key, *judgement.shared))


def test_a_critical_systems_alert_that_no_route_names_is_declared() -> None:
    judgement = judge(make_policy(systems=PAYMENTS, routes=[]), fired(service="payments"), Channel.OTHER, NOON)
    assert judgement.action is RouteAction.DECLARE
    assert judgement.reason == "no route names it; Payments is a critical system, so it is P0 whatever the alert says"


def test_of_two_systems_the_critical_one_counts() -> None:
    systems = {"web": {"title": "Web", "match": {"service": "*"}}, **PAYMENTS}
    assert judge(make_policy(systems=systems), fired(service="payments"), Channel.OTHER, NOON).system == "payments"


def test_our_own_alerts_that_page_need_no_route() -> None:
    policy = make_policy(routes=[])
    for word, action in (("critical", RouteAction.DECLARE), ("warning", RouteAction.INBOX)):
        assert judge(policy, fired(severity=word)._replace(source="muster"), Channel.OTHER, NOON).action is action


@pytest.mark.parametrize(
    ("glob", "text", "found"),
    [
        ("*PAYMENT*", "a payment failed", True),
        ("up", "upstream_down", False),
        ("*café*", "the CAFÉ is closed", True),
        ("a*c", "a\nb\nc", True),
        ("hall ? hauptstraße*", "Hall 3 Hauptstraße burns", True),
        ("hall [12] hauptSTRASSE*", "Hall 3 Hauptstraße burns", False),
    ],
)
def test_prose_is_matched_whatever_its_case_and_always_whole(glob: str, text: str, found: bool) -> None:
    assert matches({"text": (glob,)}, {"text": text}) is found


def test_a_label_is_matched_to_the_letter() -> None:
    assert not matches({"service": ("checkout",)}, {"service": "Checkout"})


@given(WORDS, WORDS)
def test_two_troubles_never_share_a_key_of_the_same_trouble(left: str, right: str) -> None:
    keys = {correlation_key(fired()._replace(fingerprint=name), None) for name in (left, right)}
    assert len(keys) == len({left, right})


def test_long_labels_make_short_keys_that_still_differ() -> None:
    by = (("service",),)
    one, other = (shared_keys({}, "x" * 500 + end, by) for end in "ab")
    assert one != other and len(one[0]) <= 400


@given(st.sampled_from(["prod", "Production", "live", ""]), st.sampled_from(["staging", "Dev", "test"]))
def test_production_is_one_place_by_whatever_name_and_others_are_apart(production: str, other: str) -> None:
    by = (("service",),)
    assert shared_keys({"environment": production}, "checkout", by) == shared_keys({}, "CHECKOUT", by)
    assert shared_keys({"environment": other}, "checkout", by) != shared_keys({}, "checkout", by)


def test_labels_count_together_where_the_policy_says_so() -> None:
    by = (("service",), ("cluster", "namespace"))
    assert len(shared_keys({"cluster": "eu", "namespace": "pay"}, "checkout", by)) == 2
    assert shared_keys({"cluster": "eu"}, None, by) == ()


@given(st.sets(st.sampled_from(Channel)), st.integers(2, 5))
def test_j3_so_many_different_monitoring_channels_make_it_worse_and_no_others(channels: set[Channel], count: int) -> None:
    reason = several(channels, SeveralChannels(count=count))
    assert (reason is not None) is (len(channels & MONITORING) >= count)
    assert reason is None or all(channel.value in reason for channel in channels & MONITORING)


def test_the_reason_of_several_channels_is_a_sentence() -> None:
    said = several({Channel.UPTIME, Channel.ERRORS, Channel.SYNTHETIC, Channel.PEOPLE}, SeveralChannels())
    assert said == "errors, synthetic and uptime monitors report it within 10 min"


def known(**changes: Any) -> AlertRow:
    return row(**{"starts_at": after(0), "incident_id": "i42"} | changes)


@pytest.mark.parametrize(
    ("starts_at", "received_at", "resolved_at", "new"),
    [
        (after(0), after(9), after(5), False),
        (None, after(9), after(5), True),
        (None, after(4), after(5), False),
        (None, after(9), None, False),
        (after(6), after(9), after(5), True),
        (after(1), after(9), after(5), False),
        (after(6), after(9), None, False),
    ],
)
def test_a_firing_is_a_new_occurrence_when_it_began_after_the_resolution(
    starts_at: Any, received_at: Any, resolved_at: Any, new: bool
) -> None:
    alert = fired()._replace(starts_at=starts_at)
    assert came_back(alert, known(), received_at, resolved_at) is new


def test_in_the_inbox_a_later_start_is_a_new_occurrence() -> None:
    waiting = known(incident_id=None)
    assert came_back(fired()._replace(starts_at=after(1)), waiting, after(9), None)
    assert not came_back(fired()._replace(starts_at=after(-1)), waiting, after(9), None)


def test_what_was_held_back_is_placed_again_and_what_was_decided_is_not() -> None:
    for reason, disposition, again in (
        (flaps_reason(5, timedelta(minutes=15)), Disposition.INBOX, True),
        (nothing_open_reason("low"), Disposition.INBOX, True),
        ("silence 1 of Ana: deploy", Disposition.SILENCED, True),
        ("no route wants it", Disposition.INBOX, False),
        ("route 'noise' drops it", Disposition.DROPPED, False),
    ):
        assert placed_again(known(incident_id=None, reason=reason, disposition=disposition)) is again
    assert not placed_again(known(reason=flaps_reason(5, timedelta(minutes=15)), disposition=Disposition.INBOX))


def test_a_change_is_a_beginning_or_an_end_within_the_span() -> None:
    ended = {"status": AlertStatus.RESOLVED, "last_received_at": after(8)}
    rows = [known(first_received_at=after(1), **ended), known(first_received_at=after(6), last_received_at=after(9))]
    assert [changes_of(rows, after(minutes)) for minutes in (0, 2, 7, 9)] == [3, 2, 1, 0]


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_a_flood_is_told_ever_more_seldom(before: int, more: int) -> None:
    steps = [step * 10**power for power in range(8) for step in (1, 2, 5)]
    assert milestone(before, before + more) is any(before < step <= before + more for step in steps)


def window(**fields: Any) -> Window:
    return Window.model_validate(fields)


@given(st.integers(0, 2 * 365 * 24 * 60))
def test_a_window_and_the_rest_of_the_day_are_the_whole_day(minutes: int) -> None:
    moment = NOON + timedelta(minutes=minutes)
    day, night = (
        window(zone="Europe/Berlin", **{"from": "09:00", "to": "18:00"}),
        window(zone="Europe/Berlin", **{"from": "18:00", "to": "09:00"}),
    )
    assert day.holds(moment) is not night.holds(moment)


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-20T21:59", False),
        ("2026-11-20T22:00", True),
        ("2026-11-21T05:59", True),
        ("2026-11-21T06:00", False),
        ("2026-11-20T05:00", False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(moment: str, holds: bool) -> None:
    friday_night = window(days="Friday", **{"from": "22:00", "to": "06:00"})
    assert friday_night.days == (Day.FRIDAY,)
    assert friday_night.holds(datetime.fromisoformat(f"{moment}:00+00:00")) is holds


def test_a_window_without_hours_is_the_whole_day() -> None:
    assert window(days=["fri"]).holds(NOON) and not window(days=["sat", "sun"]).holds(NOON)
