"""Datadog: bodies that people wrote themselves, the default one, forms, and templates that nobody filled in."""

from __future__ import annotations

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.datadog import SOURCE, verify
from tests.sources.deliveries import delivery, only, payload_of, read


def test_a_triggered_monitor_fires() -> None:
    alert = only(SOURCE, "triggered")
    assert (alert.status, alert.title, alert.starts_at) == (AlertStatus.FIRING, "Cart is slow on host:cart-7", None)
    wanted = {"service": "cart", "environment": "prod", "severity": "p2", "host": "cart-7", "team": "shop", "tags": "monitor"}
    assert alert.labels.items() >= wanted.items()
    assert alert.annotations["description"] == "Carts take two seconds."
    assert alert.annotations["latest_seen"] == "2026-11-20T22:05:02+00:00"
    assert alert.url == "https://app.datadoghq.eu/event/event?id=55"


@pytest.mark.parametrize("name", ["renotify", "warn", "no-data", "recovered", "nested"])
def test_monitor_and_scope_name_the_alert_in_every_transition(name: str) -> None:
    assert only(SOURCE, name).fingerprint == only(SOURCE, "triggered").fingerprint


def test_another_scope_of_the_monitor_is_another_alert() -> None:
    other = payload_of(SOURCE.kind, "triggered", scope="host:cart-8, role:cart")
    assert only(SOURCE, other).fingerprint != only(SOURCE, "triggered").fingerprint


@pytest.mark.parametrize(
    ("word", "status"),
    [(word, AlertStatus.FIRING) for word in ("Triggered", "Re-Triggered", "Renotify", "Warn", "Re-Warn", "No Data", "Re-No Data")]
    + [("Recovered", AlertStatus.RESOLVED), ("recovered", AlertStatus.RESOLVED)],
)
def test_transitions_are_exact_words(word: str, status: AlertStatus) -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "triggered", transition=word)).status is status


@pytest.mark.parametrize("word", ["Recovering", "OK", "Resolved", "not triggered"])
def test_an_unknown_transition_is_unreadable_whatever_the_title_says(word: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "recovered", transition=word))
    assert alert.status is AlertStatus.FIRING
    assert alert.unreadable is not None
    assert "alert_transition" in alert.unreadable


def test_a_warning_of_an_urgent_monitor_is_a_warning() -> None:
    assert only(SOURCE, payload_of(SOURCE.kind, "warn", priority="P1")).labels.items() >= {"severity": "warning", "priority": "p1"}.items()


def test_the_default_body_fires_and_recovers_by_its_title_and_the_monitor_in_its_link() -> None:
    fired, recovered = only(SOURCE, "default-triggered"), only(SOURCE, "default-recovered")
    assert (fired.status, recovered.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == recovered.fingerprint
    assert fired.title == "Cart is slow"


def test_without_a_transition_the_type_of_the_alert_says_it() -> None:
    bare = payload_of(SOURCE.kind, "triggered", transition="$ALERT_TRANSITION", title=...)
    assert only(SOURCE, bare).status is AlertStatus.FIRING
    assert only(SOURCE, bare | {"type": "success"}).status is AlertStatus.RESOLVED
    assert only(SOURCE, bare | {"type": "info"}).unreadable is not None


def test_variables_that_nobody_filled_in_mean_nothing() -> None:
    reading = read(SOURCE, "template")
    assert reading.alerts == ()
    assert "still a variable" in reading.ignored[0]


def test_an_alert_that_nothing_names_waits_in_the_inbox_with_what_to_do() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "template", transition="Triggered"))
    assert alert.unreadable == "alert_id: expected the template to give $ALERT_ID, $ALERT_SCOPE and $ALERT_TITLE."


def test_a_form_says_the_same_as_json() -> None:
    form = only(SOURCE, payload_of(SOURCE.kind, "triggered"), content_type="application/x-www-form-urlencoded")
    assert form == only(SOURCE, "triggered")


