"""The door alone: every route over the use cases and a real database, with nobody behind it who sends anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from bot.domain.incidents import Incident
from bot.domain.pages import Page
from bot.settings import Settings
from bot.store.intake import Intake
from bot.web import Edge, build
from tests.policies import TIM, calling_by, make_policy
from tests.services.desk import Desk, open_desk

PUBLIC = "https://bot.example.com/muster"
TOKEN = "auth-token-of-a-test"
KEY = "k" * 32


@dataclass
class Door:
    """The routes, and the desk behind them."""

    desk: Desk
    client: TestClient[Any, Any]
    edge: Edge

    async def call_out(self) -> tuple[Incident, Page]:
        """An incident with its first page, sent as ``SM`` and the page's id."""
        incident = await self.desk.declare()
        assert await self.desk.send_pages()
        return incident, (await self.desk.pages(incident))[0]

    async def twilio(self, path: str, fields: Mapping[str, str], **headers: str) -> ClientResponse:
        """The answer to a callback, signed as Twilio signs it unless the headers say otherwise."""
        signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", dict(fields))
        headers = headers or {"X-Twilio-Signature": signature}
        response = await self.client.post(path, data=dict(fields), headers=headers)
        await response.read()
        return response

    async def spoken(self, path: str, **fields: str) -> Element:
        """The document that a call gets, which has to be one."""
        response = await self.twilio(path, {"CallSid": "CA1", "To": TIM, "CallStatus": "in-progress", **fields})
        assert (response.status, response.content_type) == (200, "text/xml")
        return fromstring(await response.text())

    async def status(self, **fields: str) -> int:
        """What a receipt is answered with."""
        return (await self.twilio("/twilio/status", fields)).status

    async def said_back(self, sender: str, text: str, sid: str = "SM1", **more: str) -> list[str]:
        """What the bot answers to a reply."""
        response = await self.twilio("/twilio/message", {"MessageSid": sid, "From": sender, "Body": text, "NumMedia": "0", **more})
        assert (response.status, response.content_type) == (200, "text/xml")
        return [message.text or "" for message in fromstring(await response.text()).iter("Message")]


@asynccontextmanager
async def open_door(path: Path, *roads: str, secret_key: str | None = KEY) -> AsyncIterator[Door]:
    """A door in front of an empty SQLite database, at noon, time standing still."""
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{path / 'door.db'}",
        public_url=PUBLIC,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_sms_from="+15550100000",
        secret_key=None if secret_key is None else SecretStr(secret_key),
    )
    async with open_desk(settings.database_url, make_policy(**calling_by(*roads))) as desk:
        intake = Intake(desk.services.database)
        edge = Edge(services=desk.services, settings=settings, clock=desk.clock, intake=intake, loops=())
        async with TestClient(TestServer(build(edge))) as client:
            yield Door(desk, client, edge)
        await intake.close()
