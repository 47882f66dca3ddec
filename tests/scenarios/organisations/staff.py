"""The shipped policies with people of the sandbox in them, and monitors that may post."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from ruamel.yaml import YAML

from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.messages import actions
from bot.sandbox.delivery import Answer
from bot.settings import read_policy
from tests.house import NOON, House, alert, open_house
from tests.policies import ANA, ANA_MAIL, BEN, BEN_MAIL, TIM, TIM_MAIL
from tests.scenarios.responders import do, form

PEOPLE = {
    "tim": {"name": "Tim", "slack": "U0TIM", "phone": TIM, "email": TIM_MAIL},
    "ana": {"name": "Ana", "slack": "U0ANA", "phone": ANA, "email": ANA_MAIL},
    "ben": {"name": "Ben", "slack": "U0BEN", "phone": BEN, "email": BEN_MAIL},
    "vic": {"name": "Vic", "slack": "U0VIC", "access": "viewer"},
}
SOURCES = {
    "prometheus": {"kind": "alertmanager", "secret": "env:PROMETHEUS_SECRET"},
    "sentry": {"kind": "generic", "unsigned": True, "channel": "errors"},
    "synthetic": {"kind": "generic", "unsigned": True, "channel": "synthetic"},
    "uptime": {"kind": "generic", "unsigned": True, "channel": "uptime"},
    "deploys": {"kind": "generic", "unsigned": True, "channel": "delivery"},
}
TOKENS = [{"name": "cli", "secret": "env:MUSTER_API_TOKEN", "access": "responder", "person": "ana"}]


def policy_of(name: str, groups: Mapping[str, Sequence[str]], **changes: Any) -> Policy:
    """The shipped policy of that name, extended as an organisation extends it: with people, groups and monitors."""
    overlay = {"extends": name, "people": PEOPLE, "groups": dict(groups), "sources": SOURCES, "tokens": TOKENS} | changes
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(overlay, text)
    return load_policy("own", lambda wanted: ("own.yml", text.getvalue()) if wanted == "own" else read_policy(wanted))


@asynccontextmanager
async def house_of(database_url: str, name: str, groups: Mapping[str, Sequence[str]], **changes: Any) -> AsyncIterator[House]:
    """A house that lives under the shipped policy of that name."""
    async with open_house(database_url, policy_of(name, groups, **changes)) as opened:
        yield opened


async def hear(house: House, source: str, title: str, state: str = "firing", **said: Any) -> None:
    """Posts what a monitor of that source says of the trouble with that title, and lets everything follow."""
    body = {"title": title, "status": state, **said}
    async with house.http.post(f"{house.bot.url}/alerts/{source}", json=body) as response:
        assert response.status == 202, await response.text()
    await house.settle()


async def report(house: House, status: str = "firing", title: str = "High error rate", **labels: str) -> None:
    """Posts what Alertmanager says of an alert with those labels, and lets everything follow."""
    body = alert(status, NOON, str(labels.get("alertname", "f1")), **labels)
    body["alerts"][0]["annotations"]["summary"] = title
    response = await house.post_alert(body)
    assert response.status == 202, await response.text()
    await house.settle()


def channel(house: House, number: int = 1) -> str:
    """The name of an incident's channel."""
    found = (channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith(f"inc-{number}-"))
    return next(found)


async def say(house: House, text: str, user: str = "U0ANA") -> str:
    """What ``/incident text`` is answered with in the channel of the first incident."""
    return await do(house, text, user, channel(house))


async def end(house: House, user: str = "U0ANA", **fields: str) -> Answer:
    """Presses Resolve on the card and fills the form in, the questions in their order as ``first``, ``second``."""
    name = channel(house)
    ts = house.sandbox.slack.channel(name).pins[0]
    await house.sandbox.slack.click(user, name, ts, actions.RESOLVE)
    view = await form(house, user, actions.RESOLVE)
    questions = [str(block["block_id"]) for block in view.body["blocks"] if str(block.get("block_id", "")).startswith("question")]
    named = {"first": questions[:1], "second": questions[1:2]}
    values = {(named[field] or [field])[0] if field in named else field: {"value": value} for field, value in fields.items()}
    answer = await house.sandbox.slack.submit(user, view.id, values)
    await house.settle()
    return answer


async def owed(house: House) -> dict[str, float]:
    """The minutes after the opening at which each clock's first promise is due."""
    shown = await house.show("INC-1")
    first: dict[str, float] = {}
    for promise in shown["promises"]:
        due = (datetime.fromisoformat(promise["due_at"]) - datetime.fromisoformat(shown["opened_at"])).total_seconds() / 60
        first.setdefault(promise["clock"], due)
    return first


def sections(markdown: str, wanted: Sequence[str]) -> list[str]:
    """Those of the wanted headings that a write-up has, in its order."""
    return [line.removeprefix("## ") for line in markdown.splitlines() if line.startswith("## ") and line.removeprefix("## ") in wanted]
