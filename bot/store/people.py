"""Rows of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bot.clock import new_id
from bot.domain.access import Access
from bot.domain.people import Member
from bot.errors import NotFound
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import people


async def _find(tx: Transaction, *where: Any) -> Member | None:
    row = (await tx.run(tx.select(people, *where))).mappings().first()
    return None if row is None else as_noun(Member, row)


async def get_person(tx: Transaction, person_id: str) -> Member:
    """The person with that id; raises NotFound."""
    found = await _find(tx, people.c.id == person_id)
    if found is None:
        raise NotFound("That person is not known here.")
    return found


async def find_by_key(tx: Transaction, key: str) -> Member | None:
    """The person whom the policy calls ``key``."""
    return await _find(tx, people.c.key == key)


async def find_by_slack(tx: Transaction, user_id: str) -> Member | None:
    """The person with that Slack user id."""
    return await _find(tx, people.c.slack_user_id == user_id)


async def find_by_phone(tx: Transaction, phone: str) -> Member | None:
    """The person whose number (E.164) that is."""
    return await _find(tx, people.c.phone == phone)


async def list_by_keys(tx: Transaction, keys: Iterable[str]) -> list[Member]:
    """The people of those keys, in the order of the keys."""
    order = list(keys)
    rows = await tx.run(tx.select(people, people.c.key.in_(order)))
    return sorted(as_nouns(Member, rows.mappings()), key=lambda member: order.index(member.key or ""))


async def list_by_ids(tx: Transaction, person_ids: Collection[str]) -> list[Member]:
    """The people with those ids, in no order."""
    if not person_ids:
        return []
    return as_nouns(Member, (await tx.run(tx.select(people, people.c.id.in_(person_ids)))).mappings())


async def list_names(tx: Transaction, person_ids: Iterable[str | None]) -> dict[str, str]:
    """The names of those people, by id."""
    wanted = {person_id for person_id in person_ids if person_id}
    if not wanted:
        return {}
    rows = await tx.run(tx.select(people, people.c.id.in_(wanted)))
    return {row["id"]: row["name"] for row in rows.mappings()}


async def list_policy_people(tx: Transaction) -> list[Member]:
    """Everybody who came from a policy."""
    rows = await tx.run(tx.select(people, people.c.key.is_not(None)))
    return as_nouns(Member, rows.mappings())


async def add_person(tx: Transaction, *, name: str, access: Access, **values: Any) -> Member:
    """A new person; key, Slack id and number are each unique, else Conflict."""
    identity = new_id()
    await tx.add(people, id=identity, name=name, access=access.value, **values)
    return await get_person(tx, identity)


async def change_person(tx: Transaction, person_id: str, **values: Any) -> None:
    """Writes the given columns of a person."""
    await tx.run(tx.update(people, people.c.id == person_id).values(**values))


async def find_phone_code(tx: Transaction, person_id: str) -> tuple[str | None, datetime | None]:
    """The digest of the code that waits for a person, and until when it may be typed; the moment outlives a code that was spent."""
    row = (await tx.run(tx.select(people, people.c.id == person_id))).mappings().one()
    return row["phone_code"], row["phone_code_until"]


async def mark_opted_out(tx: Transaction, person_id: str, at: datetime | None) -> None:
    """Remembers that a number's owner wrote STOP; None takes it back."""
    await change_person(tx, person_id, opted_out_at=at)
