"""The gate: every reason that closes it, and that it goes again; freezing by hand; proofs of routes (J14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.closing import Check, CheckState
from bot.domain.incidents import Incident
from bot.domain.readiness import Issue, Issues, Readiness
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotAllowed
from bot.services import gate, people, resolutions, signals
from bot.services.gate import AlreadyFrozen, NotFrozen
from bot.services.work import UnitOfWork
from bot.store import checks, timeline
from tests.policies import make_policy, policy_data
from tests.services.deliveries import fired, hear
from tests.services.desk import Desk, open_desk

FLOWS = {"checkout": {"title": "Checkout", "match": {"flow": "checkout"}, "heard_within": "10m"}}
BEATS = {"backup": {"every": "1h", "unsigned": True, "title": "No backup"}}
SENTRY = {"organisation": "acme"}


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url, asking()) as opened:
        yield opened


def asking(rules: Mapping[str, Any] | None = None, **changes: Any) -> Any:
    return make_policy(gate=rules or {}, **changes)


async def reasons(desk: Desk, issues: Issues | None = None) -> list[tuple[str, str]]:
    """The codes and sentences of what closes the gate."""
    found: Readiness = await desk.read(lambda work: gate.readiness(work, issues))
    assert found.ready is (not found.reasons)
    return [(reason.code.value, reason.sentence) for reason in found.reasons]


async def freeze(desk: Desk, key: str, reason: str = "the launch is on Monday") -> None:
    await desk.run(gate.freeze, desk.names[key], reason)


async def test_a_policy_that_asks_for_nothing_is_ready(desk: Desk) -> None:
    await desk.declare()
    assert await reasons(desk) == []


async def test_an_open_incident_of_a_severity_that_counts_closes_it_until_it_is_resolved(desk: Desk) -> None:
    await desk.activate(asking({"severities": ["P0"]}))
    await desk.declare("Slow search", "P1", token="t1")
    incident = await desk.declare()
    assert await reasons(desk) == [("incident_open", "INC-2 [P0] is open: Checkout returns 500.")]
    await resolve(desk, incident)
    assert await reasons(desk) == []


async def resolve(desk: Desk, incident: Incident) -> None:
    await desk.acknowledge(incident, "ana")
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"), "rolled back")


async def test_a_private_incident_closes_it_without_its_title_or_number(desk: Desk) -> None:
    await desk.activate(asking({"severities": ["P0"]}))
    await desk.declare("Keys were stolen", declared_by=desk.id_of("ana"), private=True)
    assert await reasons(desk) == [("incident_open", "A private incident of P0 is open.")]


async def test_an_incident_whose_severity_was_renamed_counts_by_its_old_name(desk: Desk) -> None:
    await desk.activate(asking({"severities": ["P0"]}))
    await desk.declare()
    severities = policy_data()["severities"]
    severities[0] |= {"label": "SEV1", "aliases": ["P0", "critical"]}
    await desk.activate(asking({"severities": ["SEV1"]}, severities=severities, routes=[], chain=[]))
    assert [code for code, _ in await reasons(desk)] == ["incident_open"]


async def test_an_incident_whose_severity_exists_no_more_closes_it(desk: Desk) -> None:
    await desk.activate(asking({"severities": ["P0"]}))
    await desk.declare("Slow search", "P1")
    severities = policy_data()["severities"][:1]
    await desk.activate(asking({"severities": ["P0"]}, severities=severities, default_severity="P0"))
    assert await reasons(desk) == [("incident_open", "INC-1 [P1] is open: Slow search.")]


async def test_issues_that_are_unresolved_in_sentry_close_it_one_by_one(desk: Desk) -> None:
    await desk.activate(asking({"sentry": SENTRY}))
    issues = Issues((Issue("SHOP-1", "ValueError\nin checkout"), Issue("SHOP-2", "KeyError")))
    assert await reasons(desk, issues) == [
        ("sentry_unresolved", "SHOP-1 is unresolved in Sentry: ValueError in checkout."),
        ("sentry_unresolved", "SHOP-2 is unresolved in Sentry: KeyError."),
    ]
    assert await reasons(desk, Issues()) == []


async def test_more_issues_than_are_fetched_are_said_to_be_more(desk: Desk) -> None:
    await desk.activate(asking({"sentry": SENTRY}))
    told = await reasons(desk, Issues((Issue("SHOP-1", "ValueError"),), more=True))
    assert told[-1] == ("sentry_unresolved", "More than these 1 are unresolved in Sentry.")


async def test_what_sentry_does_not_say_closes_it(desk: Desk) -> None:
    await desk.activate(asking({"sentry": SENTRY}))
    expected = "Nobody knows what is unresolved in Sentry: it answered 500."
    assert await reasons(desk, Issues(trouble="it answered 500")) == [("sentry_unknown", expected)]
    assert [code for code, _ in await reasons(desk, None)] == ["sentry_unknown"]


async def keep(desk: Desk, state: CheckState, *, known: bool) -> None:
    now = desk.clock.now()

    async def write(work: UnitOfWork) -> None:
        await checks.keep_check(work.tx, Check("checkout", state, "Checkout fails", now, now), known=known)

    await desk.run(write)


async def test_a_check_closes_it_until_it_is_green_and_again_when_it_is_not_heard(desk: Desk) -> None:
    await desk.activate(asking({"checks": ["checkout"]}, checks=FLOWS))
    assert await reasons(desk) == [("check_unknown", "The check “Checkout” is unknown: its monitors were never heard.")]
    await keep(desk, CheckState.RED, known=False)
    assert [code for code, _ in await reasons(desk)] == ["check_red"]
    await keep(desk, CheckState.GREEN, known=True)
    assert await reasons(desk) == []
    desk.clock.advance(timedelta(minutes=10))
    ((code, sentence),) = await reasons(desk)
    assert code == "check_unknown"
    assert sentence.endswith("22:15 UTC: its monitors have not been heard for too long.")


async def test_a_heartbeat_closes_it_until_it_is_heard_and_again_when_it_falls_silent(desk: Desk) -> None:
    await desk.activate(asking({"heartbeats": True}, heartbeats=BEATS))
    assert await reasons(desk) == [("heartbeat_unknown", "The heartbeat backup was never heard.")]
    await desk.run(signals.beat, "backup")
    assert await reasons(desk) == []
    desk.clock.advance(timedelta(hours=1))
    ((code, sentence),) = await reasons(desk)
    assert (code, "23:05 UTC: No backup." in sentence) == ("heartbeat_silent", True)
    await desk.tick()
    assert [code for code, _ in await reasons(desk)] == ["heartbeat_silent"]
    await desk.run(signals.beat, "backup")
    assert await reasons(desk) == []


async def test_a_heartbeat_that_says_that_it_failed_closes_it(desk: Desk) -> None:
    await desk.activate(asking({"heartbeats": True}, heartbeats=BEATS))
    await desk.run(signals.beat, "backup", failed=True)
    assert [code for code, _ in await reasons(desk)] == ["heartbeat_silent"]


async def test_a_route_that_pages_closes_it_until_it_is_heard_and_again_when_that_is_too_long_ago(desk: Desk) -> None:
    await desk.activate(asking({"proven_within": "7d"}))
    ((code, sentence),) = await reasons(desk)
    assert (code, "Route 'critical' was never heard or tested, and has to be every 7d" in sentence) == ("route_unproven", True)
    await hear(desk, fired(severity="critical"))
    assert await reasons(desk) == []
    desk.clock.advance(timedelta(days=7, minutes=1))
    ((code, sentence),) = await reasons(desk)
    assert (code, "last heard or tested at 2026-11-20 14:05 PT" in sentence) == ("route_unproven", True)
    await hear(desk, fired(severity="critical"))
    assert await reasons(desk) == []


async def test_a_trial_proves_a_route_and_opens_nothing(desk: Desk) -> None:
    await desk.activate(asking({"proven_within": "7d", "severities": ["P0"]}))
    await hear(desk, fired(severity="critical"), test=True)
    assert await reasons(desk) == []


async def test_another_routes_alert_proves_nothing(desk: Desk) -> None:
    await desk.activate(asking({"proven_within": "7d"}))
    await hear(desk, fired(severity="warning"))
    assert [code for code, _ in await reasons(desk)] == ["route_unproven"]


async def test_only_routes_that_page_and_depend_on_a_monitor_are_to_be_proven(desk: Desk) -> None:
    routes = [
        {"name": "own", "match": {"source": "muster"}, "action": "declare", "severity": "P0"},
        {"name": "quiet", "match": {"team": "docs"}, "action": "declare", "severity": "P1"},
        {"name": "inbox", "match": {"severity": "info"}, "action": "inbox"},
        {"name": "any", "match": {"alertname": "*"}, "action": "declare"},
    ]
    await desk.activate(asking({"proven_within": "7d"}, routes=routes))
    told = await reasons(desk)
    assert [sentence.split("'")[1] for _, sentence in told] == ["any"]


async def test_nothing_is_kept_of_routes_where_the_policy_does_not_ask(desk: Desk) -> None:
    await hear(desk, fired(severity="critical"))
    await desk.activate(asking({"proven_within": "7d"}))
    assert [code for code, _ in await reasons(desk)] == ["route_unproven"]


async def test_a_freeze_closes_it_until_somebody_thaws_it_and_both_stand_in_the_audit(desk: Desk) -> None:
    await freeze(desk, "ana", "the launch is on Monday.")
    expected = "Ana froze it at 2026-11-20 14:05 PT / 22:05 UTC: the launch is on Monday."
    assert await reasons(desk) == [("frozen", expected)]
    await desk.run(gate.thaw, desk.names["ben"])
    assert await reasons(desk) == []
    listed = await desk.read(lambda work: timeline.list_audit(work.tx, 10))
    found = [(entry.kind, entry.actor_id, entry.text) for entry in listed if entry.kind in (EntryKind.GATE_FROZEN, EntryKind.GATE_THAWED)]
    assert found == [
        (EntryKind.GATE_THAWED, desk.id_of("ben"), None),
        (EntryKind.GATE_FROZEN, desk.id_of("ana"), "the launch is on Monday"),
    ]
    assert await desk.verifies()


async def test_a_second_freeze_is_told_who_froze_it_already(desk: Desk) -> None:
    await freeze(desk, "ana")
    with pytest.raises(AlreadyFrozen, match=r"^Ana froze it already, at .*22:05 UTC: the launch is on Monday\."):
        await freeze(desk, "ben", "me too")


async def test_of_two_freezes_at_once_one_holds_and_the_other_is_told_so(desk: Desk) -> None:
    outcomes = await asyncio.gather(freeze(desk, "ana"), freeze(desk, "ben"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [AlreadyFrozen]
    assert len(await reasons(desk)) == 1


async def test_it_can_be_frozen_again_after_it_was_thawed(desk: Desk) -> None:
    await freeze(desk, "ana")
    await desk.run(gate.thaw, desk.names["ana"])
    await freeze(desk, "ben", "the migration runs")
    assert "the migration runs" in (await reasons(desk))[0][1]


async def test_what_nobody_froze_cannot_be_thawed(desk: Desk) -> None:
    with pytest.raises(NotFrozen, match="nothing to thaw"):
        await desk.run(gate.thaw, desk.names["ana"])


async def test_a_freeze_needs_a_reason(desk: Desk) -> None:
    with pytest.raises(Malformed, match="Say why"):
        await freeze(desk, "ana", " \u200b. ")


async def test_a_viewer_may_neither_freeze_nor_thaw(desk: Desk) -> None:
    viewer = await desk.run(people.by_key, "vic")
    with pytest.raises(NotAllowed):
        await desk.run(gate.freeze, viewer, "because")
    await freeze(desk, "ana")
    with pytest.raises(NotAllowed):
        await desk.run(gate.thaw, viewer)
    assert len(await reasons(desk)) == 1
