"""What becomes of one alert: declared by its route, said again, recovered, silenced, kept in the inbox (C2, S3)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.alert import AlertStatus, Disposition
from bot.domain.routing import Channel
from bot.domain.silences import parse_wish
from bot.domain.timeline import EntryKind
from bot.services import alerts, people, silences
from bot.store import timeline
from tests.house import NOON
from tests.services.deliveries import (
    ERRORS,
    UPTIME,
    all_incidents,
    delivered,
    ended,
    fired,
    hear,
    hear_one,
    incident,
    minutes,
    note,
    resolve,
    rows,
    under,
)
from tests.services.desk import Desk


async def facts_of(desk: Desk, reference: str, kind: EntryKind) -> list[Any]:
    found = await incident(desk, reference)
    entries = await desk.read(lambda work: timeline.list_entries(work.tx, found.id))
    return [entry.facts for entry in entries if entry.kind is kind]


async def test_an_alert_declares_with_its_route_as_the_reason_and_is_kept(desk: Desk) -> None:
    outcome = await hear_one(desk, fired(alertname="A"))
    assert outcome.disposition is Disposition.DECLARED and outcome.incident == "INC-1"
    assert outcome.reason == "route 'critical' declares"
    (row,) = await rows(desk)
    assert (row.reason, row.channel, row.count, row.starts_at) == (outcome.reason, "metrics", 1, NOON)
    assert await facts_of(desk, "INC-1", EntryKind.ALERT_JOINED) == [
        {"fingerprint": "f1", "source": "prometheus", "reason": "route 'critical' declares"}
    ]
    assert await desk.rung(await incident(desk)) == [(0, "tim")]


async def test_an_alert_that_is_said_again_is_counted_and_rings_nobody_twice(desk: Desk) -> None:
    await hear_one(desk, fired())
    again = await hear(desk, fired(), fired())
    assert [outcome.reason for outcome in again] == ["said again, 2 times now", "said again, 3 times now"]
    (row,) = await rows(desk)
    assert row.count == 3
    assert await desk.rung(await incident(desk)) == [(0, "tim")]
    assert [text for text in await desk.said(await incident(desk)) if "another alert" in text] == []


async def test_what_a_monitor_knows_more_when_it_says_it_again_is_kept_with_the_incidents_alert(desk: Desk) -> None:
    await hear_one(desk, fired()._replace(annotations={"users": "3", "route": "/pay"}))
    await hear_one(desk, fired()._replace(annotations={"users": "41"}))
    (row,) = await rows(desk)
    assert (row.annotations, row.count) == ({"users": "41", "route": "/pay"}, 2)


async def test_complaint_18_a_pair_of_alertmanagers_that_names_two_starts_says_one_alert_twice(desk: Desk) -> None:
    await hear_one(desk, fired())
    again = await hear_one(desk, fired(starts_at=NOON + minutes(0.2)))
    assert (again.incident, again.disposition, len(await rows(desk))) == ("INC-1", Disposition.JOINED, 1)


async def test_one_batch_knows_what_happened_earlier_in_it(desk: Desk) -> None:
    batch = [delivered(desk, fired(), fired("f2")), delivered(desk, ended()), delivered(desk, fired("f2"))]
    outcomes = await desk.run(alerts.ingest, batch)
    assert [[outcome.incident for outcome in each] for each in outcomes] == [["INC-1", "INC-2"], ["INC-1"], ["INC-2"]]
    first, second = await rows(desk)
    assert (first.status, second.count) == (AlertStatus.RESOLVED, 2)


async def test_a_recovery_is_said_once_and_leaves_the_incident_to_people(desk: Desk) -> None:
    await hear_one(desk, fired())
    assert "until a person resolves it" in (await hear_one(desk, ended())).reason
    assert (await hear_one(desk, ended())).reason == "its recovery is known already"
    assert (await incident(desk)).open
    assert len([text for text in await desk.said(await incident(desk)) if "alert recovered" in text]) == 1


async def test_a_firing_that_comes_after_its_recovery_does_nothing(desk: Desk) -> None:
    assert "late firing does nothing" in (await hear_one(desk, ended())).reason
    assert (await hear_one(desk, fired())).disposition is Disposition.IGNORED
    assert await all_incidents(desk) == []


async def test_the_recovery_of_an_earlier_trouble_does_not_end_the_one_that_is_firing(desk: Desk) -> None:
    await hear_one(desk, fired(starts_at=NOON))
    late = await hear_one(desk, ended(starts_at=NOON - minutes(9), ends_at=NOON - minutes(5)))
    assert late.disposition is Disposition.IGNORED
    assert [row.status for row in await rows(desk)] == [AlertStatus.FIRING]


async def test_a_monitor_without_starts_has_one_occurrence_at_a_time(desk: Desk) -> None:
    await hear_one(desk, fired(starts_at=None))
    desk.clock.advance(minutes(3))
    assert (await hear_one(desk, fired(starts_at=None))).reason == "said again, 2 times now"
    await hear_one(desk, ended(starts_at=None))
    desk.clock.advance(minutes(3))
    again = await hear_one(desk, fired(starts_at=None))
    assert (again.incident, len(await rows(desk))) == ("INC-1", 2)
    assert EntryKind.ALERT_FIRED_AGAIN in await desk.entries(await incident(desk))


async def test_what_never_recovers_and_is_said_long_after_the_resolution_calls_people_out_again(desk: Desk) -> None:
    await hear_one(desk, fired(starts_at=None))
    await resolve(desk)
    await desk.travel(days=7)
    again = await hear_one(desk, fired(starts_at=None))
    assert (again.disposition, again.incident) == (Disposition.DECLARED, "INC-2")
    assert [row.status for row in await rows(desk)] == [AlertStatus.RESOLVED, AlertStatus.FIRING]


async def test_what_goes_on_after_a_person_resolved_it_stays_resolved(desk: Desk) -> None:
    await hear_one(desk, fired())
    await resolve(desk)
    assert "was resolved although it goes on" in (await hear_one(desk, fired())).reason
    assert not (await incident(desk)).open


async def test_what_no_route_wants_waits_in_the_inbox_and_what_a_route_drops_is_kept_as_dropped(desk: Desk) -> None:
    drop = {"name": "noise", "match": {"title": "*Heartbeat*"}, "action": "drop"}
    await under(desk, routes=[drop, {"name": "low", "match": {"severity": "info"}, "action": "inbox"}])
    outcomes = await hear(desk, fired("a", title="heartbeat of the test"), fired("b", severity="info"), fired("c"))
    assert [outcome.disposition.value for outcome in outcomes] == ["dropped", "inbox", "inbox"]
    assert [outcome.reason for outcome in outcomes] == ["route 'noise' drops it", "route 'low' leaves it in the inbox", "no route wants it"]
    assert sorted(row.disposition.value for row in await rows(desk)) == ["dropped", "inbox", "inbox"]


async def test_an_unreadable_alert_waits_in_the_inbox_and_the_good_ones_beside_it_go_in(desk: Desk) -> None:
    odd = fired("odd", starts_at=None)._replace(unreadable="alerts[1].status: expected one of firing, resolved.")
    good, bad = await hear(desk, fired(), odd)
    assert (good.incident, bad.disposition, bad.reason) == ("INC-1", Disposition.INBOX, odd.unreadable)


async def test_remarks_are_ignored_visibly_and_notes_go_into_the_timeline_of_the_alert(desk: Desk) -> None:
    outcomes = await hear(desk, fired(), ignored=("A ping, and no alert.",))
    assert (outcomes[1].disposition, outcomes[1].reason, outcomes[1].incident) == (Disposition.IGNORED, "A ping, and no alert.", None)
    assert (await note(desk, "f1", "Acknowledged in PagerDuty by Ana")).reason == "noted on INC-1"
    assert (await note(desk, "f9", "Acknowledged in PagerDuty by Ana")).disposition is Disposition.IGNORED
    assert (await desk.entries(await incident(desk))).count(EntryKind.NOTE) == 1


async def test_a_test_is_told_what_would_happen_and_leaves_nothing_behind(desk: Desk) -> None:
    outcomes = await hear(desk, fired(), fired("b", severity="info"), ended("c"), test=True)
    assert [outcome.disposition for outcome in outcomes] == [Disposition.IGNORED] * 3
    assert [outcome.reason for outcome in outcomes] == [
        "a test: route 'critical' declares, as a P0",
        "a test: no route wants it",
        "a test: a recovery, which would be written down with the alert that it ends",
    ]
    assert (await rows(desk), await all_incidents(desk)) == ([], [])


async def test_a_worse_alert_that_joins_raises_the_incident_and_rings(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired(severity="warning", service="checkout"))
    assert (await incident(desk)).severity == "P1"
    await hear_one(desk, fired("b", severity="critical", service="checkout"))
    found = await incident(desk)
    assert (found.severity, found.provisional, found.severity_reason) == ("P0", False, "an alert of P0 joined")
    assert await desk.rung(found) == [(0, "tim")]


async def test_s3_a_critical_systems_alert_is_of_the_worst_severity_whatever_it_says_and_filed_under_it(desk: Desk) -> None:
    payments = {"title": "Payments", "critical": True, "match": [{"service": "pay*"}, {"text": "*gateway callback*"}], "owner": "ben"}
    health = {"title": "System health", "match": {"alertname": "WorkerErrors"}, "severity": "P1"}
    routes = [{"name": "quiet", "match": {"severity": "info"}, "action": "inbox"}, {"name": "all", "action": "declare", "severity": "P1"}]
    await under(desk, systems={"payments": payments, "health": health}, routes=routes)
    told = await hear_one(desk, fired(severity="info", title="Gateway callback latency"))
    assert told.reason.endswith("Payments is a critical system, so it is P0 whatever the alert says")
    found = await incident(desk)
    assert (found.severity, found.system, found.owner_id) == ("P0", "payments", desk.id_of("ben"))
    assert await desk.rung(found) == [(0, "tim")]
    await hear_one(desk, fired("w", alertname="WorkerErrors"))
    other = await incident(desk, "INC-2")
    assert (other.severity, other.system) == ("P1", "health")
    assert [row.system for row in await rows(desk)] == ["payments", "health"]


async def test_a_route_names_service_and_severity_and_counts_in_its_hours_only(desk: Desk) -> None:
    office = {"zone": "America/Los_Angeles", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}
    day = {"name": "day", "match": {"source": "anything"}, "during": office, "action": "declare", "severity": "P1", "service": "mail"}
    await under(desk, routes=[day, {"name": "night", "action": "inbox"}])
    await hear_one(desk, fired(source="anything"))
    assert ((await incident(desk)).severity, (await incident(desk)).service) == ("P1", "mail")
    desk.clock.advance(minutes(4 * 60))
    assert (await hear_one(desk, fired("b", source="anything"))).reason == "route 'night' leaves it in the inbox"


async def test_a_silenced_alert_is_kept_and_placed_when_it_is_said_after_the_silence(desk: Desk) -> None:
    wish = parse_wish("1h alertname=A the gateway is exchanged")
    await desk.run(lambda work: _silence(work, wish))
    held = await hear_one(desk, fired(alertname="A"))
    assert (held.disposition, held.incident) == (Disposition.SILENCED, None)
    assert "the gateway is exchanged" in held.reason
    await desk.travel(minutes=61)
    assert (await hear_one(desk, fired(alertname="A"))).incident == "INC-1"
    (row,) = await rows(desk)
    assert (row.disposition, row.count) == (Disposition.DECLARED, 2)


@pytest.mark.parametrize(("channel", "placed"), [(UPTIME, 1), (ERRORS, 0)], ids=["uptime", "errors"])
async def test_what_is_down_when_its_silence_ends_is_placed_by_time_alone_where_its_monitor_speaks_once(
    desk: Desk, channel: Channel, placed: int
) -> None:
    await desk.run(lambda work: _silence(work, parse_wish("1h alertname=A the database is moved")))
    await hear(desk, fired(alertname="A"), channel=channel)
    assert await desk.run(alerts.release) == 0, "the silence still holds"
    await desk.travel(minutes=60)
    assert await desk.run(alerts.release) == placed
    assert len(await all_incidents(desk)) == placed


async def _silence(work: Any, wish: Any) -> None:
    await silences.add(work, await people.by_key(work, "ana"), wish)
