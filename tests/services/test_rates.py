"""Counting alerts by the minute, on both databases, and telling of a spike once (G5, J13)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from bot.domain.alert import Alert, AlertStatus, Delivered, Reading
from bot.domain.own import OWN
from bot.domain.rates import FLOOR
from bot.domain.routing import Channel
from bot.services import alerts, rates
from bot.store.tables import episodes
from bot.store.tables import rates as table
from tests.services.desk import Desk
from tests.services.own_alerts import Told, rows, told

SENTRY = "sentry"


async def count(desk: Desk, times: int, fingerprint: str = "checkout", source: str = SENTRY) -> list[str]:
    """The fingerprints of the spikes that begin with so many alerts at this moment."""
    return [alert.fingerprint for alert in await desk.run(rates.count, [(source, fingerprint, desk.clock.now(), times)])]


async def known_for_long(desk: Desk, source: str = SENTRY) -> None:
    """Makes a source one that was heard two hours ago, and seldom."""
    await count(desk, 1, "an old one", source)
    desk.clock.advance(timedelta(hours=2))


async def test_counts_add_up_by_minute(desk: Desk) -> None:
    for _ in range(3):
        await count(desk, 2)
    desk.clock.advance(timedelta(seconds=60))
    await count(desk, 5)
    found = await desk.read(
        lambda work: work.tx.run(select(table.c.fingerprint, table.c.count).order_by(table.c.minute, table.c.fingerprint))
    )
    assert [tuple(row) for row in found] == [("", 6), ("checkout", 6), ("", 5), ("checkout", 5)]


async def test_an_alert_that_comes_often_of_a_sudden_is_a_spike_of_its_own_and_not_of_its_source(desk: Desk) -> None:
    await known_for_long(desk)
    assert await count(desk, FLOOR - 1) == []
    assert await count(desk, 1) == ["spike:sentry:checkout"]
    assert await count(desk, 500) == []


async def test_several_that_count_at_once_lose_nothing_and_begin_one_spike(desk: Desk) -> None:
    await known_for_long(desk)
    begun = await asyncio.gather(*(count(desk, 5) for _ in range(12)))
    assert [spike for spikes in begun for spike in spikes] == ["spike:sentry:checkout"]
    total = select(func.sum(table.c.count)).where(table.c.fingerprint == "checkout")
    assert (await desk.read(lambda work: work.tx.run(total))).scalar_one() == 60


async def test_many_different_alerts_are_a_spike_of_their_source(desk: Desk) -> None:
    await known_for_long(desk)
    seen = [(SENTRY, f"f{number}", desk.clock.now(), 1) for number in range(30)]
    (spike,) = await desk.run(rates.count, seen)
    assert (spike.fingerprint, spike.title) == ("spike:sentry", "Source sentry sends 30 alerts in a minute, usually none")


async def test_beyond_ten_single_spikes_the_source_tells_of_all(desk: Desk) -> None:
    await known_for_long(desk)
    said = [await count(desk, 100, f"f{number:02}") for number in range(30)]
    told_of = [fingerprint for begun in said for fingerprint in begun]
    assert len(told_of) == rates.AT_ONCE + 1
    assert told_of[-1] == "spike:sentry"
    watched = await desk.read(lambda work: work.tx.run(select(func.count()).select_from(episodes)))
    assert watched.scalar_one() == 31


async def test_a_source_that_was_met_a_moment_ago_does_not_spike(desk: Desk) -> None:
    assert await count(desk, 10_000) == []


async def test_a_source_that_was_silent_for_days_is_still_known(desk: Desk) -> None:
    await count(desk, 1)
    desk.clock.advance(timedelta(days=9))
    await desk.run(rates.forget_old)
    assert await count(desk, 100) == ["spike:sentry:checkout"]


async def test_old_counts_are_dropped_but_for_the_first_minute_of_each_source(desk: Desk) -> None:
    for _ in range(5):
        await count(desk, 1)
        desk.clock.advance(timedelta(hours=1))
    assert await desk.run(rates.forget_old) == 5
    left = await desk.read(lambda work: work.tx.run(select(func.count()).select_from(table)))
    assert left.scalar_one() == 5
    assert await desk.run(rates.forget_old) == 0


async def test_our_own_alerts_are_not_counted(desk: Desk) -> None:
    await known_for_long(desk, OWN)
    assert await count(desk, 1000, source=OWN) == []
    found = await desk.read(lambda work: work.tx.run(select(func.count()).select_from(table)))
    assert found.scalar_one() == 0


def delivery(desk: Desk, times: int, fingerprint: str = "checkout") -> Delivered:
    """So many alerts of one fingerprint, as Sentry would send them."""
    alert = Alert(SENTRY, fingerprint, AlertStatus.FIRING, "Checkout returns 500", None, labels={"service": "checkout"})
    return Delivered("r", SENTRY, Channel.ERRORS, desk.clock.now(), Reading((alert,) * times))


async def test_a_spike_is_said_once_in_words_and_ends_when_the_rate_is_back(desk: Desk) -> None:
    for _ in range(61):
        await desk.run(alerts.ingest, [delivery(desk, 2)])
        await desk.travel(minutes=1)
    for _ in range(8):
        await desk.run(alerts.ingest, [delivery(desk, 45)])
        await desk.travel(minutes=1)
    assert await told(desk) == [Told("spike:sentry:checkout", 61, None)]
    (spike,) = await rows(desk)
    assert spike.title == "“Checkout returns 500” comes 45 times in a minute, usually 2"
    assert spike.labels == {"signal": "spike", "of": "sentry", "fingerprint": "checkout", "service": "checkout"}
    assert "from 20 on it is a spike" in spike.annotations["description"]
    for _ in range(7):
        await desk.run(alerts.ingest, [delivery(desk, 2)])
        await desk.travel(minutes=1)
    assert await told(desk) == [Told("spike:sentry:checkout", 61, 74)]


async def test_a_spike_that_ends_in_silence_is_over_as_well(desk: Desk) -> None:
    await known_for_long(desk)
    await desk.run(alerts.ingest, [delivery(desk, 60)])
    await desk.travel(minutes=10)
    (spike,) = await told(desk)
    assert spike.ended == spike.began + 6


async def test_the_next_spike_is_another_one(desk: Desk) -> None:
    await known_for_long(desk)
    for _ in range(2):
        await desk.run(alerts.ingest, [delivery(desk, 60)])
        await desk.travel(hours=3)
    assert [one.ended is not None for one in await told(desk)] == [True, True]


async def test_the_first_hearing_of_an_alert_is_counted_with_its_second(desk: Desk) -> None:
    its_own = select(table.c.minute, table.c.count).where(table.c.fingerprint == "checkout").order_by(table.c.minute)
    await desk.run(alerts.ingest, [delivery(desk, 1)])
    assert list(await desk.read(lambda work: work.tx.run(its_own))) == []
    desk.clock.advance(timedelta(minutes=5))
    for _ in range(3):
        await desk.run(alerts.ingest, [delivery(desk, 1)])
    found = [tuple(row) for row in await desk.read(lambda work: work.tx.run(its_own))]
    assert [times for _, times in found] == [1, 3]
    assert found[1][0] - found[0][0] == timedelta(minutes=5)
