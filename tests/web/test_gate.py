"""``GET /gate`` and ``/api/v1/freeze``: who may ask, who may freeze, and what is answered (J14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, open_house
from tests.policies import make_policy

TOKENS = [
    {"name": "cli", "secret": "env:MUSTER_API_TOKEN", "person": "ana"},
    {"name": "deploys", "secret": "env:PROMETHEUS_SECRET", "access": "viewer"},
    {"name": "nobody", "secret": "env:NOBODY_TOKEN", "access": "none"},
]
FREEZE = "/api/v1/freeze"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("NOBODY_TOKEN", "nobody-token")
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", make_policy(tokens=TOKENS)) as opened:
        yield opened


async def send(house: House, method: str, path: str, token: str | None = "api-token", body: Any = None, **headers: str) -> tuple[int, Any]:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with house.http.request(method, f"{house.bot.url}{path}", json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_it_is_200_when_ready_and_409_with_the_reasons_when_not(house: House) -> None:
    assert await send(house, "GET", "/gate", "prometheus-secret") == (200, {"ready": True, "reasons": []})
    made = {"author": "Ana", "reason": "the launch is on Monday", "began_at": "2026-11-20T22:05:00+00:00"}
    assert await send(house, "POST", FREEZE, body={"reason": "the launch is on Monday"}) == (200, made)
    sentence = "Ana froze it at 2026-11-20 14:05 PT / 22:05 UTC: the launch is on Monday."
    closed = {"ready": False, "reasons": [{"code": "frozen", "sentence": sentence}]}
    assert await send(house, "GET", "/gate", "prometheus-secret") == (409, closed)
    assert await send(house, "DELETE", FREEZE) == (200, made)
    assert (await send(house, "GET", "/gate"))[0] == 200


@pytest.mark.parametrize(
    ("token", "status", "code"), [(None, 401, "unauthorized"), ("wrong", 401, "unauthorized"), ("nobody-token", 403, "not_allowed")]
)
async def test_who_may_not_read_learns_nothing(house: House, token: str | None, status: int, code: str) -> None:
    found, body = await send(house, "GET", "/gate", token)
    assert (found, body["code"], "ready" in body) == (status, code, False)


async def test_a_viewer_may_neither_freeze_nor_thaw(house: House) -> None:
    for method, body in (("POST", {"reason": "why not"}), ("DELETE", None)):
        status, answer = await send(house, method, FREEZE, "prometheus-secret", body)
        assert (status, answer["code"]) == (403, "not_allowed")
    assert (await send(house, "GET", "/gate"))[0] == 200


async def test_a_second_freeze_and_a_second_thaw_are_conflicts_with_a_code_of_their_own(house: House) -> None:
    await send(house, "POST", FREEZE, body={"reason": "the migration"})
    status, answer = await send(house, "POST", FREEZE, body={"reason": "another"})
    assert (status, answer["code"]) == (409, "already_frozen")
    assert "the migration" in answer["message"]
    await send(house, "DELETE", FREEZE)
    status, answer = await send(house, "DELETE", FREEZE)
    assert (status, answer["code"]) == (409, "not_frozen")


async def test_a_freeze_that_is_sent_again_with_its_key_gets_the_same_answer(house: House) -> None:
    first = await send(house, "POST", FREEZE, body={"reason": "the migration"}, **{"Idempotency-Key": "k1"})
    assert await send(house, "POST", FREEZE, body={"reason": "the migration"}, **{"Idempotency-Key": "k1"}) == first


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "\u200b"}, {"reason": "why", "until": "Monday"}])
async def test_a_freeze_without_a_reason_or_with_what_it_does_not_take_is_refused(house: House, body: dict[str, str]) -> None:
    status, answer = await send(house, "POST", FREEZE, body=body)
    assert (status, answer["code"]) == (400, "malformed")
    assert (await send(house, "GET", "/gate"))[0] == 200


async def test_the_document_for_machines_has_all_three(house: House) -> None:
    _, document = await send(house, "GET", "/api/v1/openapi.json")
    assert set(document["paths"]["/gate"]) == {"get"}
    assert set(document["paths"][FREEZE]) == {"post", "delete"}
