"""The far end of Socket Mode, as a plain websocket client meets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.delivery import Answer
from bot.sandbox.socket import MOST_CONNECTIONS


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxSettings(socket_mode=True))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def opened(sandbox: Sandbox, http: aiohttp.ClientSession, token: str | None = None) -> dict[str, Any]:
    given = sandbox.settings.app_token if token is None else token
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    async with http.post(f"{sandbox.slack_api_url}apps.connections.open", headers=headers) as response:
        return dict(await response.json())


async def connected(sandbox: Sandbox, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A websocket that was greeted."""
    stream = await http.ws_connect((await opened(sandbox, http))["url"])
    assert (await stream.receive_json())["type"] == "hello"
    return stream


async def acknowledge(stream: aiohttp.ClientWebSocketResponse, **payload: Any) -> dict[str, Any]:
    """The next envelope, acknowledged."""
    envelope: dict[str, Any] = await stream.receive_json()
    await stream.send_json({"envelope_id": envelope["envelope_id"], **payload})
    return envelope


@pytest.mark.parametrize(("token", "error"), [("", "not_authed"), ("xoxb-1", "not_allowed_token_type"), ("xapp-1-other", "invalid_auth")])
async def test_an_address_is_given_for_the_app_token_only(sandbox: Sandbox, http: aiohttp.ClientSession, token: str, error: str) -> None:
    assert await opened(sandbox, http, token) == {"ok": False, "error": error}


async def test_an_address_is_good_once(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = (await opened(sandbox, http))["url"]
    async with http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await http.ws_connect(url)


async def test_a_connection_is_greeted_with_how_many_there_are(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with await connected(sandbox, http), http.ws_connect((await opened(sandbox, http))["url"]) as second:
        hello = await second.receive_json()
    assert (hello["num_connections"], hello["connection_info"]) == (2, {"app_id": "A0MUSTER"})


async def test_the_eleventh_connection_is_sent_away(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with AsyncExitStack() as streams:
        for _ in range(MOST_CONNECTIONS):
            await streams.enter_async_context(await connected(sandbox, http))
        async with http.ws_connect((await opened(sandbox, http))["url"]) as eleventh:
            farewell = await eleventh.receive_json()
            assert (farewell["type"], farewell["reason"]) == ("disconnect", "too_many_websockets")
            assert (await eleventh.receive()).type == aiohttp.WSMsgType.CLOSE
        assert len(sandbox.socket.connections) == MOST_CONNECTIONS


async def test_the_acknowledgement_of_an_envelope_is_the_answer(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with await connected(sandbox, http) as stream:
        typed = asyncio.create_task(sandbox.slack.command("U0ANA", "list"))
        envelope = await acknowledge(stream, payload={"text": "Nothing is open."})
        answer = await typed
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert (envelope["payload"]["command"], envelope["payload"]["text"]) == ("/incident", "list")
    assert (answer.status, answer.body) == (200, {"text": "Nothing is open."})


async def test_what_nobody_acknowledges_has_no_answer(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.socket.within = 0.05
    async with await connected(sandbox, http):
        answer = await sandbox.slack.command("U0ANA", "list")
    assert (answer.status, answer.body) == (0, None)


async def test_an_event_that_was_not_acknowledged_comes_again_over_another_connection(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.socket.within = 0.05
    async with await connected(sandbox, http) as one, await connected(sandbox, http) as other:
        said = asyncio.create_task(sandbox.slack.say("U0ANA", "incidents", "hello"))
        came = await asyncio.gather(one.receive_json(), other.receive_json())
        await said
    first, second = sorted(came, key=lambda envelope: int(envelope["retry_attempt"]))
    assert first["payload"] == second["payload"]
    assert first["envelope_id"] != second["envelope_id"]
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")


async def test_a_replay_is_the_same_payload_in_a_new_envelope(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with await connected(sandbox, http) as stream:
        typed = asyncio.create_task(sandbox.slack.command("U0ANA", "list"))
        first = await acknowledge(stream)
        replayed = asyncio.create_task(sandbox.slack.replay(await typed))
        again = await acknowledge(stream)
        answer: Answer = await replayed
    assert first["payload"] == again["payload"]
    assert first["envelope_id"] != again["envelope_id"]
    assert answer.status == 200


async def test_a_deaf_connection_answers_pings_and_delivers_nothing(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.socket.within = 0.05
    stream = await http.ws_connect((await opened(sandbox, http))["url"], autoping=False)
    async with stream:
        assert (await stream.receive_json())["type"] == "hello"
        sandbox.socket.deaf = True
        assert (await sandbox.slack.command("U0ANA", "list")).status == 0
        await stream.ping(b"still there?")
        frame = await stream.receive()
        assert (frame.type, bytes(frame.data)) == (aiohttp.WSMsgType.PONG, b"still there?")


async def test_a_warning_leaves_a_connection_in_use_and_any_other_farewell_ends_it(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with await connected(sandbox, http) as stream:
        await sandbox.socket.disconnect("warning")
        assert (await stream.receive_json())["reason"] == "warning"
        typed = asyncio.create_task(sandbox.slack.command("U0ANA", "list"))
        await acknowledge(stream)
        assert (await typed).status == 200
        await sandbox.socket.disconnect("refresh_requested")
        assert (await stream.receive_json())["reason"] == "refresh_requested"
        assert (await stream.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_a_cut_line_ends_without_a_close_frame(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with await connected(sandbox, http) as stream:
        await sandbox.socket.cut()
        assert (await stream.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert stream.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
