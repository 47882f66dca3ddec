"""The use cases on a real database, with nobody at the edges: the test moves the clock, fires what is due and plays the provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from bot.clock import SteeredClock
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident, Purpose, Road
from bot.domain.outbox import Kind, OutboxMessage, Receipt
from bot.domain.pages import Escalation, Page
from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import Promise
from bot.services import declarations, deliveries, health, incidents, people, replies, signals, timers
from bot.services.incidents import Acknowledged
from bot.services.work import Services, UnitOfWork
from bot.store import escalations as escalation_rows
from bot.store import incidents as incident_rows
from bot.store import promises as promise_rows
from bot.store import schema
from bot.store import timeline as timeline_rows
from bot.store.database import Database, Scope
from bot.store.tables import outbox
from bot.store.tables import timers as timer_table
from tests.house import NOON
from tests.policies import make_policy

LEASE = timedelta(seconds=30)
T = TypeVar("T")
TITLE = "Checkout returns 500"


@dataclass
class Desk:
    """Services over a migrated database, and the ways a test looks at what they did."""

    services: Services
    clock: SteeredClock
    names: dict[str, Member]

    async def run(self, use_case: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """What a use case gives back, after its commit."""
        return await self.services.run(use_case, *args, **kwargs)

    async def read(self, look: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        return await self.services.read(look)

    def id_of(self, key: str) -> str:
        return self.names[key].id

    async def activate(self, policy: Policy) -> None:
        """Puts a policy in force, as a start of the program does."""
        self.services.policy = policy
        await self.run(people.activate_policy)
        await self.run(signals.follow_policy)
        self.names = {key: await self.run(people.by_key, key) for key in policy.people}

    async def declare(self, title: str = TITLE, severity: str = "P0", token: str = "t", **more: Any) -> Incident:
        declared = await self.run(declarations.declare, Declaration(token, title, severity, **more))
        return declared.incident

    async def acknowledge(self, incident: Incident, key: str) -> Acknowledged:
        return await self.run(incidents.acknowledge, incident.id, self.id_of(key), Road.SLACK)

    async def update(self, incident: Incident, key: str, text: str = "rolled back", **more: Any) -> Incident:
        return await self.run(incidents.update, incident.id, self.id_of(key), text, **more)

    async def reply(self, address: str, text: str) -> str | None:
        return await self.run(replies.receive, address, text)

    async def receipt(self, page: Page, word: str, error_code: str | None = None) -> None:
        """The provider's word on a page that was sent."""
        await self.run(replies.receive_receipt, f"SM{page.id}", word, error_code)

    async def tick(self) -> None:
        """Fires everything that is due at this moment."""
        while await self.run(timers.fire_next) is not None:
            pass

    async def travel(self, **span: float) -> None:
        """Moves the clock on by a span, stopping at every timer on the way."""
        target = self.clock.now() + timedelta(**span)
        while (due := await self.services.read(timers.next_due)) is not None and due <= target:
            self.clock.set(max(due, self.clock.now()))
            await self.tick()
        self.clock.set(target)

    async def send_pages(self) -> list[str]:
        """Sends every page that may be sent, as ``SM`` and the page's id; gives back the numbers they went to."""
        sent = []
        for message in await self.claim():
            if message.id in await self.run(deliveries.prepare, [message], LEASE):
                await self.run(deliveries.record, message, Receipt(f"SM{message.page_id}", {}))
                sent.append(message.words["to"])
        return sent

    async def claim(self, *, pages: bool = True) -> list[OutboxMessage]:
        claimed: list[OutboxMessage] = await self.run(deliveries.claim, "desk", LEASE, 50, pages=pages)
        return claimed

    async def incident(self, incident: Incident) -> Incident:
        return await self.read(lambda work: incident_rows.get_incident(work.tx, incident.id))

    async def pages(self, incident: Incident) -> list[Page]:
        return await self.read(lambda work: escalation_rows.list_pages(work.tx, incident.id))

    async def rung(self, incident: Incident) -> list[tuple[float, str]]:
        """Who was rung after how many minutes, in order; who is rung at one moment, by name."""
        by_id = {member.id: key for key, member in self.names.items()}
        rung = [((page.queued_at - NOON) / timedelta(minutes=1), by_id[page.person_id]) for page in await self.pages(incident)]
        return sorted(rung)

    async def running(self, incident: Incident) -> list[Escalation]:
        return await self.run(lambda work: escalation_rows.list_running(work.tx, incident.id))

    async def promises(self, incident: Incident) -> list[Promise]:
        return await self.read(lambda work: promise_rows.list_promises(work.tx, incident.id))

    async def owed(self, incident: Incident) -> dict[ClockName, Promise]:
        """The promises that are still open, by clock."""
        open_ones = [p for p in await self.promises(incident) if p.kept_at is None and p.withdrawn_at is None]
        return {promise.clock: promise for promise in open_ones}

    async def entries(self, incident: Incident) -> list[EntryKind]:
        found = await self.read(lambda work: timeline_rows.list_entries(work.tx, incident.id))
        return [entry.kind for entry in found]

    async def said(self, incident: Incident, purpose: Purpose = Purpose.INCIDENT) -> list[str]:
        """What is to be posted in the incident's channel, or where it was announced, oldest first."""
        where = (outbox.c.kind == Kind.POST.value, outbox.c.lane == f"{purpose.value}:{incident.id}")
        rows = await self.read(lambda work: work.tx.run(select(outbox.c.words).where(*where).order_by(outbox.c.id)))
        return [words["text"] for (words,) in rows]

    async def states(self, kind: Kind) -> dict[str, int]:
        """How many messages of a kind are in which state."""
        rows = await self.read(lambda work: work.tx.run(select(outbox.c.state).where(outbox.c.kind == kind.value)))
        return dict(Counter(state for (state,) in rows))

    async def armed(self, incident: Incident) -> list[str]:
        """The kinds of the timers that have neither fired nor been cancelled."""
        waiting = (timer_table.c.fired_at.is_(None), timer_table.c.cancelled_at.is_(None))
        statement = select(timer_table.c.kind).where(timer_table.c.incident_id == incident.id, *waiting)
        rows = await self.read(lambda work: work.tx.run(statement))
        return sorted(kind for (kind,) in rows)

    async def verifies(self) -> bool:
        """Whether every timeline verifies, and holds anything at all."""
        counted, flaws = await self.services.read(health.verify_audit)
        return counted > 0 and not flaws


@asynccontextmanager
async def open_desk(database_url: str, policy: Policy | None = None) -> AsyncIterator[Desk]:
    """A desk on an empty database, at noon, time standing still."""
    clock = SteeredClock(NOON, speed=0)
    database = Database(database_url, Scope("acme", "main"), clock)
    await schema.migrate(database.url)
    desk = Desk(Services(database, clock, policy or make_policy()), clock, {})
    try:
        await desk.activate(desk.services.policy)
        yield desk
    finally:
        await database.close()
