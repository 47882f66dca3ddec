"""Incidents and components on the status page of a provider."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus
from bot.domain.routing import Channel
from bot.errors import Malformed
from bot.sources.statuspage import SOURCE
from tests.sources.deliveries import only, payload_of, read

START = datetime(2026, 11, 20, 21, 58, 3, 120000, tzinfo=UTC)


def test_an_incident_is_one_occurrence_from_investigating_to_postmortem() -> None:
    states = ("investigating", "identified", "monitoring", "resolved", "postmortem")
    alerts = [only(SOURCE, f"incident-{state}") for state in states]
    assert [alert.status for alert in alerts] == [AlertStatus.FIRING] * 3 + [AlertStatus.RESOLVED] * 2
    assert {(alert.fingerprint, alert.starts_at) for alert in alerts} == {("incident:inc7301", START)}


def test_an_incident_says_how_bad_it_is_and_what_it_hits() -> None:
    alert = only(SOURCE, "incident-investigating")
    assert alert.title == "Card payments are declined"
    assert alert.labels == {"page": "pg77", "severity": "major", "state": "investigating", "components": "Card payments, Payouts"}
    assert alert.annotations["description"] == "We look into declined cards."
    assert alert.url == "https://stspg.example.com/7301"
    assert SOURCE.channel is Channel.PROVIDER


def test_a_component_fires_until_it_is_operational() -> None:
    outage, degraded, fine = (only(SOURCE, f"component-{name}") for name in ("major-outage", "degraded", "operational"))
    assert [alert.status for alert in (outage, degraded, fine)] == [AlertStatus.FIRING, AlertStatus.FIRING, AlertStatus.RESOLVED]
    assert {alert.fingerprint for alert in (outage, degraded, fine)} == {"component:cmp1"}
    assert (outage.title, outage.labels["severity"]) == ("Card payments: major outage", "major_outage")


@pytest.mark.parametrize("name", ["maintenance-in-progress", "component-under-maintenance"])
def test_maintenance_is_ignored_by_name(name: str) -> None:
    reading = read(SOURCE, name)
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


def test_a_state_that_nobody_documented_waits_as_unreadable() -> None:
    body = payload_of("statuspage", "incident-resolved")
    body["incident"]["status"] = "almost resolved"
    alert = only(SOURCE, body)
    assert (alert.status, "almost resolved" in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


def test_an_update_without_the_component_still_counts() -> None:
    alert = only(SOURCE, payload_of("statuspage", "component-major-outage", component=...))
    assert (alert.fingerprint, alert.title) == ("component:cmp1", "cmp1: major outage")


@pytest.mark.parametrize("body", [[], {}, {"page": {"id": "pg77"}}])
def test_a_body_that_no_status_page_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_pages_that_write_their_words_otherwise_are_understood() -> None:
    alert = only(SOURCE, "other-page-incident")
    assert (alert.status, alert.labels["severity"], alert.labels["state"]) == (AlertStatus.FIRING, "major_outage", "identified")
    assert alert.annotations["description"] == "A bank does not answer."
    body = {"component": {"id": "c1", "name": "Payouts", "status": "PARTIALOUTAGE"}, "component_update": {"new_status": "PARTIALOUTAGE"}}
    assert only(SOURCE, body).title == "Payouts: partial outage"


def test_a_page_that_says_the_state_in_its_updates_alone_is_understood() -> None:
    body = payload_of("statuspage", "other-page-incident")
    del body["incident"]["status"]
    assert only(SOURCE, body).labels["state"] == "identified"
    body["incident"]["incident_updates"].append({"status": "resolved", "created_at": "2026-11-20T23:00:00Z"})
    assert only(SOURCE, body).status is AlertStatus.RESOLVED


def test_announced_work_of_its_own_kind_is_ignored_by_name() -> None:
    reading = read(SOURCE, "other-page-maintenance")
    assert reading.alerts == () and "The ledger moves" in reading.ignored[0]
