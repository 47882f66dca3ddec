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


@pytest.mark.parametrize(
    ("subject", "message", "status"),
    [
        ("Problem: Mail queue is long", "message_problem", AlertStatus.FIRING),
        ("Resolved in 4m 10s: Mail queue is long", "message_recovery", AlertStatus.RESOLVED),
    ],
)
def test_the_message_templates_of_zabbix_say_enough_without_any_macro(subject: str, message: str, status: AlertStatus) -> None:
    texts = payload_of(SOURCE.kind, "messages")
    alert = only(SOURCE, {"to": "ops", "subject": subject, "message": texts[message]})
    assert (alert.status, alert.title) == (status, "Mail queue is long")
    assert alert.labels == {"host": "mail-1", "severity": "high"}
    assert alert.fingerprint == only(SOURCE, {"subject": "Problem: Mail queue is long", "message": texts["message_problem"]}).fingerprint


def test_an_update_in_words_is_a_note() -> None:
    texts = payload_of(SOURCE.kind, "messages")
    reading = read(
        SOURCE, {"subject": "Updated problem in 2m: Mail queue is long", "message": texts["message_update"], "trigger_id": "15502"}
    )
    assert (reading.alerts, reading.notes) == ((), (Note("trigger:15502", "Updated in Zabbix"),))


def test_parameters_with_short_names_of_their_own_are_understood() -> None:
    alert = only(SOURCE, "short_names")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "trigger:15502", "Mail queue is long")
    assert alert.labels.items() >= {"host": "mail-1", "service": "mail", "environment": "prod", "severity": "high"}.items()
    assert alert.url == "https://zabbix.example.com/tr_events.php?triggerid=15502&eventid=8801"
    (note,) = read(SOURCE, payload_of(SOURCE.kind, "short_names", update_action="acknowledged")).notes
    assert note == Note("trigger:15502", "Acknowledged in Zabbix")


@pytest.mark.parametrize(("word", "status"), [("alerting", AlertStatus.FIRING), ("ok", AlertStatus.RESOLVED)])
def test_a_state_of_a_script_for_another_receiver_counts(word: str, status: AlertStatus) -> None:
    alert = only(SOURCE, {"alert_uid": "8801", "title": "Mail queue is long", "state": word, "message": "Host: mail-1"})
    assert (alert.status, alert.labels["host"]) == (status, "mail-1")


def test_a_service_of_zabbix_is_one_alert_whatever_its_severity_becomes() -> None:
    service = {
        "event_source": "4",
        "event_value": "1",
        "service_name": "Shop",
        "event_name": "Status of Shop is High",
        "service_tags": "env:prod",
    }
    worse, over = service | {"event_name": "Status of Shop is Disaster"}, service | {"event_value": "0"}
    assert len({only(SOURCE, one).fingerprint for one in (service, worse, over)}) == 1
    assert only(SOURCE, service).labels.items() >= {"service": "Shop", "environment": "prod"}.items()


def test_the_address_that_a_script_posts_to_and_its_token_are_kept_nowhere() -> None:
    for state in ("PROBLEM", "nothing known"):
        sent = {
            "URL": "https://muster.example.com/alerts/zabbix/s3cret",
            "ApiKey": "s3cret",
            "eventid": "8801",
            "name": "Mail queue is long",
        }
        alert = only(SOURCE, sent | {"host": "mail-1", "severity": "4", "status": state})
        assert "s3cret" not in str(alert)
        assert (alert.unreadable is None) == (state == "PROBLEM")
    assert only(SOURCE, payload_of(SOURCE.kind, "problem", zabbix_url="https://zabbix.example.com/alerts/x")).url is not None


def test_a_number_is_a_severity_under_any_of_its_names() -> None:
    body = {"event_is_problem": "1", "event_is_update": "0", "event_severity": "4", "alert_subject": "Problem: Mail queue is long"}
    assert only(SOURCE, body).labels["severity"] == "high"
    assert read(SOURCE, body | {"event_is_update": "1"}).alerts == ()


@pytest.mark.parametrize("title", ["Updated: checksum of /etc/passwd", "Updated problem in 2m: Mail queue is long"])
def test_an_event_that_says_its_value_is_no_update_by_its_title(title: str) -> None:
    alert = only(SOURCE, {"title": title, "event_value": "1", "trigger_id": "15502"})
    assert (alert.status, alert.unreadable) == (AlertStatus.FIRING, None)
    assert read(SOURCE, {"title": title, "event_value": "1", "event_update_status": "1", "trigger_id": "15502"}).alerts == ()


def test_a_place_in_a_name_is_a_part_of_it() -> None:
    named = [{"event_name": f"Network problem in rack {rack}: link down", "host": "switch-1", "event_value": "1"} for rack in (7, 8)]
    assert len({only(SOURCE, one).fingerprint for one in named}) == 2
    subject = {"subject": "Look in rack ok in 7: link down", "event_value": "1", "trigger_id": "15502"}
    assert only(SOURCE, subject).title == "Look in rack ok in 7: link down"
    problems = [only(SOURCE, {"subject": f"Problem in rack {rack}: link down", "status": "PROBLEM"}) for rack in (7, 8)]
    assert problems[0].fingerprint != problems[1].fingerprint


def test_the_bodys_own_host_beats_the_line_of_its_text() -> None:
    own = {"event_name": "Mail queue is long", "host": "mail-1.example.com"}
    fired = only(SOURCE, own | {"event_value": "1", "message": "Problem name: Mail queue is long\r\nHost: mail-1\r\n"})
    recovered = only(SOURCE, own | {"event_value": "0", "message": "It is over"})
    assert (fired.fingerprint, fired.labels["host"]) == (recovered.fingerprint, "mail-1.example.com")


def test_an_application_of_zabbix_is_no_service() -> None:
    labels = only(SOURCE, payload_of(SOURCE.kind, "problem", event_tags="Application: CPU")).labels
    assert labels["Application"] == "CPU"
    assert "service" not in labels