def test_the_secret_may_be_in_the_body_and_is_kept_nowhere() -> None:
    carried = payload_of(SOURCE.kind, "triggered", secret="carried-in-the-body")
    assert verify(b"carried-in-the-body", delivery(SOURCE.kind, carried))
    assert not verify(b"another", delivery(SOURCE.kind, carried))
    assert not verify(b"another", delivery(SOURCE.kind, "triggered"))
    assert "carried-in-the-body" not in str(only(SOURCE, carried))


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed, match="expected an object"):
        read(SOURCE, ["Triggered"])


@pytest.mark.parametrize(
    "heading", ["[P2] [Triggered on {host:cart-7}] ", "[Monitor Alert] Triggered on {host:cart-7}: ", "Triggered on {host:cart-7}: "]
)
@pytest.mark.parametrize("field", ["title", "alert_title", "event_title", "summary"])
def test_a_heading_counts_wherever_the_title_stands(heading: str, field: str) -> None:
    alert = only(SOURCE, {field: f"{heading}Cart is slow", "body": "see https://app.datadoghq.eu/monitors/90155"})
    assert (alert.status, alert.title, alert.labels["host"]) == (AlertStatus.FIRING, "Cart is slow", "cart-7")
    recovered = only(
        SOURCE, {field: f"{heading}Cart is slow".replace("Triggered", "Recovered"), "body": "https://app.datadoghq.eu/monitors/90155"}
    )
    assert (recovered.status, recovered.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ({"status": "Triggered"}, AlertStatus.FIRING),
        ({"status": "Recovered"}, AlertStatus.RESOLVED),
        ({"state": "Alert"}, AlertStatus.FIRING),
        ({"state": "OK"}, AlertStatus.RESOLVED),
        ({"severity": "Re-Triggered"}, AlertStatus.FIRING),
        ({"event_action": "resolve"}, AlertStatus.RESOLVED),
        ({"transition": "Null", "alert_type": "warning"}, AlertStatus.FIRING),
    ],
)
def test_a_state_under_another_name_counts(names: dict[str, str], status: AlertStatus) -> None:
    alert = only(SOURCE, {"monitor_id": "90155", "monitor_name": "Cart is slow"} | names)
    assert (alert.status, alert.title) == (status, "Cart is slow")
    assert alert.labels.get("severity") in (None, "warning")


def test_what_a_template_wraps_one_level_deeper_is_read() -> None:
    inner = {"alert_id": "90155", "scope": "host:cart-7", "tags": "env:prod,service:cart", "priority": "P1"}
    alert = only(
        SOURCE,
        {"alert_transition": "Triggered", "title": "Cart is slow", "source_url": "https://app.datadoghq.eu/event", "metadata": inner},
    )
    assert alert.labels.items() >= {"host": "cart-7", "service": "cart", "environment": "prod", "severity": "p1"}.items()
    assert alert.url == "https://app.datadoghq.eu/event"
    assert (
        alert.fingerprint
        == only(SOURCE, {"status": "Recovered", "alert_id": "90155", "scopes": ["host:cart-7"], "title": "Cart is slow"}).fingerprint
    )


def test_a_message_is_kept_without_its_fences_and_mentions() -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "triggered", body="%%%\nCarts take two seconds.\n@webhook-muster @slack-ops\n%%%"))
    assert alert.annotations["description"] == "Carts take two seconds."


def test_a_test_notification_is_no_alert() -> None:
    reading = read(SOURCE, payload_of(SOURCE.kind, "triggered", title="[TEST] [Triggered on {host:cart-7}] Cart is slow"))
    assert (reading.alerts, reading.ignored) == ((), ("Datadog's test notification arrived; it is no alert.",))


