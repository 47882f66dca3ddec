"""Alerts become incidents: one a problem, however often, by whomever and in whatever order it is said (C2, J3, complaints 18 and 20)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.alert import Alert, AlertStatus, Disposition
from bot.domain.incidents import Incident
from bot.domain.outbox import Kind
from bot.domain.routing import Channel
from bot.domain.silences import parse_wish
from bot.domain.situation import AlertCounts
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.messages import postmortem
from bot.messages.evidence import Evidence
from bot.services import alerts, people, resolutions, silences, situations
from bot.store import incidents as incident_rows
from bot.store import timeline
from tests.house import NOON
from tests.policies import make_policy
from tests.services.deliveries import ERRORS, UPTIME, alerts_of, delivered, ended, fired, hear, hear_one, minutes, note, rows
from tests.services.desk import Desk, open_desk

DECLARE_ALL = [{"name": "all", "match": {"severity": "*"}, "action": "declare"}]


async def incident(desk: Desk, reference: str = "INC-1") -> Incident:
    return await desk.read(lambda work: situations.by_reference(work, reference))


async def all_incidents(desk: Desk) -> list[Incident]:
    return await desk.read(lambda work: incident_rows.list_recent(work.tx, 1000))


async def resolve(desk: Desk, reference: str = "INC-1") -> None:
    await desk.run(resolutions.resolve, (await incident(desk, reference)).id, desk.id_of("ana"))


async def under(desk: Desk, **changes: Any) -> Desk:
    """The desk under a policy whose routes declare everything, by its own severity, unless ``changes`` say otherwise."""
    await desk.activate(make_policy(**{"routes": DECLARE_ALL} | changes))
    return desk


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
    await hear_one(desk, replace(fired(), annotations={"users": "3", "route": "/pay"}))
    await hear_one(desk, replace(fired(), annotations={"users": "41"}))
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
    odd = replace(fired("odd", starts_at=None), unreadable="alerts[1].status: expected one of firing, resolved.")
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


async def test_alerts_of_one_service_join_within_the_window_whatever_monitor_sends_them(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired(service="checkout"))
    desk.clock.advance(minutes(29))
    met = await hear_one(desk, fired("e", source="anything", service="Checkout"))
    assert (met.incident, met.disposition) == ("INC-1", Disposition.JOINED)
    assert met.reason == "route 'all' declares; INC-1 is open about the same service=checkout, heard within 30 min"
    assert (await hear_one(desk, fired("g", service="search"))).incident == "INC-2"
    desk.clock.advance(minutes(31))
    assert (await hear_one(desk, fired("h", service="checkout"))).incident == "INC-3", "the window is over"


async def test_another_environment_is_another_trouble(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired(service="checkout", environment="production"))
    assert (await hear_one(desk, fired("b", service="checkout", environment="staging"))).incident == "INC-2"
    assert (await hear_one(desk, fired("c", service="checkout"))).incident == "INC-1"


async def test_shared_labels_of_the_policy_bring_alerts_together(desk: Desk) -> None:
    await under(desk, correlation={"by": ["service", ["cluster", "namespace"]]})
    await hear_one(desk, fired(cluster="eu", namespace="pay"))
    assert (await hear_one(desk, fired("b", cluster="eu", namespace="pay"))).incident == "INC-1"
    assert (await hear_one(desk, fired("c", cluster="eu", namespace="mail"))).incident == "INC-2"


async def test_a_route_that_only_attaches_waits_until_there_is_something_to_attach_to(desk: Desk) -> None:
    routes = [{"name": "low", "match": {"severity": "warning"}, "action": "attach"}, *DECLARE_ALL]
    await under(desk, routes=routes)
    low = fired("w", severity="warning", service="checkout")
    assert (await hear_one(desk, low)).disposition is Disposition.INBOX
    await hear_one(desk, fired(service="checkout"))
    again = await hear_one(desk, low)
    assert (again.disposition, again.incident) == (Disposition.JOINED, "INC-1")
    assert {row.count for row in await alerts_of(desk, (await incident(desk)).id)} == {1, 2}


async def test_what_was_resolved_and_comes_back_reopens_with_its_reason_and_rings(desk: Desk) -> None:
    await hear_one(desk, fired())
    await hear_one(desk, ended())
    await resolve(desk)
    desk.clock.advance(minutes(12))
    back = await hear_one(desk, fired(starts_at=NOON + minutes(11)))
    assert (back.incident, back.disposition) == ("INC-1", Disposition.JOINED)
    assert "INC-1 was resolved 12 min before and is open again" in back.reason
    found = await incident(desk)
    assert (found.open, found.acknowledged_at) == (True, None)
    assert [entry for entry in await desk.entries(found) if entry is EntryKind.REOPENED] == [EntryKind.REOPENED]
    assert any("Muster reopened INC-1" in text and "came back 12 min after" in text for text in await desk.said(found))
    assert (12, "tim") in await desk.rung(found)


async def test_what_comes_back_later_than_the_window_is_a_new_incident(desk: Desk) -> None:
    await hear_one(desk, fired())
    await hear_one(desk, ended())
    await resolve(desk)
    await desk.travel(minutes=31)
    assert (await hear_one(desk, fired(starts_at=NOON + minutes(30)))).incident == "INC-2"


async def flap(desk: Desk, times: int) -> None:
    for _ in range(times):
        desk.clock.advance(minutes(1))
        await hear_one(desk, fired(starts_at=None))
        desk.clock.advance(minutes(1))
        await hear_one(desk, ended(starts_at=None))


async def test_an_alert_that_flaps_joins_quietly_and_opens_nothing(desk: Desk) -> None:
    await flap(desk, 2)
    quiet = len(await desk.said(await incident(desk)))
    await flap(desk, 2)
    assert len(await desk.said(await incident(desk))) == quiet
    assert len(await alerts_of(desk, (await incident(desk)).id)) == 4
    await resolve(desk)
    held = await hear_one(desk, fired(starts_at=None))
    assert (held.disposition, held.incident) == (Disposition.INBOX, None)
    assert held.reason.startswith("it flaps: it changed ")
    assert (await incident(desk)).status is Status.RESOLVED


async def test_what_was_held_back_and_keeps_firing_is_placed_by_time_alone(desk: Desk) -> None:
    await flap(desk, 2)
    await resolve(desk)
    await hear_one(desk, fired(starts_at=None))
    assert await desk.run(alerts.release) == 0
    desk.clock.advance(minutes(15))
    assert await desk.run(alerts.release) == 1
    assert (await incident(desk)).open, "its trouble came back within the window"
    assert await desk.run(alerts.release) == 0


async def test_what_was_held_back_and_is_said_again_once_it_is_steady_is_placed(desk: Desk) -> None:
    await flap(desk, 2)
    await resolve(desk)
    await hear_one(desk, fired(starts_at=None))
    desk.clock.advance(minutes(16))
    assert (await hear_one(desk, fired(starts_at=None))).incident == "INC-1"


async def test_too_many_incidents_are_folded_into_one_and_nothing_is_dropped(desk: Desk) -> None:
    await under(desk, correlation={"at_most": {"incidents": 3, "within": "10m"}})
    outcomes = await hear(desk, *(fired(f"f{number}", severity="warning") for number in range(9)))
    assert [outcome.incident for outcome in outcomes] == ["INC-1", "INC-2", "INC-3", *["INC-4"] * 6]
    assert "so that it is folded into INC-4" in outcomes[-1].reason
    storm = await incident(desk, "INC-4")
    assert storm.title == "Alert storm: more than 3 incidents of P1 within 10 min"
    assert len(await alerts_of(desk, storm.id)) == 6
    worse = await hear_one(desk, fired("p0"))
    assert (worse.incident, worse.disposition) == ("INC-5", Disposition.DECLARED), "a worse one is not lost among them"
    await desk.travel(minutes=11)
    assert (await hear_one(desk, fired("late", severity="warning"))).incident == "INC-6"


async def test_a_flood_into_one_incident_is_told_in_a_few_lines(desk: Desk) -> None:
    await under(desk)
    for batch in range(10):
        await hear(desk, *(fired(f"{batch}-{number}", service="checkout") for number in range(100)))
    found = await incident(desk)
    assert len(await alerts_of(desk, found.id)) == 1000
    situation = await desk.read(lambda work: situations.read(work, found))
    assert (len(situation.alerts), situation.counts) == (200, AlertCounts(1000, 0, 1000)), "nobody reads a thousand"
    assert "\n\n800 more came between the first and the latest of them." in postmortem.markdown(Evidence(situation, (), ()))
    states = await desk.states(Kind.POST)
    assert states["pending"] <= 8
    assert any("1000 alerts have joined by now" in text for text in await desk.said(found))
    assert (await desk.entries(found)).count(EntryKind.ALERT_JOINED) == 5 + 10
    assert await desk.verifies()
    desk.clock.advance(minutes(11))
    await hear_one(desk, fired("calm", service="checkout"))
    assert "another alert joined: Trouble calm" in (await desk.said(found))[-1], "afterwards each is said again"


async def test_a_batch_costs_few_statements_however_many_alerts_it_brings(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired("first", service="checkout"))
    counted = []
    for size in (50, 500):
        with counting(desk) as seen:
            await hear(desk, *(fired(f"{size}-{number}", service="checkout") for number in range(size)))
        counted.append(len(seen))
    assert counted[1] <= counted[0] + 5 <= 120


async def test_recoveries_of_a_flood_are_told_in_a_few_lines_and_the_last_one_always(desk: Desk) -> None:
    await under(desk)
    await hear(desk, *(fired(f"f{number}", service="checkout") for number in range(40)))
    await hear(desk, *(ended(f"f{number}") for number in range(39)))
    await hear_one(desk, ended("f39"))
    said = [text for text in await desk.said(await incident(desk)) if "recovered" in text]
    assert len(said) <= 7
    assert "40 alerts recovered by now, none is firing any more" in said[-1]


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


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_monitors_say_in_whatever_order_every_alert_is_kept_or_ignored_for_a_reason(desk: Desk, seed: int) -> None:
    await under(desk, correlation={"at_most": {"incidents": 3, "within": "10m"}, "flapping": {"changes": 4, "within": "5m"}})
    dice, said = random.Random(seed), 0
    for _ in range(40):
        desk.clock.advance(minutes(dice.choice([0, 0.1, 1, 20])))
        batch = [
            delivered(desk, *(_thrown(desk, dice) for _ in range(dice.randint(0, 4))), channel=dice.choice(list(Channel))) for _ in range(2)
        ]
        outcomes = [outcome for each in await desk.run(alerts.ingest, batch) for outcome in each]
        read = [alert for one in batch for alert in one.reading.alerts]
        assert [outcome.fingerprint for outcome in outcomes] == [alert.fingerprint for alert in read]
        assert all(outcome.reason for outcome in outcomes)
        firing = [alert.status is AlertStatus.FIRING for alert in read]
        said += sum(fires and one.disposition is not Disposition.IGNORED for fires, one in zip(firing, outcomes, strict=True))
        if dice.random() < 0.2 and (open_ones := [one for one in await all_incidents(desk) if one.open]):
            await desk.run(resolutions.resolve, dice.choice(open_ones).id, desk.id_of("ana"))
    assert sum(row.count for row in await rows(desk)) == said
    keys = [one.correlation_key for one in await all_incidents(desk) if one.open]
    assert len(keys) == len(set(keys))
    assert await desk.verifies()


def _thrown(desk: Desk, dice: random.Random) -> Alert:
    """An alert of a few that are about a few services, firing or over, with a start or without."""
    fingerprint, now = f"f{dice.randint(0, 6)}", desk.clock.now()
    starts_at = dice.choice([None, NOON, now, now - minutes(dice.randint(0, 30))])
    if dice.random() < 0.4:
        return ended(fingerprint, starts_at, dice.choice([None, now]))
    return fired(fingerprint, starts_at, severity=dice.choice(["critical", "warning"]), service=dice.choice(["a", "b", ""]))


async def _silence(work: Any, wish: Any) -> None:
    await silences.add(work, await people.by_key(work, "ana"), wish)


@pytest.mark.parametrize("starts_at", [NOON, None], ids=["named", "unnamed"])
async def test_complaint_20_two_replicas_that_hear_one_alert_at_once_open_one_incident(postgres_url: str, starts_at: Any) -> None:
    async with two_desks(postgres_url) as (left, right):
        for _ in range(5):
            both = await asyncio.gather(hear_one(left, fired(starts_at=starts_at)), hear_one(right, fired(starts_at=starts_at)))
            assert {outcome.incident for outcome in both} == {"INC-1"}
        (row,) = await rows(left)
        assert row.count == 10


async def test_two_replicas_that_hear_of_one_service_at_once_open_one_incident(postgres_url: str) -> None:
    async with two_desks(postgres_url) as (left, right):
        for number in range(6):
            service = f"s{number}"
            await asyncio.gather(
                *(hear_one(desk, fired(f"{number}-{at}", service=service)) for at, desk in enumerate((left, right, left, right)))
            )
        assert len(await all_incidents(left)) == 6


@asynccontextmanager
async def two_desks(url: str) -> AsyncIterator[tuple[Desk, Desk]]:
    policy = make_policy(routes=DECLARE_ALL)
    async with open_desk(url, policy) as left, open_desk(url, policy) as right:
        yield left, right


class counting:
    """The statements that a desk's database runs within the block."""

    def __init__(self, desk: Desk) -> None:
        self.engine = desk.services.database._writer.sync_engine
        self.seen: list[str] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.seen.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)
