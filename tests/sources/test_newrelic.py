"""New Relic: issues of workflows and incidents of the older channels."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.domain.alert import AlertStatus, Note
from bot.errors import Malformed
from bot.sources.newrelic import SOURCE
from tests.sources.deliveries import only, payload_of, read

ISSUE = "issue:5b1e77d0-22c4-4a0e-b3c9-0f6f0d9a4e18"


def test_an_issue_fires_from_its_creation_on() -> None:
    alert = only(SOURCE, "issue-activated")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, ISSUE, "Errors of payments > 3%")
    assert alert.starts_at == datetime(2026, 11, 20, 22, 1, 7, tzinfo=UTC)
    assert alert.labels.items() >= {"severity": "critical", "entity": "payments, payments-worker", "policy": "Payments"}.items()
    assert alert.url == "https://one.newrelic.com/issues/5b1e77d0"


def test_closing_an_issue_ends_the_same_occurrence() -> None:
    fired, closed = only(SOURCE, "issue-activated"), only(SOURCE, "issue-closed")
    assert closed.status is AlertStatus.RESOLVED
    assert (closed.fingerprint, closed.starts_at) == (fired.fingerprint, fired.starts_at)
    assert closed.ends_at == datetime(2026, 11, 20, 22, 18, tzinfo=UTC)


def test_an_acknowledgement_is_a_note_and_no_alert() -> None:
    reading = read(SOURCE, "issue-acknowledged")
    assert (reading.alerts, reading.notes) == ((), (Note(ISSUE, "Acknowledged in New Relic by Ana Lima."),))
    assert read(SOURCE, "incident-acknowledged").notes[0].fingerprint == "incident:70412"


def test_an_incident_of_an_older_channel_fires_and_ends() -> None:
    opened, closed = only(SOURCE, "incident-open"), only(SOURCE, "incident-closed")
    assert (opened.status, closed.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert opened.fingerprint == closed.fingerprint == "incident:70412"
    assert (opened.starts_at, opened.title) == (None, "Host not reporting")
    assert opened.labels.items() >= {"service": "payments", "environment": "prod", "severity": "critical"}.items()
    assert opened.annotations["runbook_url"] == "https://runbooks.example.com/hosts"


def test_a_form_carries_its_lists_as_text() -> None:
    payload = payload_of(SOURCE.kind, "incident-open")
    form = {name: json.dumps(value) if isinstance(value, list) else value for name, value in payload.items()}
    assert only(SOURCE, form, content_type="application/x-www-form-urlencoded") == only(SOURCE, "incident-open")


@pytest.mark.parametrize("moment", ["1969-12-31 23:59:55", 160513393115100000, "", None, {"at": 1}])
def test_a_time_that_is_none_costs_nothing_but_itself(moment: object) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "issue-activated", createdAt=moment))
    assert (alert.starts_at, alert.unreadable, alert.fingerprint) == (None, None, ISSUE)


def test_a_title_that_is_a_list_is_its_first() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "issue-activated", title=["Payments fail", "and more"])).title == "Payments fail"


@pytest.mark.parametrize("state", ["hello world", "close", "deactivating"])
def test_an_unknown_state_is_unreadable(state: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "issue-closed", state=state))
    assert alert.status is AlertStatus.FIRING
    assert alert.unreadable is not None
    assert repr(state) in alert.unreadable


def test_the_test_button_is_no_alert() -> None:
    reading = read(SOURCE, "incident-test")
    assert (reading.alerts, reading.ignored) == ((), ("New Relic's test notification arrived; it is no alert.",))


def test_a_body_with_nothing_but_a_state_still_fires() -> None:
    alert = only(SOURCE, {"timestamp": 1795212067000, "current_state": "open"})
    assert (alert.status, alert.title, alert.unreadable) == (AlertStatus.FIRING, "Untitled alert", None)
    assert alert.fingerprint == only(SOURCE, {"current_state": "closed"}).fingerprint


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, ["closed"])


def test_the_variables_of_a_workflow_under_their_own_names_are_read() -> None:
    alert = only(SOURCE, "variables")
    assert (alert.status, alert.fingerprint, alert.title) == (AlertStatus.FIRING, "issue:5b1e77d0-aa", "Errors of payments > 3%")
    wanted = {
        "severity": "high",
        "service": "payments",
        "environment": "prod",
        "team": "money",
        "condition": "Error rate",
        "policy": "Payments",
    }
    assert alert.labels.items() >= wanted.items()
    assert "accountIds" not in alert.labels
    wanted = {"description": "More than 3% of payments fail", "runbook_url": "https://runbooks.example.com/payments"}
    assert alert.annotations.items() >= wanted.items()
    assert alert.url == "https://one.newrelic.com/issues/5b1e77d0"
    several = payload_of(SOURCE.kind, "variables", entitiesData={"names": ["payments", "orders"], "types": ["APPLICATION", "APPLICATION"]})
    assert "service" not in only(SOURCE, several).labels


def test_a_name_may_be_the_title_and_a_status_the_state() -> None:
    named = payload_of(SOURCE.kind, "issue-activated", title=..., state=...) | {"name": ["Payments fail"], "status": "CLOSED"}
    assert (only(SOURCE, named).title, only(SOURCE, named).status) == ("Payments fail", AlertStatus.RESOLVED)


@pytest.mark.parametrize(("action", "status"), [("trigger", AlertStatus.FIRING), ("resolve", AlertStatus.RESOLVED)])
def test_a_template_for_a_pager_is_understood(action: str, status: AlertStatus) -> None:
    alert = only(SOURCE, {"event_action": action, "dedup_key": "5b1e", "payload": {"summary": "Payments fail", "severity": "critical"}})
    assert (alert.status, alert.fingerprint, alert.title, alert.labels) == (status, "issue:5b1e", "Payments fail", {"severity": "critical"})


@pytest.mark.parametrize(
    ("body", "word"), [({"issueId": "5b", "state": "DEACTIVATED"}, "deactivated"), ({"deployment": {"revision": "8"}}, "deployment")]
)
def test_what_neither_fires_nor_ends_is_ignored_visibly(body: dict[str, object], word: str) -> None:
    reading = read(SOURCE, body)
    assert reading.alerts == ()
    assert word in reading.ignored[0]


def test_what_a_template_wraps_one_level_deeper_is_read() -> None:
    inner = {"app": "orders", "current_state": "closed", "condition_name": "Orders wait", "incident_id": "88"}
    alert = only(SOURCE, {"tags": ["team:orders"], "payload": inner})
    assert (alert.status, alert.title, alert.fingerprint, alert.labels["team"]) == (
        AlertStatus.RESOLVED,
        "Orders wait",
        "incident:88",
        "orders",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"id": "5b", "currentState": "activated", "data": {"state": "closed"}},
        {"event_action": "trigger", "dedup_key": "5b", "custom_details": {"status": "ok"}},
        {"issueId": "5b", "status": "open", "issue": {"state": "closed"}},
        {"issueId": "5b", "status": "open", "payload": {"state": "acknowledged"}},
        {"issueId": "5b", "issue": {"state": "activated"}, "data": {"state": "closed"}},
    ],
)
def test_no_inner_state_ends_what_the_body_says_fires(body: dict[str, object]) -> None:
    alert = only(SOURCE, body)
    assert (alert.status, alert.fingerprint, alert.unreadable) == (AlertStatus.FIRING, "issue:5b", None)