@pytest.mark.parametrize(
    "names",
    [
        {"monitor_name": "[TEST] shop: disk full"},
        {"title": "[TEST] shop: disk full"},
        {"title": "[TEST] [shop] Disk full"},
        {"summary": "[TEST] [Warn] Disk full"},
        {"title": "[TEST] [Warn] Disk full", "alert_title": "[TEST] [Warn] Disk full"},
        {"title": "Disk full", "data": {"event_title": "[TEST] [Triggered] Disk full"}},
    ],
)
def test_a_monitor_whose_own_name_speaks_of_a_test_fires(names: dict[str, object]) -> None:
    assert only(SOURCE, {"alert_id": "90155", "alert_transition": "Triggered"} | names).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    "looser",
    [
        {"data": {"status": "ok"}},
        {"labels": {"state": "ok"}},
        {"event": {"action": "resolve"}},
        {"event": {"title": "[Recovered] Carts"}},
        {"data": {"transition": "Recovered"}},
        {"severity": "ok"},
        {"severity": "Recovered"},
        {"status": "resolved"},
    ],
)
@pytest.mark.parametrize("kind", ["error", "warning"])
def test_no_inner_or_looser_word_ends_what_the_body_says_fires(looser: dict[str, object], kind: str) -> None:
    alert = only(SOURCE, {"alert_type": kind, "alert_id": "90155", "title": "Cart is slow"} | looser)
    assert (alert.status, alert.unreadable) == (AlertStatus.FIRING, None)


def test_a_severity_ends_nothing_unless_it_is_a_transition() -> None:
    named = {"alert_id": "90155", "title": "Cart is slow"}
    assert only(SOURCE, named | {"severity": "ok"}).unreadable is not None
    assert only(SOURCE, named | {"severity": "Recovered"}).status is AlertStatus.RESOLVED
    assert only(SOURCE, named | {"status": "Triggered", "data": {"status": "ok"}}).status is AlertStatus.FIRING
    assert only(SOURCE, named | {"data": {"status": "ok"}}).status is AlertStatus.RESOLVED


def test_a_warning_that_is_wrapped_stays_a_warning() -> None:
    wrapped = {"alert_type": "warning", "title": "Cart is slow", "metadata": {"transition": "Warn", "alert_id": "90155", "priority": "P1"}}
    assert only(SOURCE, wrapped).labels.items() >= {"severity": "warning", "transition": "warn"}.items()


@pytest.mark.parametrize("stated", [{"alert_type": "success"}, {"status": "Recovered"}, {"alert_transition": "Recovered"}])
@pytest.mark.parametrize("field", ["alert_title", "monitor_name"])
def test_a_heading_in_a_monitors_name_yields_to_whatever_states_the_transition(field: str, stated: dict[str, str]) -> None:
    assert only(SOURCE, {"alert_id": "90155", field: "[Warn] Disk"} | stated).status is AlertStatus.RESOLVED
    assert only(SOURCE, {"alert_id": "90155", field: "[Recovered] Disk", "alert_type": "error"}).status is AlertStatus.FIRING


@pytest.mark.parametrize("scope", ["*", ["*"], "{*}"])
def test_a_monitor_of_everything_is_the_same_alert_in_every_cycle_and_on_every_host(scope: object) -> None:
    first = payload_of(SOURCE.kind, "triggered", scope=scope)
    again = first | {"alert_cycle_key": "771299", "aggreg_key": "decaf", "hostname": "cart-9"}
    assert only(SOURCE, again).fingerprint == only(SOURCE, first).fingerprint
    assert only(SOURCE, first).fingerprint != only(SOURCE, "triggered").fingerprint


@pytest.mark.parametrize("name", ["alert_status", "status", "severity"])
def test_an_informing_type_is_an_alert_when_any_word_states_one(name: str) -> None:
    alert = only(SOURCE, {"alert_type": "info", "alert_id": "90155", "title": "Cart is slow", name: "Triggered"})
    assert (alert.status, alert.unreadable) == (AlertStatus.FIRING, None)


