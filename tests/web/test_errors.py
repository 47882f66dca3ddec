"""What breaks inside: the answer is one of ours, and the log says where to look."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot import telemetry
from tests.web.door import Door, open_door

RECEIPT = "0" * 26


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, "email") as opened:
        yield opened


async def test_what_breaks_inside_is_answered_in_json_and_logged_under_the_requests_id(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure("INFO", "json")
    assert (await door.client.get(f"/alerts/receipts/{RECEIPT}")).status == 404
    with closing(sqlite3.connect(tmp_path / "door.db")) as database:
        database.execute("DROP TABLE intake")
    async with door.client.get(f"/alerts/receipts/{RECEIPT}", headers={"X-Request-Id": "broken-1"}) as response:
        said = await response.json()
        assert (response.status, said["code"], response.headers["X-Request-Id"]) == (500, "internal", "broken-1")
        assert response.headers["X-Content-Type-Options"] == "nosniff" and "intake" not in said["message"]
    logged = [line for line in capsys.readouterr().err.splitlines() if "request_broke" in line]
    assert len(logged) == 1 and "broken-1" in logged[0] and "no such table" in logged[0] and "/alerts/receipts/{id}" in logged[0]
