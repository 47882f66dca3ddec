"""Titles of known senders: the marker says the state, and what is left is the same in every state."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.sources.titles import read_title

PAIRS = [
    ("[FIRING:3] OrdersWait orders", "[RESOLVED] OrdersWait orders", "OrdersWait orders"),
    ("[FIRING:1, RESOLVED:2] OrdersWait", "[RESOLVED:3] OrdersWait", "OrdersWait"),
    ("[Alerting] Orders wait", "[OK] Orders wait", "Orders wait"),
    ("[No Data] Orders wait", "[OK] Orders wait", "Orders wait"),
    ("[ALERT - Critical] Orders on worker", "[RESOLVED - Critical] Orders on worker", "Orders on worker"),
    ("Triggered: Orders wait", "Recovered: Orders wait", "Orders wait"),
    ("[Monitor Alert] Triggered: Orders wait", "[Monitor Alert] Recovered: Orders wait", "Orders wait"),
    ("[Triggered on {host:w1}] Orders", "[Recovered on {host:w1}] Orders", "on {host:w1}: Orders"),
    ('ALARM: "orders-age" in EU (Frankfurt)', 'OK: "orders-age" in EU (Frankfurt)', '"orders-age" in EU (Frankfurt)'),
    ("Problem: Disk of w1 is full", "Resolved in 5m 3s: Disk of w1 is full", "Disk of w1 is full"),
    ("** PROBLEM Service Alert: w1/Disk is CRITICAL **", "** RECOVERY Service Alert: w1/Disk is OK **", "Service Alert: w1/Disk"),
    ("[PROBLEM] disk on w1 is CRITICAL!", "[RECOVERY] disk on w1 is OK!", "disk on w1"),
    ("Monitor is DOWN: Orders", "Monitor is UP: Orders", "Orders"),
    ("DOWN | nightly", "UP | nightly", "nightly"),
    ('The check "nightly" is DOWN.', 'The check "nightly" is UP.', "nightly"),
    ("DOWN alert: Orders (orders.example.com) is DOWN", "UP alert: Orders (orders.example.com) is UP", "Orders (orders.example.com)"),
    ("[Orders] [🔴 Down] timeout", "[Orders] [✅ Up] 200 - OK", "Orders"),
]


@pytest.mark.parametrize(("down", "up", "name"), PAIRS)
def test_a_pair_of_titles_is_one_alert_in_two_states(down: str, up: str, name: str) -> None:
    fired, ended = read_title(down), read_title(up)
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.key == ended.key
    assert fired.text.startswith(name)
    assert ended.text.startswith(name)


@pytest.mark.parametrize(
    "title", ["Resolved the tickets", "OK then", "UP", "[Recovered]", "We are UP | and fine", "see [RESOLVED] Orders", ""]
)
def test_a_title_without_a_marker_at_its_beginning_says_no_state(title: str) -> None:
    assert read_title(title).status is None
    assert read_title(title).text == title


def test_a_marker_with_nothing_behind_it_keeps_its_words() -> None:
    assert read_title("[RESOLVED] :").text == "[RESOLVED] :"


@pytest.mark.parametrize(
    ("one", "again"),
    [
        ("Disk at 91.5 %", "Disk at 93 %"),
        ("Slow for 5 minutes", "Slow for 12 minutes"),
        ("Down since 2026-11-20T22:03:12Z", "Down since 2026-11-21 04:00"),
        ("At 22:03 orders wait", "At 04:00:12 orders wait"),
        ("Free: 1.5GB", "Free: 700 MB"),
    ],
)
def test_moments_and_amounts_make_no_other_alert(one: str, again: str) -> None:
    assert read_title(one).key == read_title(again).key


@pytest.mark.parametrize(("one", "other"), [("worker-3 is down", "worker-4 is down"), ("HTTP 500", "HTTP 502"), ("db2 slow", "db3 slow")])
def test_numbers_that_are_names_make_another_alert(one: str, other: str) -> None:
    assert read_title(one).key != read_title(other).key


@pytest.mark.parametrize("title", ["Resolved: 0, Firing: 5", "Resolved: 3", "Resolved: 0 Firing: 5", "Resolved: 2 | Firing: 1"])
def test_a_number_of_recoveries_is_no_recovery(title: str) -> None:
    assert read_title(title).status is None


@pytest.mark.parametrize(
    "title",
    ["Resolved: Disk of w1 is full", "Resolved: 5xx of orders", "Resolved: 3 nodes are down", "Resolved in 5m 3s: 3 disks are full"],
)
def test_a_recovery_may_begin_with_a_number_that_is_a_part_of_its_name(title: str) -> None:
    assert read_title(title).status is AlertStatus.RESOLVED
