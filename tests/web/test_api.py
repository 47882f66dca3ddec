"""The bot's own API: who may, once only, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import SECRETS, House

TOKEN = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
ROOT = "/api/v1/incidents"


async def call(
    house: House, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    async with house.http.request(method, f"{house.bot.url}{path}", json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_the_code_of_an_error_is_the_same_whatever_its_sentence(house: House) -> None:
    for headers, words in (({}, "Send Authorization"), ({"Authorization": "Bearer of nothing"}, "That token is none of this policy's.")):
        async with house.http.get(f"{house.bot.url}/api/v1/incidents", headers=headers) as response:
            answer = await response.json()
        assert (response.status, answer["code"]) == (401, "unauthorized")
        assert answer["message"].startswith(words)


async def test_without_a_token_everything_is_401(house: House) -> None:
    for method, path in (("GET", ROOT), ("POST", ROOT), ("GET", f"{ROOT}/INC-1"), ("POST", f"{ROOT}/INC-1/ack")):
        status, answer = await call(house, method, path, {} if method == "POST" else None, headers={"Authorization": "Bearer wrong"})
        assert status == 401, answer


async def test_an_incident_lives_its_whole_life_over_the_api(house: House) -> None:
    status, declared = await call(house, "POST", ROOT, {"title": "Checkout is down", "severity": "P0"}, headers=TOKEN)
    assert (status, declared["reference"], declared["joined"]) == (200, "INC-1", False)
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("ack", {}, "Investigating"),
        ("update", {"text": "rolled back", "status": "mitigating", "impact": "EU"}, "Mitigating"),
        ("severity", {"severity": "P1", "reason": "fewer"}, "Mitigating"),
        ("roles", {"role": "commander", "person": "ben"}, "Mitigating"),
        ("page", {"who": ["backup"]}, "Mitigating"),
        ("resolve", {"text": "over"}, "Resolved"),
        ("reopen", {"reason": "back"}, "Investigating"),
    ]
    for name, body, expected in steps:
        status, shown = await call(house, "POST", f"{ROOT}/INC-1/{name}", body, headers=TOKEN)
        assert (status, shown["status"]) == (200, expected), name
    assert shown["roles"] == {"commander": "Ben"}
    _, listed = await call(house, "GET", ROOT, headers=TOKEN)
    assert [found["reference"] for found in listed["incidents"]] == ["INC-1"]


async def test_an_idempotency_key_gives_the_same_answer_and_another_request_under_it_is_422(house: House) -> None:
    keyed = TOKEN | {"Idempotency-Key": "one"}
    first = await call(house, "POST", ROOT, {"title": "Checkout is down"}, headers=keyed)
    assert await call(house, "POST", ROOT, {"title": "Checkout is down"}, headers=keyed) == first
    assert (await call(house, "POST", ROOT, {"title": "Something else"}, headers=keyed))[0] == 422


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (ROOT, {"title": ""}, 400),
        (ROOT, {"title": "x", "frob": 1}, 400),
        (ROOT, {"title": "x", "severity": "P9"}, 404),
        (f"{ROOT}/INC-9/ack", {}, 404),
        (f"{ROOT}/INC-1/update", {"text": "x", "status": "resolved"}, 409),
        (f"{ROOT}/INC-1/update", {"text": "x", "status": "odd"}, 400),
        (f"{ROOT}/INC-1/reopen", {}, 409),
        (f"{ROOT}/INC-1/roles", {"role": "king", "person": "ben"}, 400),
        (f"{ROOT}/INC-1/roles", {"role": "commander", "person": "nobody"}, 404),
        (f"{ROOT}/INC-1/page", {"who": ["nobody"]}, 404),
        (f"{ROOT}/INC-1/page", {"who": []}, 400),
        (f"{ROOT}/INC-1/page", {"who": ["vic"]}, 400),
    ],
)
async def test_what_cannot_be_done_gets_a_code_and_a_sentence(house: House, path: str, body: dict[str, Any], expected: int) -> None:
    await call(house, "POST", ROOT, {"title": "Checkout is down"}, headers=TOKEN)
    status, answer = await call(house, "POST", path, body, headers=TOKEN)
    assert status == expected, answer
    assert answer["code"]
    assert len(answer["message"]) > 10


async def test_a_postmortem_keeps_what_a_person_wrote_and_that_keeps_the_promise(house: House) -> None:
    await call(house, "POST", ROOT, {"title": "Checkout is down", "severity": "P0"}, headers=TOKEN)
    await call(house, "POST", f"{ROOT}/INC-1/resolve", {}, headers=TOKEN)
    _, drafted = await call(house, "GET", f"{ROOT}/INC-1/postmortem", headers=TOKEN)
    written = drafted["markdown"] + "\n## Lessons\n\nWe learned much.\n"
    status, saved = await call(house, "PUT", f"{ROOT}/INC-1/postmortem", {"markdown": written}, headers=TOKEN)
    assert (status, saved["kept"], saved["empty"]) == (200, False, ["What happened", "User impact", "Root cause"])
    for title in saved["empty"]:
        written += f"\n## {title}\n\nWhat we know of it.\n"
    _, saved = await call(house, "PUT", f"{ROOT}/INC-1/postmortem", {"markdown": written}, headers=TOKEN)
    assert (saved["kept"], saved["owed"], saved["empty"]) == (True, False, [])
    _, again = await call(house, "GET", f"{ROOT}/INC-1/postmortem", headers=TOKEN)
    assert "We learned much." in again["markdown"]
    promises = (await house.show("INC-1"))["promises"]
    assert [promise["kept_at"] is not None for promise in promises if promise["clock"] == "postmortem"] == [True]


async def test_the_api_describes_itself(house: House) -> None:
    _, document = await call(house, "GET", "/api/v1/openapi.json")
    assert f"{ROOT}/{{reference}}/ack" in document["paths"]
