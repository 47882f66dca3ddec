"""Zabbix: what scripts of webhook media types post, by the names of its macros or by words."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.errors import Malformed
from bot.sources.zabbix import SOURCE
from tests.sources.deliveries import only, payload_of, read


def test_a_problem_fires_and_names_its_trigger() -> None:
    alert = only(SOURCE, "problem")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "trigger:15502", "Mail queue is long")
    wanted = {"host": "mail-1", "severity": "high", "service": "mail", "environment": "prod", "tags": "queue"}
    assert alert.labels.items() >= wanted.items()
    assert alert.url == "https://zabbix.example.com/tr_events.php?triggerid=15502&eventid=8801"


def test_a_recovery_ends_the_same_alert_under_the_same_name() -> None:
    fired, recovered = only(SOURCE, "problem"), only(SOURCE, "recovery")
    assert recovered.status is AlertStatus.RESOLVED
    assert (recovered.fingerprint, recovered.title) == (fired.fingerprint, fired.title)


def test_a_later_problem_of_the_trigger_is_the_same_alert() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "problem", event_id="9410")).fingerprint == only(SOURCE, "problem").fingerprint


def test_an_update_is_a_note_with_who_did_what() -> None:
    reading = read(SOURCE, "update")
    text = "Acknowledged, commented in Zabbix by Ana Lima (ana): Looking at it"
    assert (reading.alerts, reading.notes) == ((), (Note("trigger:15502", text),))


def test_a_script_that_posts_words_means_the_same_alert() -> None:
    alert = only(SOURCE, "words")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "trigger:15502", "Mail queue is long")
    assert alert.labels.items() >= {"host": "mail-1", "severity": "disaster"}.items()


@pytest.mark.parametrize(
    ("word", "status"), [("OK", AlertStatus.RESOLVED), ("RESOLVED", AlertStatus.RESOLVED), ("PROBLEM", AlertStatus.FIRING)]
)
def test_words_of_state_are_exact(word: str, status: AlertStatus) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "words", status=word)).status is status
    assert only(SOURCE, payload_of(SOURCE.kind, "words", status=f"{word}!")).unreadable is not None


def test_without_host_and_link_the_name_is_enough() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "words", hostname=..., link=...))
    assert (alert.status, alert.unreadable) == (AlertStatus.FIRING, None)
    assert alert.fingerprint != only(SOURCE, payload_of(SOURCE.kind, "words", link=...)).fingerprint


@pytest.mark.parametrize("number", range(6))
def test_severities_have_the_names_of_zabbix(number: int) -> None:
    names = ("not classified", "information", "warning", "average", "high", "disaster")
    assert only(SOURCE, payload_of(SOURCE.kind, "problem", event_nseverity=number)).labels["severity"] == names[number]


def test_tags_may_be_the_json_that_zabbix_writes() -> None:
    tags = '[{"tag":"service","value":"mail"},{"tag":"scope","value":"capacity"},{"tag":"queue","value":""}]'
    labels = only(SOURCE, payload_of(SOURCE.kind, "problem", event_tags=tags)).labels
    assert labels.items() >= {"service": "mail", "scope": "capacity", "tags": "queue"}.items()


def test_macros_that_zabbix_did_not_fill_mean_nothing() -> None:
    unfilled = payload_of(SOURCE.kind, "problem", trigger_id="{TRIGGER.ID}", host="*UNKNOWN*", title="{EVENT.NAME}", event_id="{EVENT.ID}")
    assert only(SOURCE, unfilled).unreadable == "trigger_id: expected the script to give {TRIGGER.ID}, or the event's name."


@pytest.mark.parametrize(("number", "kind"), [("1", "discovery"), ("2", "autoregistration")])
def test_discoveries_are_no_problems(number: str, kind: str) -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "problem", event_source=number))
    assert (reading.alerts, reading.ignored) == ((), (f"That is an event of Zabbix's {kind}, no problem.",))


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, [payload_of(SOURCE.kind, "problem")])
