"""The short way in for alert bodies: the same answers as the long one, whatever is odd about a request, and nothing lost on the way."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import func, select

from bot.store import intake as door
from bot.store.tables import intake
from bot.web import build, room
from bot.web.express import ROUTE, Express
from tests.house import SECRETS, alert
from tests.web.door import Door, open_door

SECRET = SECRETS["PROMETHEUS_SECRET"]
BODY = json.dumps(alert()).encode()
PLAIN = {"Host": "bot", "Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"}


class Peer:
    """Somebody who speaks HTTP by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, body: bytes = BODY, line: str = "POST /alerts/prometheus HTTP/1.1", **headers: str) -> None:
        self.writer.write(request(body, line, **headers))

    async def hear(self) -> tuple[int, Mapping[str, str], bytes]:
        """The next answer: status, headers, body."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            return int(head[0].split()[1]), headers, await self.reader.readexactly(int(headers["content-length"]))

    async def ended(self) -> bool:
        """Whether the other side hung up."""
        async with asyncio.timeout(10):
            return await self.reader.read() == b""


def request(body: bytes = BODY, line: str = "POST /alerts/prometheus HTTP/1.1", **headers: str) -> bytes:
    given = {name: headers.pop(name.replace("-", "_"), value) for name, value in PLAIN.items()}
    fields = given | {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join([f"{line}\r\n", *(f"{name}: {value}\r\n" for name, value in fields.items()), "\r\n"]).encode("latin-1") + body


@asynccontextmanager
async def open_express(path: Path, keepalive: float = 15.0) -> AsyncIterator[tuple[Door, Express, str]]:
    async with open_door(path) as opened:
        runner = web.AppRunner(build(opened.edge), keepalive_timeout=keepalive, access_log=None)
        await runner.setup()
        assert runner.server is not None
        express = Express(opened.edge, runner.server, keepalive)
        url = await express.open("127.0.0.1", 0)
        yield opened, express, url
        await express.close(5)
        await runner.cleanup()


@pytest.fixture
async def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Door, Express, Peer]]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    async with open_express(tmp_path) as (opened, express, url):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        yield opened, express, Peer(reader, writer)
        writer.close()


async def count(opened: Door) -> int:
    async with opened.desk.services.database.reading() as tx:
        return int(await tx.connection.scalar(select(func.count()).select_from(intake)) or 0)


async def test_a_body_is_taken_and_answered_with_its_receipt(way: tuple[Door, Express, Peer]) -> None:
    opened, express, peer = way
    peer.send(X_Request_Id="mine-1")
    status, headers, body = await peer.hear()
    assert (status, headers["x-request-id"], headers["x-content-type-options"]) == (202, "mine-1", "nosniff")
    receipt = json.loads(body)["receipt"]
    assert json.loads(body) == {"receipt": receipt, "url": f"/alerts/receipts/{receipt}"}
    assert await count(opened) == 1
    assert len(express.ways) == 1, "the connection is still on the short way"


async def test_requests_that_come_in_one_piece_are_answered_in_order(way: tuple[Door, Express, Peer]) -> None:
    opened, _, peer = way
    peer.writer.write(b"".join(request(X_Request_Id=f"r-{number}") for number in range(20)))
    assert [(await peer.hear())[1]["x-request-id"] for _ in range(20)] == [f"r-{number}" for number in range(20)]
    assert await count(opened) == 20


@pytest.mark.parametrize("cut", [10, len(request()) - len(BODY), len(request()) - 5])
async def test_a_request_that_comes_in_pieces_is_put_together(way: tuple[Door, Express, Peer], cut: int) -> None:
    opened, express, peer = way
    peer.writer.write(request()[:cut])
    async with asyncio.timeout(10):
        while any(not one.holds for one in express.ways):
            await asyncio.sleep(0)
    peer.writer.write(request()[cut:])
    assert (await peer.hear())[0] == 202
    assert await count(opened) == 1


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"body": b'{"alerts": '}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b"{}" + b" " * 70_000}, 202),
        ({"Content_Type": "text/xml"}, 415),
        ({"line": "POST /alerts/nobody HTTP/1.1"}, 404),
        ({"line": "DELETE /alerts/prometheus HTTP/1.1"}, 405),
        ({"line": "POST /alerts/prometheus?x=1 HTTP/1.1"}, 202),
        ({"Content_Encoding": "br"}, 400),
        ({"Content_Length": "-1"}, 400),
        ({"X-Odd Name": "1"}, 400),
    ],
)
async def test_what_is_odd_takes_the_long_way_and_gets_its_answer_there(
    way: tuple[Door, Express, Peer], changed: dict[str, str], expected: int
) -> None:
    _, express, peer = way
    peer.send()
    assert (await peer.hear())[0] == 202
    peer.send(**changed)  # type: ignore[arg-type]
    assert (await peer.hear())[0] == expected
    assert not express.ways


async def test_a_head_with_two_lengths_never_takes_the_short_way(way: tuple[Door, Express, Peer]) -> None:
    opened, _, peer = way
    peer.writer.write(request().replace(b"Content-Length", b"Content-Length: 2\r\nContent-Length", 1))
    assert (await peer.hear())[0] == 400
    assert await count(opened) == 0


async def test_the_secret_may_come_as_a_password(way: tuple[Door, Express, Peer]) -> None:
    opened, express, peer = way
    peer.send(Authorization=f"Basic {b64encode(f'anybody:{SECRET}'.encode()).decode()}")
    assert (await peer.hear())[0] == 202
    assert (await count(opened), len(express.ways)) == (1, 1)


async def test_a_door_that_is_full_says_so_at_once_and_keeps_the_connection(
    way: tuple[Door, Express, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, express, peer = way
    monkeypatch.setattr(door, "WAITING_AT_MOST", 0)
    peer.send()
    status, headers, body = await peer.hear()
    assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "5", "busy")
    monkeypatch.undo()
    assert await count(opened) == 0
    assert len(express.ways) == 1


async def test_who_waits_for_a_commit_is_answered_before_the_door_closes(way: tuple[Door, Express, Peer]) -> None:
    opened, express, peer = way
    async with opened.desk.services.database.write_gate():
        peer.send()
        while not any(one.done for one in express.ways):
            await asyncio.sleep(0)
        closing = asyncio.create_task(express.close(5))
    await closing
    assert (await peer.hear())[0] == 202
    assert await peer.ended()


async def test_a_silent_peer_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    async with open_express(tmp_path, keepalive=0.05) as (_, express, url):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        assert await Peer(reader, writer).ended()
        assert not express.ways
        writer.close()


async def test_bodies_that_are_long_in_coming_take_only_so_much_room_and_whole_ones_pass_them(
    way: tuple[Door, Express, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, express, quick = way
    monkeypatch.setattr(room, "AT_MOST", room.BODY_LIMIT)
    port = quick.writer.get_extra_info("peername")[1]
    slow, late = [Peer(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(2)]
    chunked = request(b"", Transfer_Encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
    slow.writer.write(chunked + b"5\r\n{    \r\n")
    async with asyncio.timeout(10):
        while not express.edge.room.taken(ROUTE):
            await asyncio.sleep(0)
    late.writer.write(chunked + b"5\r\n{    \r\n")
    status, headers, _ = await late.hear()
    assert (status, headers["retry-after"]) == (503, "5")
    quick.send()
    assert (await quick.hear())[0] == 202, "what is there at once needs no room"
    slow.writer.write(b"1\r\n}\r\n0\r\n\r\n")
    assert (await slow.hear())[0] == 202
    for peer in (slow, late):
        peer.writer.close()
