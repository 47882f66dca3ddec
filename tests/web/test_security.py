"""What somebody who means harm can do from outside: odd bodies, phones, links, and what the answers carry."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from bot import telemetry
from bot.domain import links
from bot.sandbox.workspace import File
from bot.services import operators, people
from tests.house import House
from tests.policies import TIM, make_policy
from tests.web.door import KEY, Door, open_door

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALLBACKS = ("/twilio/message", "/twilio/status", "/twilio/voice/x", "/twilio/voice/x/key")


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, "email") as opened:
        yield opened


async def post(door: Door, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of an answer, which is in any case one of ours."""
    async with door.client.post(path, data=body, headers=headers) as response:
        assert set(await response.json()) == {"code", "message"}
        return response.status


@pytest.mark.parametrize("path", CALLBACKS)
@pytest.mark.parametrize("boundary", ["", "; boundary=b", "; boundary=" + "b" * 300])
async def test_a_form_that_could_hold_files_is_refused_unread(door: Door, path: str, boundary: str) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="From"; filename="f"\r\n\r\nx\r\n'
    assert await post(door, path, part * 3000 + b"--b--\r\n", {"Content-Type": f"multipart/form-data{boundary}"}) == 415


@pytest.mark.parametrize("body", [b"From=%ff", b"From=\xff", b"&".join(b"%x=" % number for number in range(5000)), b"=" * 9000])
async def test_a_form_that_is_odd_is_answered_with_a_refusal(door: Door, body: bytes) -> None:
    assert await post(door, "/twilio/message", body, FORM) in (400, 403, 413)


@pytest.mark.parametrize("path", ["/alerts/anything", "/twilio/message"])
async def test_a_body_that_is_not_packed_as_it_says_is_400(door: Door, path: str) -> None:
    kind = FORM if path.startswith("/twilio") else {"Content-Type": "application/json"}
    assert await post(door, path, b"not gzip at all", {**kind, "Content-Encoding": "gzip"}) == 400


async def test_a_request_of_slack_that_is_not_packed_as_it_says_is_400(house: House) -> None:
    async with aiohttp.ClientSession() as http:
        headers = {**FORM, "Content-Encoding": "gzip"}
        async with http.post(f"{house.bot.url}/slack/events", data=b"not gzip at all", headers=headers) as response:
            assert response.status == 400


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("403, url='wss://wss-primary.slack.com/link/?ticket=one-way-in&app_id=A1'", "one-way-in"),
        ("redis://:pa55@cache/1", "pa55"),
        ("postgresql+asyncpg://muster:pa@55@db/muster", "55@"),
        ("postgresql://muster@db/muster?sslmode=require&password=pa55", "pa55"),
        ("https://bot.example.com/ack/1.page.1795248400.c2lnbmF0dXJl-_ was refused", "c2lnbmF0dXJl"),
        ("https://hooks.example.com/alerts?token=pa55", "pa55"),
    ],
)
def test_what_opens_a_door_stands_in_no_log(said: str, hidden: str) -> None:
    assert hidden not in telemetry.mask(said)


async def test_a_page_behind_a_link_is_kept_by_nobody_and_tells_nobody_where_it_was(door: Door) -> None:
    _, page = await door.call_out()
    token = links.sign(KEY, page.id, door.desk.clock.now())
    async with door.client.get(f"/ack/{token}") as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


async def test_a_link_of_somebody_whom_the_policy_no_longer_lets_act_acknowledges_nothing(door: Door) -> None:
    incident, page = await door.call_out()
    token = links.sign(KEY, page.id, door.desk.clock.now())
    await door.desk.activate(make_policy(people={"ana": {"name": "Ana"}}, groups={}, invite=[], chain=[], tokens=[]))
    async with door.client.post(f"/ack/{token}") as response:
        assert response.status in (403, 410)
    assert (await door.desk.incident(incident)).acknowledged_at is None


async def test_what_comes_and_goes_rings_the_operator_once_in_a_while(house: House) -> None:
    services, sentence = house.bot.services, "Slack does not reach us."
    assert [await services.run(operators.alarm, sentence) for _ in range(5)] == [1, 0, 0, 0, 0]
    house.clock.advance(operators.AGAIN_AFTER)
    assert await services.run(operators.alarm, sentence) == 1
    await house.settle()
    assert len([text for text in house.texts(TIM) if sentence in text]) == 2


async def test_of_a_message_of_nothing_but_mentions_only_the_first_are_looked_up(house: House) -> None:
    made_up = " ".join(f"<@U0FAKE{number}|f{number}>" for number in range(99))
    words = await house.bot.services.read(people.in_readable_words, f"{made_up} <@U0TIM> {made_up} <@U0ANA|somebody>")
    assert words.startswith("@f0 @f1 ")
    assert "@Tim" in words
    assert words.endswith("@somebody")


async def test_another_site_does_not_write_into_a_file_of_the_demo(house: House) -> None:
    file = File("F0DRAFT", "draft.md", "draft.md", b"ours")
    house.sandbox.state.files.append(file)
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        async with house.http.post(f"{house.sandbox.url}/upload/{file.id}", data=b"theirs", headers=headers) as response:
            assert response.status == 403
    assert file.content == b"ours"


@pytest.mark.parametrize("last", [b"", b"\\", b"\\\n"])
async def test_a_text_that_nobody_closes_costs_the_door_next_to_nothing(door: Door, last: bytes) -> None:
    body = b"[" * 65 + b'"' + b'\\"' * 30_000 + last
    began = time.perf_counter()
    for path in ("/v2/enqueue", "/alerts/anything"):
        async with door.client.post(path, data=body, headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400
    assert time.perf_counter() - began < 2, "each quote was taken for the beginning of a text of its own"
