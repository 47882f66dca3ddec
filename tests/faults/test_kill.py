"""kill -9 at every crash point: nothing that was accepted is lost, nothing is done twice but a page at most (RELIABILITY 1-10)."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

from bot.crashpoints import CrashPoint
from tests.faults.process import Process, open_process
from tests.faults.story import MONITOR, ON_POSTGRESQL, PLACES, SOURCES, kill_at
from tests.house import alert
from tests.policies import TIM, policy_data


def test_every_crash_point_is_reached_by_the_code_and_killed_at_here() -> None:
    code = "\n".join(path.read_text() for path in Path(__file__).resolve().parents[2].joinpath("bot").rglob("*.py"))
    reached = set(re.findall(r"reach\(CrashPoint\.([A-Z_]+)", code))
    assert reached == {point.name for point in CrashPoint}
    assert {place.partition("@")[0] for place in PLACES} == {point.value for point in CrashPoint}
    assert set(ON_POSTGRESQL) <= set(PLACES)


@pytest.mark.parametrize("place", PLACES)
async def test_after_a_kill_the_story_ends_as_if_nothing_had_happened(place: str, tmp_path: Path) -> None:
    await kill_at(place, tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}")


@pytest.mark.promise("B2")
async def test_complaints_1_and_3_overdue_timers_fire_at_the_start_and_say_how_late_they_were(tmp_path: Path) -> None:
    """Complaint 1: escalation goes on after a restart. Complaint 3: timers are rows, not memory."""
    clocks = {"update": {"breach": "4s", "warn": "3s"}}
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
    found = [promise for promise in shown.get("promises", ()) if promise["clock"] == "update" and promise["missed_at"]]
    return found[0] if found else None


async def test_on_sighup_a_right_policy_comes_into_force_and_a_wrong_one_is_refused_whole(tmp_path: Path) -> None:
    right = json.dumps(policy_data(sources=SOURCES | {"later": {"kind": "generic", "unsigned": True}}))
    async with open_process(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}") as process:
        await process.start()
        await process.until(lambda: process.ask("GET", "/readyz"), "the bot to be ready")
        for text, told in (("severities: [", "policy_refused"), (right, "policy_changed")):
            assert await process.ask("POST", "/alerts/later", {"title": "x"}) is None
            (tmp_path / "policy.yml").write_text(text)
            process.hang_up()
            await process.until(partial(is_logged, process, told), told)
        assert await process.ask("POST", "/alerts/later", {"title": "x"}) is not None


def is_logged(process: Process, word: str) -> bool:
    return word in (process.folder / "bot.log").read_text()
