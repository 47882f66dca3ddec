"""A backup that does not run calls somebody, and its next run tells that it is back; nobody had to look (W5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.app import Muster
from tests.house import CONTROL, NOON, House, alert, open_house
from tests.policies import TIM, make_policy, policy_data

HEARTBEATS = {
    "nightly-backup": {"every": "1h", "grace": "10m", "severity": "P0", "title": "The nightly backup did not run", "unsigned": True},
    "watchdog": {"every": "4m", "grace": "1m", "severity": "P0", "title": "Alertmanager is silent"},
}
ROUTES = [
    {"name": "watchdog", "match": {"alertname": "Watchdog"}, "action": "heartbeat", "heartbeat": "watchdog"},
    {"name": "silent", "match": {"source": "muster", "heartbeat": "nightly-backup"}, "action": "declare"},
    {"name": "watchmen", "match": {"source": "muster", "heartbeat": "watchdog"}, "action": "declare"},
]
POLICY = make_policy(heartbeats=HEARTBEATS, routes=[*ROUTES, *policy_data()["routes"]])
CHANNEL = "inc-1-the-nightly-backup-did-not-run"


@pytest.fixture
async def watched(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, POLICY) as opened:
        yield opened


async def beat(house: House, name: str = "nightly-backup", fail: bool = False) -> int:
    async with house.http.post(f"{house.bot.url}/heartbeat/{name}{'/fail' if fail else ''}", data=b"done in 3 minutes") as response:
        await response.read()
        return response.status


async def watchdog(house: House) -> None:
    """Alertmanager says that it is alive, by the alert that always fires."""
    body = alert(fingerprint="dog", severity="none", alertname="Watchdog")
    assert (await house.post_alert(body)).status == 202
    await house.settle()


async def alive(house: House, minutes: int) -> None:
    """Lets time pass in which Alertmanager is heard again and again."""
    for _ in range(minutes // 4):
        await watchdog(house)
        await house.travel(minutes=4)
    await watchdog(house)


async def test_a_backup_that_does_not_run_opens_an_incident_and_rings_and_its_return_is_said(watched: House) -> None:
    assert await beat(watched) == 200
    await alive(watched, 68)
    assert watched.texts(TIM) == []
    await watched.travel(minutes=2)
    assert len(watched.texts(TIM)) == 1
    assert watched.texts(TIM)[0].startswith("[INC-1 #")
    assert "[P0] The nightly backup did not run" in watched.card(CHANNEL)
    assert await beat(watched) == 200
    await watched.settle()
    assert any("The nightly backup did not run" in text and "recover" in text.lower() for text in watched.said(CHANNEL))


async def test_an_alertmanager_that_falls_silent_is_noticed_by_its_watchdog(watched: House) -> None:
    for _ in range(3):
        await watchdog(watched)
        await watched.travel(minutes=4)
    assert watched.texts(TIM) == []
    await watched.travel(minutes=1)
    assert len(watched.texts(TIM)) == 1
    assert "[P0] Alertmanager is silent" in watched.card("inc-1-alertmanager-is-silent")


async def test_a_job_that_says_that_it_failed_rings_at_once(watched: House) -> None:
    assert await beat(watched, fail=True) == 200
    await watched.settle()
    assert len(watched.texts(TIM)) == 1


async def test_what_fell_silent_while_the_bot_was_down_rings_when_it_starts(watched: House) -> None:
    await alive(watched, 4)
    assert await beat(watched) == 200
    await watched.bot.stop()
    watched.clock.set(NOON + timedelta(hours=2))
    watched.bot = Muster(watched.bot.settings, POLICY, watched.clock, CONTROL)
    await watched.bot.start()
    watched.sandbox.connect(watched.bot.url)
    await watched.eventually(lambda: len(watched.texts(TIM)) == 2, "two pages, for the backup and for the watchdog")
