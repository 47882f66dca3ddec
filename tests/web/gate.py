"""The door of the alerts alone: sources of a test's choice, the real routes and a real intake that nobody works off."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot.services.work import UnitOfWork
from bot.settings import Settings
from bot.store.intake import Intake
from bot.store.tables import intake
from bot.web import Edge, build
from bot.web.edge import Certificates
from tests.policies import make_policy
from tests.services.desk import Desk, open_desk

SECRET = "secret-of-the-gate"
TOKEN = "api-token"
JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {SECRET}", **JSON}


@dataclass
class Gate:
    """What is posted at the door, and what lies in the intake behind it."""

    desk: Desk
    client: TestClient[Any, Any]
    edge: Edge

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """The status of the answer, and what it says: JSON where it is, else its text."""
        async with self.client.request(method, path, data=io.BytesIO(body) if body else None, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text and response.content_type == "application/json" else text

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """What a JSON body is answered with, sent with the gate's secret unless headers say otherwise."""
        return await self.send("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), **(headers or BEARER))

    async def stored(self) -> list[dict[str, Any]]:
        """The bodies in the intake, oldest first: receipt, source, body and envelope."""

        async def look(work: UnitOfWork) -> list[dict[str, Any]]:
            columns = (intake.c.id, intake.c.source, intake.c.body, intake.c.envelope)
            return [dict(row) for row in (await work.tx.run(select(*columns).order_by(intake.c.received_at))).mappings()]

        return await self.desk.read(look)

    async def only(self) -> dict[str, Any]:
        """The one body in the intake."""
        (found,) = await self.stored()
        return found


@asynccontextmanager
async def open_gate(
    path: Path, monkeypatch: pytest.MonkeyPatch, sources: Mapping[str, Any], certificates: Certificates | None = None
) -> AsyncIterator[Gate]:
    """A door for those sources; a rule without a secret of its own has the gate's, unless it is unsigned or Amazon's."""
    monkeypatch.setenv("GATE_SECRET", SECRET)
    rules = {name: {"secret": "env:GATE_SECRET"} | rule if needs_secret(rule) else rule for name, rule in sources.items()}
    settings = Settings(database_url=f"sqlite+aiosqlite:///{path / 'gate.db'}", secret_key=SecretStr("k" * 32))
    async with open_desk(settings.database_url, make_policy(sources=rules)) as desk:
        waiting = Intake(desk.services.database)
        edge = Edge(services=desk.services, settings=settings, clock=desk.clock, intake=waiting, loops=(), certificates=certificates)
        async with TestClient(TestServer(build(edge))) as client:
            yield Gate(desk, client, edge)
        await waiting.close()


def needs_secret(rule: Mapping[str, Any]) -> bool:
    return not rule.get("unsigned") and rule["kind"] != "cloudwatch"
