"""How the database is: its schema, and on SQLite its file; for ``muster doctor``. Only reads."""

from __future__ import annotations

import os
from dataclasses import dataclass

from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.store import schema
from bot.store.database import Database

_SOUND = "ok"
_MOST_FLAWS = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """``revision`` is the schema it has (None: none yet), ``newest`` the one that this version wants.

    ``flaws`` is what SQLite's own check found, ``journal_mode`` its way of writing; None with PostgreSQL.
    """

    revision: str | None
    newest: str
    journal_mode: str | None
    flaws: tuple[str, ...]

    @property
    def is_migrated(self) -> bool:
        """Whether it has the schema of this version."""
        return self.revision == self.newest


async def examine(database: Database) -> Condition:
    """The condition of a database that is there; raises what its driver raises when it cannot be opened or read."""
    async with database.reading() as reading:
        revision = await reading.connection.run_sync(_revision)
        if not database.is_sqlite:
            return Condition(revision, schema.head(), None, ())
        mode = (await reading.connection.execute(text("PRAGMA journal_mode"))).scalar()
        lines = (await reading.connection.execute(text(f"PRAGMA quick_check({_MOST_FLAWS})"))).scalars().all()
    return Condition(revision, schema.head(), str(mode), tuple(str(line) for line in lines if line != _SOUND))


def unwritable(database: Database) -> str | None:
    """The file or folder of a SQLite database that may not be written to; None when all may, and with PostgreSQL."""
    path = database.sqlite_path
    if path is None:
        return None
    places = [path, path.parent] if path.is_file() else [path.parent]
    return next((str(place.absolute()) for place in places if not os.access(place, os.W_OK)), None)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
