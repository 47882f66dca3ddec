"""Triage: what alerts say of a trouble, and what people say instead (J7, J8, W7)."""

from __future__ import annotations

from bot.domain.alert import AlertStatus
from bot.domain.triage import Fact, split_values, triage
from tests.messages.rows import after, alert


def test_facts_are_read_from_labels_and_annotations_of_every_alert() -> None:
    alerts = [
        alert(labels={"tenant": "acme", "endpoint": "/pay", "release": "1.4.2"}, annotations={"error": "TypeError: x"}),
        alert(id="a2", labels={"tenant": "globex", "release": "1.4.2"}, starts_at=after(-9), last_received_at=after(4)),
    ]
    known = triage(alerts, {})
    assert known.facts == {
        Fact.TENANTS: ("acme", "globex"), Fact.ROUTES: ("/pay",), Fact.RELEASE: ("1.4.2",), Fact.ERROR: ("TypeError: x",),
    }  # fmt: skip
    assert (known.first_seen_at, known.last_seen_at) == (after(-9), after(4))


def test_when_it_was_first_and_latest_seen_is_the_monitors_word_where_it_can_be_believed() -> None:
    seen = {"first_seen": after(-900).isoformat(), "latest_seen": after(9).isoformat()}
    known = triage([alert(annotations=seen, last_received_at=after(5))], {})
    assert (known.first_seen_at, known.last_seen_at) == (after(-900), after(9))
    odd = {"first_seen": "yesterday", "latest_seen": after(500).isoformat()}
    known = triage([alert(annotations=odd, starts_at=after(1), last_received_at=after(5))], {})
    assert (known.first_seen_at, known.last_seen_at) == (after(1), after(5))


def test_what_a_person_says_stands_above_the_alerts() -> None:
    known = triage([alert(labels={"tenant": "acme"})], {"tenants": ["everybody"], "features": ["checkout"]})
    assert known.facts[Fact.TENANTS] == ("everybody",) and known.facts[Fact.FEATURES] == ("checkout",)


def test_related_checks_are_shown_with_their_state_the_firing_first() -> None:
    up = alert(id="a2", source="uptime", title="Home page", status=AlertStatus.RESOLVED)
    known = triage([up, alert(title="CheckoutErrors")], {})
    assert [(check.title, check.firing) for check in known.checks] == [("CheckoutErrors", True), ("Home page", False)]


def test_only_web_addresses_become_links() -> None:
    alerts = [alert(annotations={"runbook_url": "https://wiki.example.com/r", "dashboard": "javascript:alert(1)"})]
    assert triage(alerts, {}).links == (("runbook", "https://wiki.example.com/r"),)


def test_an_incident_without_alerts_knows_nothing_yet() -> None:
    known = triage([], {})
    assert (known.facts, known.first_seen_at, known.links, known.checks) == ({}, None, (), ())


def test_values_are_split_at_commas_and_lines_each_once() -> None:
    assert split_values("acme, globex\nacme,, ") == ("acme", "globex")
    assert len(split_values(",".join(map(str, range(100))))) == 8
