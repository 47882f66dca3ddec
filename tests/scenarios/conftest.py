"""Every scenario is told twice: Slack over HTTP on PostgreSQL, and in Socket Mode on SQLite; ``--every-variant`` tells all four.

One that names its own way in (``house`` parametrized by the test) is told on both databases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House, open_house

USUAL = {(False, "postgresql"), (True, "sqlite")}
"""A workspace behind a public address with a database server, and the ten minutes' start without either."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--every-variant"):
        return
    left_out = [item for item in items if _unusual(item)]
    items[:] = [item for item in items if not _unusual(item)]
    config.hook.pytest_deselected(items=left_out)


def _unusual(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if not {"house", "database_url"} <= set(params):
        return False
    named = any("house" in str(mark.args[0]).split(",") for mark in item.iter_markers("parametrize"))
    return not named and (params["house"], params["database_url"]) not in USUAL


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, socket_mode=request.param) as opened:
        yield opened
