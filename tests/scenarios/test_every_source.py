"""Every kind of monitor, end to end: its sample is posted over HTTP as that monitor posts, declares once, and recovers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.routing import SourceKind
from bot.services.work import UnitOfWork
from bot.sources import SOURCES
from bot.sources.posting import Post, post_of
from bot.sources.samples import load
from bot.store.tables import alerts
from tests.house import NOON, House, open_house
from tests.policies import make_policy
from tests.web.amazon import SUBSCRIBE_URL, TOPIC, Amazon, confirmation, notification, open_amazon

SECRET = "secret-of-every-source"
ROUTES = [{"name": "everything", "match": {}, "action": "declare", "severity": "P1"}]
RULES: dict[str, Any] = {kind.value: {"kind": kind.value, "secret": "env:EVERY_SECRET"} for kind in SourceKind}
RULES["cloudwatch"] = {"kind": "cloudwatch", "topics": [TOPIC]}


@dataclass
class Neighbourhood:
    """A running bot, and the SNS beside it."""

    house: House
    amazon: Amazon

    async def post(self, kind: SourceKind, state: str, secret: str = SECRET) -> tuple[int, str]:
        """The status and the receipt of a sample, posted as its monitor would."""
        post = await self.sample(kind, state, secret)
        url = f"{self.house.bot.url}/alerts/{kind.value}{post.address}"
        async with self.house.http.request(post.method, url, data=post.body or None, headers=post.headers) as response:
            said = await response.json() if response.content_type == "application/json" else {}
            return response.status, response.headers.get("X-Muster-Receipt") or said.get("receipt", "")

    async def sample(self, kind: SourceKind, state: str, secret: str) -> Post:
        sample, rule = load(kind, state, NOON, secret), self.house.bot.policy.sources[kind.value]
        assert sample is not None
        post = post_of(sample, SOURCES[kind], rule, secret)
        if kind is not SourceKind.CLOUDWATCH:
            return post
        body = json.loads(post.body)
        signed = notification(body["Message"], number=1 if secret == SECRET else 2, MessageId=state, Subject=body.get("Subject", "ALARM"))
        return Post(post.method, post.address, post.headers, json.dumps(signed).encode())

    async def alerts(self) -> list[dict[str, Any]]:
        """Every occurrence that is known."""

        async def look(work: UnitOfWork) -> list[dict[str, Any]]:
            return [dict(row) for row in (await work.tx.run(select(alerts))).mappings()]

        return await self.house.bot.services.read(look)

    async def outcome(self, receipt: str) -> dict[str, Any]:
        async with self.house.http.get(f"{self.house.bot.url}/alerts/receipts/{receipt}") as response:
            return dict(await response.json())

    def confirmed(self) -> bool:
        return any("ConfirmSubscription" in asked for asked in self.amazon.asked)


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Neighbourhood]:
    monkeypatch.setenv("EVERY_SECRET", SECRET)
    policy = make_policy(sources=RULES, routes=ROUTES)
    async with open_amazon() as amazon, open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", policy) as house:
        house.bot._sns._api_url = amazon.url
        yield Neighbourhood(house, amazon)


@pytest.mark.parametrize("kind", list(SourceKind), ids=lambda kind: kind.value)
async def test_a_monitor_declares_once_however_often_it_says_so_and_recovers(here: Neighbourhood, kind: SourceKind) -> None:
    assert (await here.post(kind, "firing", "wrong"))[0] in (401, 403)

    status, receipt = await here.post(kind, "firing")
    assert 200 <= status < 300
    await here.house.settle()
    became = await here.outcome(receipt)
    assert became["state"] == "done", became["error"]
    assert [(one["disposition"], one["incident"]) for one in became["outcome"]] == [("declared", "INC-1")]

    assert (await here.post(kind, "firing"))[0] == status
    await here.house.settle()
    (alert,) = await here.alerts()
    assert (alert["status"], alert["unreadable"]) == ("firing", None)
    assert (await here.house.show("INC-2")).get("code") == "not_found"

    if load(kind, "resolved", NOON, SECRET) is not None:
        assert 200 <= (await here.post(kind, "resolved"))[0] < 300
        await here.house.settle()
        assert [one["status"] for one in await here.alerts()] == ["resolved"]


async def test_no_secret_of_any_source_is_in_the_database(here: Neighbourhood, tmp_path: Path) -> None:
    for kind in SourceKind:
        await here.post(kind, "firing")
    await here.house.settle()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("muster.db"))
    assert len(held) > 10_000
    assert SECRET.encode() not in held


async def ask_to_subscribe(here: Neighbourhood, **changes: Any) -> int:
    url, body = f"{here.house.bot.url}/alerts/cloudwatch", json.dumps(confirmation(**changes)).encode()
    async with here.house.http.post(url, data=body, headers={"Content-Type": "text/plain; charset=UTF-8"}) as response:
        return response.status


async def test_the_subscription_of_a_named_topic_is_confirmed_once(here: Neighbourhood) -> None:
    assert await ask_to_subscribe(here) == 202
    await here.house.settle()
    asked = [path for path in here.amazon.asked if "ConfirmSubscription" in path]
    assert len(asked) == 1
    assert asked[0].partition("?")[2].split("&")[0] == SUBSCRIBE_URL.partition("?")[2].split("&")[0]
    assert await here.alerts() == []


async def test_the_subscription_of_another_topic_is_not_confirmed(here: Neighbourhood) -> None:
    assert await ask_to_subscribe(here, TopicArn="arn:aws:sns:eu-west-1:999999999999:other") == 403
    await here.house.settle()
    assert here.amazon.asked == []


async def test_a_confirmation_that_sns_could_not_take_is_made_when_it_can(here: Neighbourhood) -> None:
    assert await ask_to_subscribe(here, number=1) == 202
    await here.house.eventually(here.confirmed, "the confirmation")
    here.amazon.asked.clear()
    here.amazon.status = 503
    assert await ask_to_subscribe(here, MessageId="another") == 202
    await here.house.eventually(here.confirmed, "a confirmation that is refused")
    here.amazon.status = 200
    here.amazon.asked.clear()
    await here.house.eventually(here.confirmed, "another try")
