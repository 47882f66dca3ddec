"""The demo with a policy of one's own."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.cli.cast import make_policy
from bot.cli.world import open_world

POLICY = """
extends: jovie
name: acme
sources:
  checkout-grafana: {kind: grafana, secret: env:DEMO_TEST_GRAFANA_SECRET}
routes:
  - {name: watchdog, match: {alertname: Watchdog}, action: heartbeat, heartbeat: watchdog}
  - {name: test shop, match: {environment: staging}, action: drop}
heartbeats:
  watchdog: {every: 5m, grace: 1m, severity: P0}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "acme.yml"
    path.write_text(POLICY, encoding="utf-8")
    return str(path)


def test_the_demo_keeps_the_routes_of_the_policy_behind_the_one_of_its_story(policy: str) -> None:
    made = make_policy(policy)
    assert [route.name for route in made.routes] == ["critical", "watchdog", "test shop"]
    assert made.routes[1].heartbeat == "watchdog"


async def test_the_monitors_of_the_policy_may_post_with_the_demos_secret_where_there_is_none(policy: str) -> None:
    body = {"status": "firing", "alerts": []}
    async with open_world(make_policy(policy), 0, 0) as world, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {world.alerts_secret}"}
        async with http.post(f"{world.bot_url}/alerts/checkout-grafana", json=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