def test_a_variable_that_datadog_fills_with_null_says_nothing() -> None:
    alert = only(SOURCE, {"title": "Carts are lost", "incident_public_id": "null", "alert_type": "error"})
    assert (alert.status, alert.unreadable) == (AlertStatus.FIRING, None)
    incident = {"alert_id": "null", "alert_transition": "Null", "incident_public_id": "412", "incident_status": "resolved"}
    assert (only(SOURCE, incident).status, only(SOURCE, incident).fingerprint) == (AlertStatus.RESOLVED, "incident:412")


@pytest.mark.parametrize("line", ["@" * 4000, "@a." * 1300 + " x", "@a " * 1300 + "x", "@a" + " " * 3990 + "x", "%%% " * 1000 + "x"])
def test_a_line_that_only_looks_like_mentions_is_read_at_once(line: str) -> None:
    alert = only(SOURCE, payload_of(SOURCE.kind, "triggered", body=f"{line}\nCarts take two seconds."))
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Cart is slow on host:cart-7")


def test_an_event_that_is_nobodys_trouble_is_no_alert() -> None:
    reading = read(SOURCE, {"title": "Shop was deployed", "event_type": "github", "alert_type": "info", "alert_transition": "Null"})
    assert (reading.alerts, reading.ignored) == ((), ("Datadog's event 'Shop was deployed' is of the kind info, no alert.",))


@pytest.mark.parametrize(
    ("word", "status"), [("active", AlertStatus.FIRING), ("stable", AlertStatus.FIRING), ("resolved", AlertStatus.RESOLVED)]
)
def test_an_incident_of_datadog_is_named_by_its_number(word: str, status: AlertStatus) -> None:
    incident = {
        "incident_public_id": "412",
        "incident_title": "Carts are lost",
        "incident_severity": "SEV-2",
        "incident_url": "https://app.datadoghq.eu/incidents/412",
    }
    alert = only(SOURCE, incident | {"incident_status": word})
    assert (alert.status, alert.fingerprint, alert.title, alert.labels["severity"]) == (status, "incident:412", "Carts are lost", "sev-2")
    assert only(SOURCE, incident | {"incident_status": "over"}).unreadable is not None


def test_a_security_signal_is_named_by_its_rule_and_what_it_is_grouped_by() -> None:
    signal = {"security_rule_id": "a-b", "security_rule_name": "Logins fail", "security_signal_id": "1", "security_signal_severity": "high"}
    alert = only(SOURCE, signal | {"alert_type": "error", "security_group_by_values": "@network.zone:a"})
    assert (alert.status, alert.title, alert.labels["severity"]) == (AlertStatus.FIRING, "Logins fail", "high")
    assert (
        alert.fingerprint
        == only(
            SOURCE, signal | {"security_signal_id": "2", "alert_type": "error", "security_group_by_values": "@network.zone:a"}
        ).fingerprint
    )


def test_a_transition_under_the_name_of_a_severity_is_neither_severity_nor_priority() -> None:
    labels = only(
        SOURCE, {"monitor_name": "Cart is slow", "severity": "Triggered", "alert_url": "https://app.datadoghq.eu/monitors/90155"}
    ).labels
    assert labels == {"transition": "triggered"}


def test_names_that_repeat_what_they_are_in_are_the_same_names() -> None:
    inner = {"alert_id": "90155", "alert_scope": "host:cart-7", "alert_transition": "Recovered", "alert_type": "success"}
    alert = only(
        SOURCE,
        {"title": "[Recovered on {host:cart-7}] Cart is slow", "alert": inner, "incident": {"incident_public_id": "$INCIDENT_PUBLIC_ID"}},
    )
    fired = only(SOURCE, {"title": "[Triggered on {host:cart-7}] Cart is slow", "alert_id": "90155", "alert_scope": "host:cart-7"})
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, fired.fingerprint)
