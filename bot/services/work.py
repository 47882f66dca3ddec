"""One use case, one transaction: how services get at the database, the time and the policy.

A use case is ``async def verb(work, …)``. An edge opens the transaction with ``services.run(verb, …)``; a service that needs another
one calls it with the ``work`` it has. When somebody else was first (Conflict) the whole use case runs again on fresh rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot import crashpoints
from bot.clock import Clock
from bot.crashpoints import CrashPoint
from bot.domain.policy import Policy
from bot.domain.security import Refusals
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.errors import Conflict
from bot.store import policies
from bot.store import timeline as timeline_rows
from bot.store.database import Database, Transaction
from bot.telemetry import current_request_id

P = ParamSpec("P")
T = TypeVar("T")
_RUNS = 8
Links = Callable[[str, datetime], str]
"""Makes the signed address of a page's acknowledgement from its id and the present moment."""


@dataclass(slots=True)
class UnitOfWork:
    """One transaction with the moment it happens at and the policy in force."""

    tx: Transaction
    now: datetime
    policy: Policy
    limits: tuple[str, ...] = ()
    request_id: str | None = None
    links: Links | None = None
    group_names: Mapping[str, str] = field(default_factory=dict)

    def link_to(self, page_id: str) -> str | None:
        """The address by which a page is acknowledged from a mail; None where nobody could reach us by it."""
        return None if self.links is None else self.links(page_id, self.now)

    async def policy_of(self, digest: str) -> Policy:
        """The policy that an incident was opened under, whichever is in force now."""
        return self.policy if digest == self.policy.digest else await policies.get_policy(self.tx, digest)

    async def write(
        self,
        kind: EntryKind,
        incident_id: str | None,
        *,
        actor_id: str | None = None,
        text: str | None = None,
        at: datetime | None = None,
        refers_to: str | None = None,
        message_ts: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> TimelineEntry:
        """Writes an entry into the incident's timeline, or into the audit stream when there is no incident."""
        return await timeline_rows.add_entry(
            self.tx,
            kind,
            at=at or self.now,
            recorded_at=self.now,
            incident_id=incident_id,
            actor_id=actor_id,
            facts=facts,
            text=text,
            refers_to=refers_to,
            message_ts=message_ts,
        )

    async def write_all(self, kind: EntryKind, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Writes an entry of that kind into many incidents' timelines, for each pair of an incident's id and facts, in their order."""
        await timeline_rows.add_entries(self.tx, kind, entries, self.now)


@dataclass(slots=True)
class Services:
    """What the edges hold: opens transactions for use cases."""

    database: Database
    clock: Clock
    policy: Policy
    limits: tuple[str, ...] = field(default=())
    links: Links | None = None
    group_names: dict[str, str] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=Refusals)
    behind_until: float = 0.0

    @property
    def behind(self) -> bool:
        """Whether timers fire late just now, so that whoever else writes had better give way a little."""
        return self.clock.monotonic() < self.behind_until

    def _unit(self, tx: Transaction) -> UnitOfWork:
        return UnitOfWork(tx, self.clock.now(), self.policy, self.limits, current_request_id(), self.links, self.group_names)

    async def run(self, use_case: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the use case gives back, after its commit; raises Refused, or Conflict when it lost every time."""
        for left in reversed(range(_RUNS)):
            try:
                return await self._once(use_case, *args, **kwargs)
            except Conflict:
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def _once(self, use_case: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        step = use_case.__name__
        async with self.database.transaction() as tx:
            result = await use_case(self._unit(tx), *args, **kwargs)
            crashpoints.reach(CrashPoint.BEFORE_COMMIT, step)
        crashpoints.reach(CrashPoint.AFTER_COMMIT, step)
        return result

    async def read(self, use_case: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a use case that only reads gives back."""
        async with self.database.reading() as tx:
            return await use_case(self._unit(tx), *args, **kwargs)

    async def wait(self, name: str, timeout: float) -> bool:
        """True when a commit said that there may be work called ``name``, False after ``timeout`` real seconds."""
        return await self.database.wakes.wait(name, timeout)
