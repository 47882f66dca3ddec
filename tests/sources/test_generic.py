"""Generic JSON: its own shape, and any other by the paths and words of the policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.generic import SOURCE, dig
from tests.sources.deliveries import delivery, only, payload_of, read

MAPPING = {
    "alerts": ("items",),
    "title": ("event.name",),
    "status": ("event.state",),
    "firing": ("bad",),
    "resolved": ("FINE",),
    "key": ("check.id",),
    "severity": ("level.word",),
    "service": ("service", "source.team"),
    "environment": ("env",),
    "labels": ("check.tags",),
    "starts_at": ("event.since",),
    "url": ("links.0",),
    "area": ("check.tags.0",),
}


def test_its_own_shape_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "firing")
    assert (alert.status, alert.title, alert.fingerprint) == (AlertStatus.FIRING, "Queue of orders is not being emptied", "orders-queue")
    assert alert.labels == {"service": "orders", "env": "production", "environment": "production", "severity": "critical"}
    assert alert.annotations == {
        "description": "4 200 wait, the oldest for 50 minutes.",
        "runbook_url": "https://runbooks.example.com/orders",
    }
    assert alert.starts_at == datetime(2026, 11, 20, 22, 3, 12, tzinfo=UTC)
    assert alert.url == "https://grafana.example.com/d/orders"


@pytest.mark.parametrize(("word", "status"), [("ok", AlertStatus.RESOLVED), ("Closed", AlertStatus.RESOLVED), (None, AlertStatus.FIRING)])
def test_its_own_words_decide(word: Any, status: AlertStatus) -> None:
    assert only(SOURCE, payload_of("generic", "firing", status=word)).status is status


def test_without_a_key_the_title_and_the_labels_tell_it_whatever_its_severity() -> None:
    first, worse = (only(SOURCE, payload_of("generic", "firing", key=..., severity=word)) for word in ("warning", "critical"))
    other = only(SOURCE, payload_of("generic", "firing", key=..., labels={"service": "payments"}))
    assert first.fingerprint == worse.fingerprint
    assert first.fingerprint != other.fingerprint


def test_a_list_a_form_and_a_query_carry_the_same() -> None:
    said = {"title": "Disk is full", "severity": "high"}
    expected = only(SOURCE, said)
    assert read(SOURCE, [said]).alerts == (expected,)
    assert only(SOURCE, said, content_type="application/x-www-form-urlencoded") == expected
    assert only(SOURCE, said, method="GET") == expected


def test_another_shape_is_read_by_the_policys_paths_and_words() -> None:
    bad, fine, nameless, unclear = read(SOURCE, "another_shape", fields=MAPPING).alerts
    assert (bad.status, bad.title, bad.fingerprint) == (AlertStatus.FIRING, "Queue is full", "q-1")
    assert bad.labels == {
        "region": "eu",
        "tier": "1",
        "severity": "major",
        "service": "orders",
        "environment": "production",
        "area": "region:eu",
    }
    assert (bad.starts_at, bad.url) == (datetime.fromtimestamp(1795212192, UTC), "https://monitor.example.com/q/1")
    assert (fine.status, fine.fingerprint, fine.url) == (AlertStatus.RESOLVED, "d-1", None)
    assert nameless.unreadable == "items[2]: expected event.name to say what is wrong."
    assert "items[3].event.state: expected one of" in str(unclear.unreadable)


def test_a_title_or_a_state_around_the_alerts_is_not_theirs() -> None:
    around = {"title": "Group", "status": "resolved", "alerts": [{"title": "Disk is full"}, {"labels": {}}]}
    full, nameless = read(SOURCE, around).alerts
    assert (full.status, full.unreadable) == (AlertStatus.FIRING, None)
    assert nameless.unreadable is not None


def test_a_true_or_false_can_be_a_state() -> None:
    mapping = {"title": ("t",), "status": ("healthy",), "firing": ("false",), "resolved": ("true",)}
    states = [only(SOURCE, {"t": "Orders", "healthy": healthy}, fields=mapping).status for healthy in (False, True)]
    assert states == [AlertStatus.FIRING, AlertStatus.RESOLVED]


@pytest.mark.parametrize("body", [{"alerts": {}}, {"alerts": 7}, {"alerts": None}, "text", 7, None])
def test_a_body_without_its_list_cannot_be_understood(body: Any) -> None:
    with pytest.raises(Malformed):
        SOURCE.read(delivery("generic", "firing")._replace(payload=body))


def test_a_list_that_the_policy_names_has_to_be_there() -> None:
    with pytest.raises(Malformed, match="items: expected an array of alerts"):
        read(SOURCE, {"title": "x"}, fields={"alerts": ("items",)})


@pytest.mark.parametrize(
    ("path", "found"), [("a.b", 1), ("a.c.0", 2), ("a.c.9", None), ("a.b.x", None), ("d.e", 3), ("", None), ("a..b", None), ("a.c.x", None)]
)
def test_a_path_leads_through_objects_and_lists_and_to_names_with_dots(path: str, found: Any) -> None:
    assert dig({"a": {"b": 1, "c": [2]}, "d.e": 3}, path) == found


@pytest.mark.parametrize(
    "body",
    [
        {"summary": "Disk is full"},
        {"name": "Disk is full"},
        {"name": "w1", "message": "Disk is full"},
        {"text": "Disk is full", "level": "critical"},
        {"annotations": {"summary": "Disk is full"}, "labels": {"alertname": "Disk"}},
        {"description": "Disk is full"},
    ],
)
def test_a_title_under_another_usual_name_is_one(body: Any) -> None:
    alert = only(SOURCE, body)
    assert (alert.status, alert.title, alert.unreadable) == (AlertStatus.FIRING, "Disk is full", None)


@pytest.mark.parametrize(
    ("word", "status"),
    [("down", AlertStatus.FIRING), ("PROBLEM", AlertStatus.FIRING), ("up", AlertStatus.RESOLVED), ("recovered", AlertStatus.RESOLVED)],
)
def test_the_usual_words_of_monitors_are_states(word: str, status: AlertStatus) -> None:
    assert only(SOURCE, {"title": "Disk is full", "status": word}).status is status
    assert only(SOURCE, {"title": "Disk is full", "status": f"{word} again"}).unreadable is not None


def test_usual_names_of_key_level_host_tags_and_link_are_understood() -> None:
    body = {"title": "Disk is full", "dedup_key": "disk-w1", "level": "critical", "host": "w1", "tags": ["team:store"], "env": "prod"}
    alert = only(SOURCE, body | {"link": "https://monitor.example.com/w1"})
    assert (alert.fingerprint, alert.url) == ("disk-w1", "https://monitor.example.com/w1")
    assert alert.labels == {"severity": "critical", "host": "w1", "team": "store", "environment": "prod"}


def test_a_name_is_no_title_where_a_message_says_what_is_wrong_and_tells_it_from_others() -> None:
    slow, wrong, other = (
        only(SOURCE, {"name": name, "message": text})
        for name, text in (("checkout", "Payments are slow"), ("checkout", "Prices are wrong"), ("search", "Payments are slow"))
    )
    assert slow.title == "Payments are slow"
    assert len({slow.fingerprint, wrong.fingerprint, other.fingerprint}) == 3


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("starts_at", datetime(2026, 11, 20, 22, 3, tzinfo=UTC)),
        ("startsAt", datetime(2026, 11, 20, 22, 3, tzinfo=UTC)),
        ("started_at", None),
    ],
)
def test_only_a_start_that_every_repeat_says_is_one(name: str, start: datetime | None) -> None:
    assert only(SOURCE, {"title": "Disk is full", name: "2026-11-20T22:03:00Z"}).starts_at == start
