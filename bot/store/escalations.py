"""Rows of runs through the chain, of pages, and of the receipts that providers send for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.clock import new_id
from bot.domain.escalation import Position
from bot.domain.outbox import MessageState
from bot.domain.pages import Escalation, Page, PageState, ReceiptStatus, next_code
from bot.domain.severity import ClockName
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import escalations, outbox, pages, receipts

_ALIVE = pages.c.state.in_([state.value for state in PageState if state.alive])


async def add_escalation(tx: Transaction, incident_id: str, clock: ClockName, at: Position, started_at: datetime) -> Escalation:
    """The new run; a second running one of the same clock is a Conflict."""
    identity = new_id()
    values = {"incident_id": incident_id, "clock": clock.value, "level": at.level, "ring": at.ring, "round": at.round}
    await tx.add(escalations, id=identity, started_at=started_at, **values)
    return Escalation(identity, incident_id, clock, at.level, at.ring, at.round, started_at, None, None, None)


async def get_escalation(tx: Transaction, escalation_id: str) -> Escalation:
    """The run with that id, its row held until the transaction ends."""
    statement = tx.select(escalations, escalations.c.id == escalation_id).with_for_update()
    return as_noun(Escalation, (await tx.run(statement)).mappings().one())


async def list_running(tx: Transaction, incident_id: str) -> list[Escalation]:
    """The runs of an incident that are still ringing somebody."""
    where = (escalations.c.incident_id == incident_id, escalations.c.ended_at.is_(None))
    rows = await tx.run(tx.select(escalations, *where).order_by(escalations.c.id).with_for_update())
    return as_nouns(Escalation, rows.mappings())


async def is_running(tx: Transaction, escalation_id: str) -> bool:
    """Whether a run is still ringing somebody, as it stands now; nothing is held."""
    where = (escalations.c.id == escalation_id, escalations.c.ended_at.is_(None))
    return (await tx.run(tx.select(escalations, *where))).first() is not None


async def find_running(tx: Transaction, incident_id: str, clock: ClockName) -> Escalation | None:
    """The running run of one clock."""
    return next((run for run in await list_running(tx, incident_id) if run.clock is clock), None)


async def move(tx: Transaction, escalation_id: str, to: Position) -> None:
    """Writes down where the run stands now."""
    statement = tx.update(escalations, escalations.c.id == escalation_id, escalations.c.ended_at.is_(None))
    await tx.must_change(statement.values(level=to.level, ring=to.ring, round=to.round), "the chain")


async def mark_ended(tx: Transaction, escalation_id: str, at: datetime, reason: str, by: str | None) -> None:
    """Ends the run, saying who ended it and why."""
    statement = tx.update(escalations, escalations.c.id == escalation_id, escalations.c.ended_at.is_(None))
    await tx.run(statement.values(ended_at=at, ended_reason=reason, ended_by=by))


async def add_page(tx: Transaction, escalation: Escalation, person_id: str, road: str, address: str, queued_at: datetime) -> Page:
    """The new pending page with a short code that no other live page of that number holds."""
    code = await _free_code(tx, address)
    values = {
        "incident_id": escalation.incident_id,
        "escalation_id": escalation.id,
        "person_id": person_id,
        "road": road,
        "address": address,
        "code": code,
        "level": escalation.level,
        "ring": escalation.ring,
        "round": escalation.round,
        "state": PageState.PENDING.value,
        "queued_at": queued_at,
    }
    added = tx.insert(pages, id=new_id(), **values).returning(*pages.c)
    return as_noun(Page, (await tx.run(added)).mappings().one())


async def _free_code(tx: Transaction, address: str) -> int:
    newest = tx.select(pages, pages.c.address == address).order_by(pages.c.queued_at.desc(), pages.c.id.desc()).limit(1)
    last = (await tx.run(newest)).mappings().first()
    alive = await list_alive_at(tx, address)
    return next_code(None if last is None else last["code"], frozenset(page.code for page in alive))


async def get_page(tx: Transaction, page_id: str) -> Page:
    """The page with that id."""
    return as_noun(Page, (await tx.run(tx.select(pages, pages.c.id == page_id))).mappings().one())


async def find_page(tx: Transaction, page_id: str) -> Page | None:
    """The page with that id, where an address of the web names it."""
    row = (await tx.run(tx.select(pages, pages.c.id == page_id))).mappings().first()
    return None if row is None else as_noun(Page, row)


async def list_pages(tx: Transaction, incident_id: str) -> list[Page]:
    """Every page of an incident, in the order in which they were queued."""
    statement = tx.select(pages, pages.c.incident_id == incident_id).order_by(pages.c.queued_at, pages.c.id)
    return as_nouns(Page, (await tx.run(statement)).mappings())


async def list_alive_at(tx: Transaction, address: str) -> list[Page]:
    """The pages to a number that still await an answer, newest first."""
    statement = tx.select(pages, pages.c.address == address, _ALIVE).order_by(pages.c.id.desc())
    return as_nouns(Page, (await tx.run(statement)).mappings())


async def find_by_code(tx: Transaction, address: str, code: int) -> Page | None:
    """The newest page to a number with that short code, alive or not."""
    where = (pages.c.address == address, pages.c.code == code)
    row = (await tx.run(tx.select(pages, *where).order_by(pages.c.id.desc()).limit(1))).mappings().first()
    return None if row is None else as_noun(Page, row)


async def count_pages_to(tx: Transaction, person_id: str, since: datetime) -> int:
    """How many pages to a person were queued at or after ``since``, by whichever road."""
    where = (tx.within(pages), pages.c.person_id == person_id, pages.c.queued_at >= since)
    return await tx.connection.scalar(select(func.count()).select_from(pages).where(*where)) or 0


async def was_paged_since(tx: Transaction, address: str, since: datetime) -> bool:
    """Whether a number was paged at all at or after that moment."""
    row = (await tx.run(tx.select(pages, pages.c.address == address, pages.c.queued_at >= since).limit(1))).first()
    return row is not None


async def find_by_provider_id(tx: Transaction, provider_id: str) -> Page | None:
    """The page that a provider knows by that id."""
    row = (await tx.run(tx.select(pages, pages.c.provider_id == provider_id))).mappings().first()
    return None if row is None else as_noun(Page, row)


async def list_alive_of(tx: Transaction, escalation_id: str) -> list[Page]:
    """The pages of a run that still await an answer."""
    rows = await tx.run(tx.select(pages, pages.c.escalation_id == escalation_id, _ALIVE).order_by(pages.c.id))
    return as_nouns(Page, rows.mappings())


async def list_of_ring(tx: Transaction, escalation: Escalation) -> list[Page]:
    """The pages of the ring at which a run stands."""
    position = (pages.c.round == escalation.round, pages.c.level == escalation.level, pages.c.ring == escalation.ring)
    rows = await tx.run(tx.select(pages, pages.c.escalation_id == escalation.id, *position))
    return as_nouns(Page, rows.mappings())


async def mark_page(tx: Transaction, page_id: str, state: PageState, **values: Any) -> bool:
    """Moves a live page on; False when it had ended already."""
    statement = tx.update(pages, pages.c.id == page_id, _ALIVE).values(state=state.value, **values)
    return await tx.changed(statement) == 1


async def note_provider_id(tx: Transaction, page_id: str, provider_id: str | None, sent_at: datetime) -> None:
    """Remembers what the provider calls a page that had ended before its sending was recorded."""
    where = (pages.c.id == page_id, pages.c.provider_id.is_(None))
    await tx.run(tx.update(pages, *where).values(provider_id=provider_id, sent_at=sent_at))


async def stop_pages(tx: Transaction, stopped: Sequence[Page], at: datetime) -> None:
    """Ends live pages and takes their unsent messages back, so that no sender will claim them (complaint 5)."""
    identities = [page.id for page in stopped]
    if not identities:
        return
    await tx.run(tx.update(pages, pages.c.id.in_(identities), _ALIVE).values(state=PageState.STOPPED.value, ended_at=at))
    waiting = (outbox.c.page_id.in_(identities), outbox.c.state == MessageState.PENDING.value)
    await tx.run(tx.update(outbox, *waiting).values(state=MessageState.CANCELLED.value, finished_at=at))


async def hold_receipts(tx: Transaction, provider_id: str, now: datetime) -> None:
    """Has who writes down a provider's id and who takes a receipt for it go one after the other: the second sees what the first did.

    To be called before anything else is held. The first receipt of all, that the provider took the message, stands for the others.
    """
    queued = {"provider_id": provider_id, "status": ReceiptStatus.QUEUED.value}
    first = tx.select(receipts, *(receipts.c[name] == value for name, value in queued.items()))
    if (await tx.run(first.with_for_update())).first() is None:
        await tx.add(receipts, id=new_id(), received_at=now, error_code=None, **queued)


async def add_receipt(tx: Transaction, provider_id: str, status: ReceiptStatus, error_code: str | None, received_at: datetime) -> bool:
    """Whether the receipt is new; the same status of the same message is taken once."""
    known = (receipts.c.provider_id == provider_id, receipts.c.status == status.value)
    if (await tx.run(tx.select(receipts, *known))).first() is not None:
        return False
    values = {"provider_id": provider_id, "status": status.value, "error_code": error_code}
    await tx.add(receipts, id=new_id(), received_at=received_at, **values)
    return True


async def list_receipts(tx: Transaction, provider_id: str) -> list[tuple[ReceiptStatus, str | None]]:
    """What a provider said of one message, as far as it was heard: also before we knew whose it was."""
    rows = await tx.run(tx.select(receipts, receipts.c.provider_id == provider_id).order_by(receipts.c.id))
    return [(ReceiptStatus(row["status"]), row["error_code"]) for row in rows.mappings()]


RECENT = timedelta(hours=24)
"""How long after a page its number counts as paged, so that a late reply gets an answer."""
