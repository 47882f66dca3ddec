"""The door for heartbeats: whoever carries the secret is heard, after the commit; everybody else learns nothing (W5)."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.domain.heartbeats import Heartbeat
from bot.store import heartbeats as rows
from tests.house import SECRETS, House, open_house
from tests.policies import make_policy

SECRET = SECRETS["PROMETHEUS_SECRET"]
BEARER = {"Authorization": f"Bearer {SECRET}"}
HEARTBEATS = {
    "nightly": {"every": "1h", "secret": "env:PROMETHEUS_SECRET"},
    "open": {"every": "1h", "unsigned": True},
    "fail": {"every": "1h", "unsigned": True},
    "watchdog": {"every": "5m"},
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", make_policy(heartbeats=HEARTBEATS)) as opened:
        yield opened


async def send(house: House, path: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
    async with house.http.request(method, f"{house.bot.url}{path}", data=io.BytesIO(body) if body else None, headers=headers) as response:
        await response.read()
        return response.status


async def heard(house: House) -> dict[str, str]:
    """The state of every heartbeat that is not waiting for its first time."""
    found: list[Heartbeat] = await house.bot.services.read(lambda work: rows.list_heartbeats(work.tx))
    return {heartbeat.name: heartbeat.state.value for heartbeat in found if heartbeat.state != "waiting"}


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(("path", "headers"), [("", BEARER), (f"/{SECRET}", {}), (f"?token={SECRET}", {})], ids=["bearer", "path", "query"])
async def test_whoever_carries_the_secret_is_heard_however_it_is_carried(
    house: House, method: str, path: str, headers: Mapping[str, str]
) -> None:
    assert await send(house, f"/heartbeat/nightly{path}", method, headers=headers) == 200
    assert await heard(house) == {"nightly": "alive"}


@pytest.mark.parametrize(("path", "headers"), [("/fail", BEARER), (f"/{SECRET}/fail", {}), (f"/fail?token={SECRET}", {})])
async def test_it_can_say_that_it_failed(house: House, path: str, headers: Mapping[str, str]) -> None:
    assert await send(house, f"/heartbeat/nightly{path}", "POST", headers=headers) == 200
    assert await heard(house) == {"nightly": "silent"}


async def test_one_whose_name_is_fail_is_alive_when_it_is_heard(house: House) -> None:
    assert await send(house, "/heartbeat/fail") == 200
    assert await heard(house) == {"fail": "alive"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("nightly", {}, 401),
        ("nightly/wrong", {}, 401),
        ("nightly?token=wrong", {}, 401),
        ("nightly", {"Authorization": "Bearer wrong"}, 401),
        ("nightly", {"Authorization": f"Basic {SECRET}"}, 401),
        ("nightly/%FF", {}, 401),
        ("nobody", BEARER, 404),
        ("nobody", {}, 404),
        ("watchdog", {}, 404),
        ("Nightly", BEARER, 404),
    ],
)
async def test_nobody_else_is_heard(house: House, path: str, headers: Mapping[str, str], status: int) -> None:
    assert await send(house, f"/heartbeat/{path}", headers=headers) == status
    assert await heard(house) == {}


async def test_whatever_a_job_sends_along_is_thrown_away_up_to_the_limit(house: House) -> None:
    assert await send(house, "/heartbeat/open", "POST", b"\xff\x00 no json at all" * 1000) == 200
    assert await heard(house) == {"open": "alive"}
    assert await send(house, "/heartbeat/open", "POST", b"x" * (1024 * 1024 + 1)) == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(house: House, method: str) -> None:
    assert await send(house, "/heartbeat/open", method) == 405


async def test_an_unsigned_one_needs_nothing(house: House) -> None:
    assert await send(house, "/heartbeat/open") == 200
    assert await heard(house) == {"open": "alive"}


@pytest.mark.parametrize("path", ["open/failed", "open/fail/now", f"nightly/{SECRET}/failed", f"nightly/{SECRET}/fail/x", "nightly/failed"])
async def test_a_misspelt_failure_does_not_count_as_alive(house: House, path: str) -> None:
    assert await send(house, f"/heartbeat/{path}", headers=BEARER) == 404
    assert await heard(house) == {}
