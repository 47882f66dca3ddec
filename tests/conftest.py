"""Databases: every test that asks for ``database_url`` is run on SQLite and on PostgreSQL, each time on an empty one."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import web_app
from sqlalchemy.engine import URL

from tests import postgres
from tests.house import SECRETS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says every reason for which tests were skipped once, however many they were."""
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-variant", action="store_true", help="tell each scenario in every mode of Slack on every database")


@pytest.fixture(scope="session", autouse=True)
def secrets_of_the_policy() -> Iterator[None]:
    os.environ.update(SECRETS)
    yield
    for name in SECRETS:
        del os.environ[name]


@pytest.fixture(autouse=True)
def forget_applications() -> Iterator[None]:
    """aiohttp remembers its latest handlers with their applications: every bot of a run would be kept, and looking for garbage slow."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with postgres.server() as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}"
        return
    async with _empty_postgres(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
async def postgres_url(postgres_server: URL) -> AsyncIterator[str]:
    """The address of an empty PostgreSQL database, for what is told on that alone."""
    async with _empty_postgres(postgres_server) as url:
        yield url


@asynccontextmanager
async def _empty_postgres(server: URL) -> AsyncIterator[str]:
    name = f"muster_{uuid4().hex}"
    await _execute(server, f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(server: URL, statement: str) -> None:
    host = server.query.get("host") or server.host
    connection = await asyncpg.connect(
        host=str(host), port=server.port, user=server.username, password=server.password, database=server.database
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
