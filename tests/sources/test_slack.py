"""Slack-compatible messages: a title out of whatever part has words, and an end only where a known sender marks it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.slack import SOURCE
from tests.sources.deliveries import delivery, only, read


def test_alertmanagers_message_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "alertmanager_firing")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "OrdersWait orders (production)")
    assert alert.labels == {"severity": "critical", "sender": "Alertmanager"}
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/orders"
    assert "Oldest: 412 s" in alert.annotations["description"]
    assert alert.url == "https://alertmanager.example.com/#/alerts?receiver=muster"


@pytest.mark.parametrize(("down", "up"), [("alertmanager_firing", "alertmanager_resolved"), ("uptime_kuma_down", "uptime_kuma_up")])
def test_a_marked_recovery_ends_the_same_alert(down: str, up: str) -> None:
    fired, ended = only(SOURCE, down), only(SOURCE, up)
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == ended.fingerprint


def test_uptime_kumas_monitor_is_named_and_nobody_mentioned() -> None:
    alert = only(SOURCE, "uptime_kuma_down")
    assert alert.title == "Orders API: Request failed with status code 500"
    assert "<!channel>" not in repr(alert)
    assert alert.url == "https://orders.example.com/health"


def test_blocks_are_read_without_markup() -> None:
    alert = only(SOURCE, "blocks")
    assert alert.title == "Orders & payments: see the queue"
    assert "4200 wait" in alert.annotations["description"]
    assert alert.url == "https://monitor.example.com/queues/orders"
    assert alert.annotations["dashboard_url"] == "https://grafana.example.com/d/orders"


@pytest.mark.parametrize("text", ["Orders resolved", "all is OK", "Resolved?", "[RESOLVED", "Up again", "RESOLVED: orders"])
def test_words_that_nobody_documented_end_nothing(text: str) -> None:
    assert only(SOURCE, {"text": text}).status is AlertStatus.FIRING


def test_a_colour_ends_nothing() -> None:
    assert only(SOURCE, {"attachments": [{"color": "good", "title": "Orders"}]}).status is AlertStatus.FIRING


def test_a_repeat_with_other_numbers_is_the_same_alert() -> None:
    prints = {only(SOURCE, {"text": f"CPU of worker-3 at {percent}% since {percent}s"}).fingerprint for percent in (91, 97)}
    assert len(prints) == 1
    assert only(SOURCE, {"text": "CPU of worker-4 at 91% since 91s"}).fingerprint not in prints


def test_the_same_message_of_two_senders_is_two_alerts() -> None:
    one, other = (only(SOURCE, {"text": "Disk is full", "username": name}) for name in ("db-1", "db-2"))
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_the_message_may_come_in_a_form(content_type: str) -> None:
    inner = {"payload": json.dumps({"text": "Disk is full"})}
    assert only(SOURCE, inner, content_type=content_type).title == "Disk is full"


@pytest.mark.parametrize(
    "around", [{"type": "message", "message": {"text": "Disk is full"}}, {"event": {"message": {"text": "Disk is full"}}}]
)
def test_an_edited_message_is_read_as_it_is_now(around: dict[str, Any]) -> None:
    assert only(SOURCE, around | {"previous_message": {"text": "Disk is fine"}}).title == "Disk is full"


@pytest.mark.parametrize("inner", ["{", "[]", "[" * 99 + "]" * 99])
def test_a_form_without_a_message_cannot_be_understood(inner: str) -> None:
    with pytest.raises(Malformed, match="payload"):
        read(SOURCE, {"payload": inner})


@pytest.mark.parametrize(
    "message", [{}, {"text": None}, {"attachments": [{"title": None, "text": ""}]}, {"blocks": [None, {"type": "divider"}]}]
)
def test_a_message_without_a_word_is_unreadable(message: Any) -> None:
    assert "holds no text" in str(only(SOURCE, message).unreadable)


def test_the_sender_hears_what_slack_would_say() -> None:
    answer = SOURCE.answer(delivery("slack", "blocks"), "receipt")
    assert (answer.status, answer.body) == (200, "ok")


def test_a_script_is_no_link() -> None:
    message = {
        "text": "Disk is full",
        "attachments": [{"title_link": "javascript:alert(1)", "actions": [{"text": "Runbook", "url": "data:x"}]}],
    }
    alert = only(SOURCE, message)
    assert (alert.url, "runbook_url" in alert.annotations) == (None, False)


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("*[FIRING:1] OrdersWait*", "*[RESOLVED] OrdersWait*"),
        (":fire: *[FIRING:1] OrdersWait*", ":white_check_mark: *[RESOLVED] OrdersWait*"),
        ("🔥 [FIRING:1] OrdersWait", "✅ [RESOLVED] OrdersWait"),
    ],
)
def test_emphasis_and_emoji_hide_no_marker(down: str, up: str) -> None:
    fired, ended = only(SOURCE, {"text": down}), only(SOURCE, {"text": up})
    assert (fired.status, ended.status, ended.title) == (AlertStatus.FIRING, AlertStatus.RESOLVED, "OrdersWait")
    assert fired.fingerprint == ended.fingerprint


def test_lines_of_a_text_that_name_a_severity_or_a_service_become_labels() -> None:
    text = "*Alert:* Orders wait\n*Details:*\n • *severity:* `critical`\n • *service:* `orders`\nEnvironment: production"
    labels = only(SOURCE, {"attachments": [{"title": "[FIRING:1] OrdersWait", "text": text}]}).labels
    assert labels == {"severity": "critical", "service": "orders", "environment": "production"}


def test_a_summary_that_counts_recoveries_fires() -> None:
    assert only(SOURCE, {"text": "*Resolved: 0, Firing: 5*"}).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    "address", ["https://ana:s3cret@shop.example.com/pay?token=s3cret", "HTTPS://ana:s3cret@shop.example.com/pay#s3cret"]
)
def test_an_address_in_a_label_loses_what_may_be_secret(address: str) -> None:
    in_line = only(SOURCE, {"text": f"Pay is slow\nhost: {address}"})
    in_field = only(SOURCE, {"attachments": [{"title": "Pay is slow", "fields": [{"title": "Host", "value": address}]}]})
    assert in_line.labels["host"] == in_field.labels["host"] == "https://shop.example.com/pay"
