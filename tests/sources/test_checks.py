"""What monitors of single checks have in common: what a check is called, and templates that nothing was filled into."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.routing import SourceKind
from bot.sources import SOURCES
from bot.sources.checks import called, sentence_of
from tests.sources.deliveries import only, read

ADDRESS = "https://sam:swordfish@ledger.example.net/pay?token=swordfish"
NAMELESS: dict[SourceKind, Any] = {
    SourceKind.UPDOWN: [{"event": "check.down", "check": {"token": "p4xz", "url": ADDRESS}}],
    SourceKind.UPTIMEROBOT: {"monitorID": "7", "monitorURL": ADDRESS, "monitorFriendlyName": ADDRESS, "alertType": "1"},
    SourceKind.STATUSCAKE: {"Name": ADDRESS, "URL": ADDRESS, "Status": "Down", "StatusCode": "0"},
    SourceKind.CHECKLY: {"check_id": "7", "check_name": ADDRESS, "event": f"{ADDRESS} has failed", "alert_type": "ALERT_FAILURE"},
    SourceKind.HEALTHCHECKS: {"uuid": "7", "name": ADDRESS, "status": "down"},
    SourceKind.PINGDOM: {"check_id": 7, "check_params": {"full_url": ADDRESS}, "current_state": "DOWN"},
    SourceKind.BETTER_STACK: {"event": "started", "data": {"id": "7", "type": "incident", "attributes": {"url": ADDRESS}}},
}


@pytest.mark.parametrize("kind", list(NAMELESS), ids=lambda kind: kind.value)
def test_a_check_that_is_called_by_its_address_keeps_no_secret_of_it(kind: SourceKind) -> None:
    alert = only(SOURCES[kind], NAMELESS[kind])
    assert alert.title.startswith("https://ledger.example.net/pay")
    assert "swordfish" not in str(alert)


def test_the_first_name_that_says_anything_counts() -> None:
    assert (called(None, " ", "Ledger API"), called(7), called("see https://x")) == ("Ledger API", "7", "see https://x")


TEMPLATES: dict[SourceKind, dict[str, str]] = {
    SourceKind.UPTIMEROBOT: {"monitorID": "*monitorID*", "alertType": "*alertType*"},
    SourceKind.STATUSCAKE: {"Name": "|NAME|", "Status": "|STATUS|"},
    SourceKind.CHECKLY: {"check_id": "{{CHECK_ID}}", "alert_type": "{{ALERT_TYPE}}"},
    SourceKind.HEALTHCHECKS: {"name": "$NAME", "status": "$STATUS"},
}


@pytest.mark.parametrize("kind", list(TEMPLATES), ids=lambda kind: kind.value)
def test_a_template_that_nothing_was_filled_into_is_no_alert(kind: SourceKind) -> None:
    reading = read(SOURCES[kind], TEMPLATES[kind])
    assert reading.alerts == () and "filled nothing in" in reading.ignored[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Checkout is down", ("Checkout", "down")),
        ("Checkout is down: the connection timed out", ("Checkout", "down")),
        ("Checkout is down since ten", ("Checkout", "down")),
        ('The check "Checkout" is now UP.', ("Checkout", "up")),
        ("Checkout is up (it was down for 5 minutes)", ("Checkout", "up")),
        ("A monitor changed\nCheckout is down!\nSee the wiki", ("Checkout", "down")),
        ("Database is up is down", ("Database is up", "down")),
        ("Site is up to date is DOWN", ("Site is up to date", "down")),
        ("The replica is up, the primary is down", ("The replica is up, the primary", "down")),
    ],
)
def test_a_sentence_ends_with_its_state(text: str, sentence: tuple[str, str]) -> None:
    assert sentence_of({"text": text}) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "Latency of Checkout is up 300% since ten",
        "Checkout is up to 5 s slow",
        "The replica is down, the primary is up",
        "Checkout is up\nCart is down",
        "Checkout is down (Cart is up (again))",
        "Nobody knows",
    ],
)
def test_a_sentence_that_is_not_clear_says_nothing(text: str) -> None:
    assert sentence_of({"text": text}) == ("", "")


def test_sentences_that_contradict_each_other_say_nothing() -> None:
    assert sentence_of({"title": "Checkout is up", "text": "Checkout is up."}) == ("Checkout", "up")
    assert sentence_of({"title": "Checkout is up", "text": "Checkout is down"}) == ("", "")


def test_an_address_in_a_name_loses_what_may_be_secret() -> None:
    assert called(f"GET {ADDRESS} every minute") == "GET https://ledger.example.net/pay every minute"
    assert called("tcp://sam:swordfish@ledger.example.net:5432") == "tcp://ledger.example.net:5432"
