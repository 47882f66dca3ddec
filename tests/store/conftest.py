"""A migrated database, its clock in the test's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.clock import SteeredClock
from bot.store import schema
from bot.store.database import Database, Scope
from tests.house import NOON


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, Scope("acme", "main"), SteeredClock(NOON, speed=0))
    await schema.migrate(opened.url)
    yield opened
    await opened.close()
