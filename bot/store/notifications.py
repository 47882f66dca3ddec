"""Wake-ups between replicas that share one PostgreSQL, over LISTEN and NOTIFY: only ever the hurry; the poll is the truth.

They go out on a connection of their own after the commit, so that a server that knows no NOTIFY, or a connection that broke, costs a
second of waiting and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import asyncpg

from bot import telemetry
from bot.store.database import Database

CHANNEL = "muster"
AGAIN_SECONDS = 1.0


class Notifications:
    """Tells the other replicas what was committed here, and wakes ours for what was committed there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._telling: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._stopped = asyncio.Event()
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Listens until ``stop``, on a new connection whenever the old one is lost."""
        self._database.announce = self._announce
        while not self._stopped.is_set():
            try:
                await self._listen()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                telemetry.logger().warning("replicas_not_heard", error=repr(error))
            if not self._stopped.is_set():
                await asyncio.sleep(AGAIN_SECONDS)

    def stop(self) -> None:
        """Ends the listening."""
        self._database.announce = None
        self._stopped.set()

    async def _listen(self) -> None:
        url = self._database.url
        connection = await asyncpg.connect(
            host=str(url.query.get("host") or url.host),
            port=url.port,
            user=url.username,
            password=url.password,
            database=url.database,
            timeout=5,
            command_timeout=5,
        )
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._connection = connection
            self.listening.set()
            ending = [asyncio.create_task(event.wait()) for event in (lost, self._stopped)]
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
            for task in ending:
                task.cancel()
        finally:
            self._connection = None
            self.listening.clear()
            connection.terminate()

    def _heard(self, _connection: Any, _process: int, _channel: str, names: Any) -> None:
        for name in str(names).split(","):
            self._database.wakes.set(name)

    def _announce(self, names: Iterable[str]) -> None:
        if self._connection is not None:
            task = asyncio.create_task(self._tell(self._connection, ",".join(sorted(names))))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, connection: Any, names: str) -> None:
        try:
            async with self._turn:  # the connection takes one statement at a time, and commits come at one moment
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, names)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            telemetry.logger().debug("replicas_not_told", error=repr(error))
