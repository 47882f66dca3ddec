"""The sandbox's own routes: what can be seen, what can be done, and who is turned away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.page import HEADERS

TIM = "+14155550101"
PROMISE = {"clock": "acknowledge", "due_at": "2026-11-20T22:10:00+00:00", "kept_at": None, "missed_at": None, "withdrawn_at": None}
INCIDENT = {"reference": "INC-1", "title": "Checkout returns 500", "promises": [PROMISE]}


class Bot:
    """A program that is spoken to as the bot is, and keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None, Any]] = []
        self.due: list[str] = []
        self.steps: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers.get("Authorization"), await request.text()))
        return web.json_response({"receipt": "R1"}, status=202)

    async def incidents(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer api-token":
            return web.json_response({"message": "The token is wrong."}, status=401)
        return web.json_response({"incidents": [INCIDENT]})

    async def clock(self, request: web.Request) -> web.Response:
        self.steps.append(await request.json())
        return web.json_response({})

    async def idle(self, _request: web.Request) -> web.Response:
        return web.json_response({"idle": True, "next_due_at": self.due.pop(0) if self.due else None})


@pytest.fixture
async def bot() -> AsyncIterator[tuple[Bot, str]]:
    known = Bot()
    app = web.Application()
    app.router.add_post("/alerts/{source}", known.take)
    app.router.add_post("/slack/events", known.take)
    app.router.add_get("/api/v1/incidents", known.incidents)
    app.router.add_post("/control/clock", known.clock)
    app.router.add_get("/control/idle", known.idle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield known, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def sandbox(bot: tuple[Bot, str]) -> AsyncIterator[Sandbox]:
    settings = SandboxSettings(control_token="control", bot_api_token="api-token", alerts_secret="alerts-secret", phone_book={TIM: "U0TIM"})
    found = Sandbox(settings)
    await found.start()
    found.connect(bot[1])
    yield found
    await found.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def act(http: aiohttp.ClientSession, sandbox: Sandbox, wanted: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    async with http.post(f"{sandbox.url}/sandbox/act", json=wanted, headers=headers) as response:
        return response.status, await response.json()


async def look(http: aiohttp.ClientSession, sandbox: Sandbox, path: str = "state") -> dict[str, Any]:
    async with http.get(f"{sandbox.url}/sandbox/{path}") as response:
        return dict(await response.json())


# The page


async def test_the_page_is_served_with_a_policy_that_lets_nothing_in_from_outside(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{sandbox.url}/") as response:
        text = await response.text()
        assert response.status == 200
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'self'" in HEADERS["Content-Security-Policy"]
    assert "<script>" not in text
    assert "style=" not in text
    assert "https://" not in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("shell.js", "text/javascript"), ("style.css", "text/css"), ("story.json", "application/json"), ("icon.svg", "image/svg+xml")],
)
async def test_a_file_of_the_page_carries_its_type(sandbox: Sandbox, http: aiohttp.ClientSession, path: str, kind: str) -> None:
    async with http.get(f"{sandbox.url}/page/{path}") as response:
        assert response.status == 200
        assert response.content_type == kind
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["nothing.js", "..%2Fserver.py", "%2e%2e/server.py", "workspace", "server.py", ".%2Fshell.js"])
async def test_nothing_but_files_of_the_page_is_served(sandbox: Sandbox, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(f"{sandbox.url}/page/{path}") as response:
        assert response.status == 404


# The door


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
async def test_another_site_may_not_act(sandbox: Sandbox, http: aiohttp.ClientSession, origin: str) -> None:
    status, body = await act(http, sandbox, {"do": "down", "peer": "slack"}, Origin=origin)
    assert status == 403
    assert body["error"] == "Another site may not act here; use the page itself."
    assert not sandbox.faults.down


async def test_a_browser_that_says_it_comes_from_another_site_is_refused_without_an_origin(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    status, _ = await act(http, sandbox, {"do": "down", "peer": "slack"}, **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403


async def test_the_page_itself_may_act(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    status, _ = await act(http, sandbox, {"do": "down", "peer": "slack"}, Origin=sandbox.url, **{"Sec-Fetch-Site": "same-origin"})
    assert status == 200
    assert sandbox.faults.down == {"slack"}


@pytest.mark.parametrize("path", ["/", "/page/shell.js", "/sandbox/state", "/sandbox/events", "/sandbox/promises"])
async def test_a_name_that_merely_points_here_is_refused(sandbox: Sandbox, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(f"{sandbox.url}{path}", headers={"Host": "rebound.example"}) as response:
        assert response.status == 403
        assert "127.0.0.1 or localhost" in (await response.json())["error"]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
async def test_every_name_of_this_machine_is_served(sandbox: Sandbox, http: aiohttp.ClientSession, name: str) -> None:
    async with http.get(f"{sandbox.url}/sandbox/state", headers={"Host": f"{name}:4747"}) as response:
        assert response.status == 200


# Looking


async def test_the_state_shows_people_channels_phones_and_what_is_down(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await act(http, sandbox, {"do": "say", "user": "U0ANA", "channel": "general", "text": "hello"})
    await act(http, sandbox, {"do": "down", "peer": "twilio"})
    state = await look(http, sandbox)
    ana = next(user for user in state["users"] if user["id"] == "U0ANA")
    general = next(channel for channel in state["channels"] if channel["name"] == "general")
    assert (ana["name"], ana["real_name"], ana["is_bot"]) == ("ana", "Ana", False)
    assert general["members"] == sorted(general["members"])
    assert [(message["user"], message["text"]) for message in general["messages"]] == [("U0ANA", "hello")]
    assert state["phone_book"] == [{"number": TIM, "user": "U0TIM"}]
    assert state["down"] == ["twilio"]
    assert {
        "now",
        "speed",
        "team",
        "ephemerals",
        "views",
        "homes",
        "phones",
        "replies",
        "answers",
        "calls",
        "mail",
        "files",
        "faults",
    } <= set(state)


async def test_what_a_phone_wrote_is_shown(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await act(http, sandbox, {"do": "reply", "number": TIM, "text": "7"})
    replies = (await look(http, sandbox))["replies"]
    assert [(one["number"], one["text"], one["channel"]) for one in replies] == [(TIM, "7", "sms")]


async def test_events_tell_a_higher_version_after_a_change_and_only_then(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{sandbox.url}/sandbox/events") as stream:
        assert stream.content_type == "text/event-stream"
        first = await _next_version(stream)
        await act(http, sandbox, {"do": "down", "peer": "slack"})
        second = await _next_version(stream)
        await act(http, sandbox, {"do": "up", "peer": "slack"})
        third = await _next_version(stream)
    assert [second - first, third - second] == [1, 1]


async def _next_version(stream: aiohttp.ClientResponse) -> int:
    while not (line := await stream.content.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    return int(json.loads(line.removeprefix(b"data: "))["version"])


async def test_an_open_stream_does_not_hold_up_the_end(bot: tuple[Bot, str], http: aiohttp.ClientSession) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    async with http.get(f"{sandbox.url}/sandbox/events") as stream:
        await _next_version(stream)
        async with asyncio.timeout(5):
            await sandbox.stop()
            assert (await stream.content.read()).strip() == b""


# Promises


async def test_the_promises_are_what_the_bots_api_tells(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    assert await look(http, sandbox, "promises") == {"incidents": [INCIDENT]}


async def test_a_bot_that_refuses_or_is_not_there_is_a_sentence(http: aiohttp.ClientSession, bot: tuple[Bot, str]) -> None:
    sandbox = Sandbox(SandboxSettings(bot_api_token="wrong"))
    await sandbox.start()
    sandbox.connect(bot[1])
    refused = await look(http, sandbox, "promises")
    sandbox.connect("http://127.0.0.1:9")
    absent = await look(http, sandbox, "promises")
    status, body = await act(http, sandbox, {"do": "alert", "source": "monitor", "body": {}})
    await sandbox.stop()
    assert refused == {"error": "The bot answered 401: The token is wrong."}
    assert absent["error"].startswith("The bot does not answer")
    assert (status, body["error"][:23]) == (502, "The bot does not answer")


# Acting


async def test_an_alert_carries_the_secret_that_the_page_never_sees(
    sandbox: Sandbox, bot: tuple[Bot, str], http: aiohttp.ClientSession
) -> None:
    status, body = await act(http, sandbox, {"do": "alert", "source": "prometheus", "body": {"status": "firing"}})
    assert (status, body["status"], body["body"]) == (200, 202, {"receipt": "R1"})
    assert bot[0].seen == [("/alerts/prometheus", "Bearer alerts-secret", '{"status": "firing"}')]
    assert "alerts-secret" not in json.dumps(await look(http, sandbox))
    assert "api-token" not in json.dumps(await look(http, sandbox))


async def test_an_alert_that_fires_is_known_until_it_is_over(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for status, known in (("firing", {"f1": "2026-11-20T22:03:00Z"}), ("resolved", {})):
        alert = {"status": status, "fingerprint": "f1", "startsAt": "2026-11-20T22:03:00Z"}
        await act(http, sandbox, {"do": "alert", "source": "prometheus", "body": {"alerts": [alert]}})
        assert (await look(http, sandbox))["firing"] == known


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ([], "expected an object"),
        ({"text": "x"}, "do: expected one of"),
        ({"do": "stop"}, "do: expected one of"),
        ({"do": "__init__"}, "do: expected one of"),
        ({"do": ["say"]}, "do: expected one of"),
        ({"do": "say", "user": "U0ANA"}, "say: missing a required argument: 'channel'"),
        ({"do": "say", "user": "U0ANA", "channel": "general", "text": 7}, "say: text: Input should be a valid string"),
        ({"do": "say", "user": "U0ANA", "channel": "general", "text": "x", "loud": 1}, "say: got an unexpected keyword argument 'loud'"),
        ({"do": "say", "user": "U0ANA", "channel": "nowhere", "text": "x"}, "channel_not_found"),
        ({"do": "down", "peer": "everything"}, "peer: expected slack, twilio or sentry, got 'everything'"),
        ({"do": "speed", "speed": "fast"}, "speed: speed: Input should be a valid number"),
        ({"do": "travel"}, "travel: expected either seconds or until"),
        ({"do": "travel", "seconds": 10**9}, "at most 7 days"),
        ({"do": "alert", "source": "../control/clock", "body": {}}, "source: expected the name of an alert source"),
        ({"do": "fault", "peer": "slack", "kind": "odd"}, "kind: expected one of"),
    ],
)
async def test_a_wrong_act_is_refused_with_a_sentence(sandbox: Sandbox, http: aiohttp.ClientSession, wanted: Any, part: str) -> None:
    status, body = await act(http, sandbox, wanted)
    assert status == 400
    assert part in body["error"]


async def test_a_body_that_is_no_json_is_refused_with_a_sentence(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{sandbox.url}/sandbox/act", data=b"do: everything") as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_peer_goes_down_and_comes_back(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await act(http, sandbox, {"do": "down", "peer": "slack"})
    await act(http, sandbox, {"do": "down", "peer": "twilio"})
    await act(http, sandbox, {"do": "up", "peer": "slack"})
    assert (await look(http, sandbox))["down"] == ["twilio"]
    await act(http, sandbox, {"do": "heal"})
    assert (await look(http, sandbox))["down"] == []


async def test_time_that_goes_by_stops_at_everything_that_is_due(
    sandbox: Sandbox, bot: tuple[Bot, str], http: aiohttp.ClientSession
) -> None:
    await act(http, sandbox, {"do": "freeze"})
    start = sandbox.clock.now()
    bot[0].due = [(start.replace(microsecond=0)).isoformat()]
    bot[0].steps.clear()
    status, _ = await act(http, sandbox, {"do": "travel", "seconds": 300})
    assert status == 200
    assert [round(step["advance"], 3) for step in bot[0].steps] == [0.005, 299.995]
    assert (sandbox.clock.now() - start).total_seconds() == pytest.approx(300)


async def test_the_clock_is_paused_and_sped_up(sandbox: Sandbox, bot: tuple[Bot, str], http: aiohttp.ClientSession) -> None:
    for speed in (0, 60, 1):
        await act(http, sandbox, {"do": "speed", "speed": speed})
        assert (await look(http, sandbox))["speed"] == speed
    assert bot[0].steps == [{"speed": 0.0}, {"speed": 60.0}, {"speed": 1.0}]
