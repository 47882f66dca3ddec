"""kill -9 at every crash point: nothing that was accepted is lost, nothing is done twice but a page at most (RELIABILITY 1-10)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.crashpoints import CrashPoint
from bot.domain.outbox import Kind
from tests.faults.process import Process, open_process
from tests.house import SECRETS, alert
from tests.policies import TIM

API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
MONITOR = {"Authorization": f"Bearer {SECRETS['PROMETHEUS_SECRET']}"}
SENDING = (CrashPoint.AFTER_CLAIM, CrashPoint.BEFORE_SEND, CrashPoint.AFTER_SEND, CrashPoint.AFTER_RECORD)
TRANSACTIONS = ("ingest", "claim", "prepare", "record", "once")
PLACES = [
    *(point.value for point in (CrashPoint.BEFORE_INTAKE_COMMIT, CrashPoint.AFTER_INTAKE_COMMIT)),
    *(f"{point.value}@{kind.value}" for point in SENDING for kind in Kind),
    *(f"{point.value}@{name}" for point in (CrashPoint.BEFORE_COMMIT, CrashPoint.AFTER_COMMIT) for name in TRANSACTIONS),
]


def test_every_crash_point_is_reached_by_the_code_and_killed_at_here() -> None:
    code = "\n".join(path.read_text() for path in Path(__file__).resolve().parents[2].joinpath("bot").rglob("*.py"))
    reached = set(re.findall(r"reach\(CrashPoint\.([A-Z_]+)", code))
    assert reached == {point.name for point in CrashPoint}
    assert {place.partition("@")[0] for place in PLACES} == {point.value for point in CrashPoint}


async def tell_the_story(process: Process) -> None:
    """An alert, an acknowledgement and a resolution, each sent again until it is answered."""
    sandbox = process.sandbox
    await process.post("/alerts/prometheus", alert(), **MONITOR)
    await process.until(lambda: sandbox.phones.inbox(TIM), "the page")
    await process.until(lambda: [c for c in sandbox.slack.channels.values() if c.name.startswith("inc-1") and c.pins], "the pin")
    await process.post("/api/v1/incidents/INC-1/ack", {}, **API, **{"Idempotency-Key": "ack"})
    await process.post("/api/v1/incidents/INC-1/resolve", {}, **API, **{"Idempotency-Key": "resolve"})
    await process.until(lambda: [file for file in sandbox.slack.files if file.channel], "the postmortem in the channel")
    await process.until(lambda: [c for c in sandbox.slack.channels.values() if "Status: Resolved" in str(c.messages)], "the card")


@pytest.mark.parametrize("place", PLACES)
async def test_after_a_kill_the_story_ends_as_if_nothing_had_happened(place: str, tmp_path: Path) -> None:
    await kill_at(place, tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}")


@pytest.mark.parametrize(
    "place", PLACES[:2] + PLACES[-10:] + [f"after_send@{kind}" for kind in ("slack.channel", "slack.card", "twilio.sms")]
)
async def test_after_a_kill_a_replica_on_postgresql_takes_over_when_the_lease_runs_out(
    place: str, tmp_path: Path, postgres_url: str
) -> None:
    await kill_at(place, tmp_path, postgres_url)


async def kill_at(place: str, tmp_path: Path, database_url: str) -> None:
    async with open_process(tmp_path, database_url) as process:
        await process.start(f"{place}:1")
        await tell_the_story(process)
        await process.until(lambda: process.ask("GET", "/readyz"), "the bot to be ready")
        assert process.deaths == 1, f"{place} was not reached"
        channels = [channel for channel in process.sandbox.slack.channels.values() if channel.name.startswith("inc-")]
        assert [channel.name for channel in channels] == ["inc-1-checkout-returns-500-for-card-payments"]
        assert 1 <= len(process.sandbox.phones.inbox(TIM)) <= 2, "at least once, and at most once more for one crash"
        cards = [message for message in channels[0].messages if message.text.startswith("[P0]")]
        assert len(cards) == 1, "a card whose answer was lost is adopted, not posted again"
        assert len(channels[0].bookmarks) == 1
        shown = await process.show()
        assert shown["status"] == "Resolved"
        await process.kill()
        code, printed = await process.run("audit", "verify")
        assert code == 0, printed


async def test_complaints_1_and_3_overdue_timers_fire_at_the_start_and_say_how_late_they_were(tmp_path: Path) -> None:
    """Complaint 1: escalation goes on after a restart. Complaint 3: timers are rows, not memory."""
    clocks = {"acknowledge": {"breach": "4s", "warn": "3s"}}
    severity = {"label": "P0", "rank": 0, "aliases": ["critical"], "pages": True, "clocks": clocks}
    async with open_process(
        tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", severities=[severity], default_severity="P0", routes=ROUTES
    ) as process:
        await process.start()
        await process.post("/alerts/prometheus", alert(), **MONITOR)
        await process.until(lambda: process.sandbox.phones.inbox(TIM), "the page")
        await process.kill()
        due = process.sandbox.clock.now().timestamp() + 6
        await process.until(lambda: process.sandbox.clock.now().timestamp() > due or process.deaths, "the promise to be overdue")
        shown = await process.until(process.show, "the incident")
        missed = await process.until(lambda: missed_promise(process), "the missed promise")
        assert missed["missed_at"] > missed["due_at"], shown


ROUTES = [{"name": "all", "match": {}, "action": "declare", "severity": "P0"}]


async def missed_promise(process: Process) -> dict[str, str] | None:
    shown = await process.show()
    found = [promise for promise in shown.get("promises", ()) if promise["clock"] == "acknowledge" and promise["missed_at"]]
    return found[0] if found else None
