"""What goes silent becomes an alert of our own, what comes back resolves it; nobody but time looks after it (W5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.alert import Disposition
from bot.domain.heartbeats import HeartbeatState
from bot.errors import NotFound
from bot.services import heartbeats, signals
from bot.store import heartbeats as rows
from tests.policies import make_policy, policy_data
from tests.services.desk import Desk
from tests.services.own_alerts import Told, told
from tests.services.own_alerts import rows as own_rows

NIGHTLY = {"every": "1h", "grace": "10m", "severity": "P1", "service": "backups", "unsigned": True}


async def watching(desk: Desk, **rules: object) -> None:
    """Puts a policy in force with those heartbeats."""
    await desk.activate(make_policy(heartbeats={name: {**NIGHTLY, **rule} for name, rule in rules.items() if isinstance(rule, dict)}))


async def states(desk: Desk) -> dict[str, HeartbeatState]:
    found = await desk.read(lambda work: rows.list_heartbeats(work.tx))
    return {heartbeat.name: heartbeat.state for heartbeat in found}


@pytest.fixture
async def nightly(desk: Desk) -> Desk:
    await watching(desk, nightly={})
    return desk


async def test_one_that_never_came_is_missed_counted_from_the_policy(nightly: Desk) -> None:
    await nightly.travel(minutes=69)
    assert await told(nightly) == []
    await nightly.travel(minutes=1)
    assert await told(nightly) == [Told("heartbeat:nightly", 70, None)]


async def test_its_alert_says_what_was_promised_and_waits_in_the_inbox(nightly: Desk) -> None:
    await nightly.run(signals.beat, "nightly")
    await nightly.travel(hours=2)
    (alert,) = await own_rows(nightly)
    assert alert.title == "No heartbeat from nightly"
    assert alert.labels == {"signal": "heartbeat", "heartbeat": "nightly", "severity": "P1", "service": "backups"}
    words = "nightly says every 1 h that it is alive (and is given 10 min more); it was last heard at 2026-11-20 22:05:00 UTC."
    assert alert.annotations["description"] == words
    assert alert.disposition is Disposition.INBOX


async def test_one_that_comes_in_time_is_never_missed(nightly: Desk) -> None:
    for _ in range(5):
        await nightly.run(signals.beat, "nightly")
        await nightly.travel(minutes=69)
    assert await told(nightly) == []
    assert await states(nightly) == {"nightly": HeartbeatState.ALIVE}


async def test_what_comes_back_resolves_and_the_next_silence_is_another_alert(nightly: Desk) -> None:
    await nightly.travel(minutes=90)
    await nightly.run(signals.beat, "nightly")
    await nightly.travel(minutes=100)
    first, second = Told("heartbeat:nightly", 70, 90), Told("heartbeat:nightly", 160, None)
    assert await told(nightly) == [first, second]


async def test_a_silence_is_said_once_however_long_it_lasts(nightly: Desk) -> None:
    await nightly.travel(days=3)
    assert len(await told(nightly)) == 1
    assert (await own_rows(nightly))[0].count == 1


async def test_one_that_says_that_it_failed_is_an_alert_at_once_and_a_good_one_ends_it(nightly: Desk) -> None:
    await nightly.travel(minutes=5)
    await nightly.run(signals.beat, "nightly", failed=True)
    await nightly.run(signals.beat, "nightly", failed=True)
    assert await told(nightly) == [Told("heartbeat:nightly", 5, None)]
    await nightly.travel(minutes=5)
    await nightly.run(signals.beat, "nightly")
    assert await told(nightly) == [Told("heartbeat:nightly", 5, 10)]
    (row, *_) = await own_rows(nightly)
    assert (row.title, row.annotations["description"]) == ("nightly failed", "nightly says itself that it failed.")


async def test_what_was_due_while_nobody_looked_is_missed_from_when_it_was_due(nightly: Desk) -> None:
    nightly.clock.advance(timedelta(hours=9))
    await nightly.tick()
    assert await told(nightly) == [Told("heartbeat:nightly", 70, None)]


async def test_one_that_the_policy_drops_is_watched_no_more_and_its_alert_ends(nightly: Desk) -> None:
    await nightly.travel(minutes=80)
    await watching(nightly)
    assert await told(nightly) == [Told("heartbeat:nightly", 70, 80)]
    await nightly.travel(days=1)
    assert len(await told(nightly)) == 1
    with pytest.raises(NotFound, match="no heartbeat 'nightly'"):
        await nightly.run(signals.beat, "nightly")


async def test_another_span_counts_from_the_last_one_heard(nightly: Desk) -> None:
    await nightly.travel(minutes=30)
    await nightly.run(signals.beat, "nightly")
    await watching(nightly, nightly={"every": "5m", "grace": "0s"})
    await nightly.travel(minutes=5)
    assert await told(nightly) == [Told("heartbeat:nightly", 35, None)]


async def test_a_restart_does_not_grant_more_time(nightly: Desk) -> None:
    await nightly.travel(minutes=60)
    await watching(nightly, nightly={})
    await nightly.travel(minutes=10)
    assert await told(nightly) == [Told("heartbeat:nightly", 70, None)]


async def test_one_that_only_a_newer_policy_names_is_left_to_who_knows_it(nightly: Desk) -> None:
    nightly.services.policy = make_policy()
    nightly.clock.advance(timedelta(minutes=70))
    await nightly.tick()
    assert await told(nightly) == []
    nightly.services.policy = make_policy(heartbeats={"nightly": NIGHTLY})
    await nightly.travel(minutes=1)
    assert [one.fingerprint for one in await told(nightly)] == ["heartbeat:nightly"]


async def test_two_that_notice_at_once_say_it_once(nightly: Desk) -> None:
    nightly.clock.advance(timedelta(minutes=70))
    fired = await asyncio.gather(*(nightly.run(signals.fire_next) for _ in range(4)))
    assert len([one for one in fired if one is not None]) == 1
    assert len(await told(nightly)) == 1


async def test_many_are_each_missed_in_their_turn(desk: Desk) -> None:
    await watching(desk, **{f"job-{number}": {"every": f"{number}m", "grace": "0s"} for number in (3, 1, 2)})
    await desk.travel(minutes=3)
    assert [(one.fingerprint, one.began) for one in await told(desk)] == [
        ("heartbeat:job-1", 1),
        ("heartbeat:job-2", 2),
        ("heartbeat:job-3", 3),
    ]


async def test_a_route_makes_an_incident_of_it(desk: Desk) -> None:
    route = {"name": "silent", "match": {"source": "muster", "signal": "heartbeat"}, "action": "declare"}
    await desk.activate(make_policy(heartbeats={"nightly": NIGHTLY}, routes=[route, *policy_data()["routes"]]))
    await desk.travel(minutes=70)
    (alert,) = await own_rows(desk)
    assert alert.disposition is Disposition.DECLARED


async def test_hearing_gives_back_what_is_to_be_taken_in_and_mostly_nothing(nightly: Desk) -> None:
    assert await nightly.run(heartbeats.beat, "nightly") == []
    await nightly.travel(minutes=70)
    (recovery,) = await nightly.run(heartbeats.beat, "nightly")
    assert (recovery.fingerprint, recovery.ends_at) == ("heartbeat:nightly", nightly.clock.now())
