"""Rows of incidents, their roles and their channels."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from bot.clock import new_id
from bot.domain.incidents import Channel, Incident, Purpose, Role
from bot.domain.status import OPEN_STATUSES
from bot.errors import Conflict, NotFound
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import channels, incidents, roles

OPEN = incidents.c.status.in_([status.value for status in OPEN_STATUSES])


class Outline(NamedTuple):
    """What of an incident is read where very many are: its name, its owner and its policy; a whole row takes twenty times as long."""

    id: str
    number: int
    owner_id: str | None
    policy_digest: str

    @property
    def reference(self) -> str:
        """How people name it: ``INC-42``."""
        return f"INC-{self.number}"


class Opening(NamedTuple):
    """What of a channel is read where very many are: which it is, and the message that opens it."""

    incident_id: str
    purpose: Purpose
    opened_by: str | None


async def _find(tx: Transaction, *where: Any) -> Incident | None:
    row = (await tx.run(tx.select(incidents, *where))).mappings().first()
    return None if row is None else as_noun(Incident, row)


async def get_incident(tx: Transaction, incident_id: str) -> Incident:
    """The incident with that id; raises NotFound."""
    found = await _find(tx, incidents.c.id == incident_id)
    if found is None:
        raise NotFound("That incident does not exist.")
    return found


async def lock_incident(tx: Transaction, incident_id: str) -> Incident:
    """The incident with its row held until the transaction ends, so that concurrent steps queue instead of clashing."""
    row = (await tx.run(tx.select(incidents, incidents.c.id == incident_id).with_for_update())).mappings().first()
    if row is None:
        raise NotFound("That incident does not exist.")
    return as_noun(Incident, row)


async def lock_incidents(tx: Transaction, incident_ids: Collection[str]) -> set[str]:
    """The ids of those incidents whose rows are held from now on as ``lock_incident`` holds one; what somebody else holds is left out."""
    statement = select(incidents.c.id).where(tx.within(incidents), incidents.c.id.in_(incident_ids))
    return set((await tx.run(statement.order_by(incidents.c.id).with_for_update(skip_locked=True))).scalars())


async def list_by_ids(tx: Transaction, incident_ids: Collection[str]) -> list[Incident]:
    """The incidents with those ids, in no order."""
    if not incident_ids:
        return []
    return as_nouns(Incident, (await tx.run(tx.select(incidents, incidents.c.id.in_(incident_ids)))).mappings())


async def list_outlines(tx: Transaction, incident_ids: Collection[str]) -> dict[str, Outline]:
    """The outlines of the incidents with those ids, by id."""
    columns = [incidents.c[name] for name in Outline._fields]
    rows = await tx.run(select(*columns).where(tx.within(incidents), incidents.c.id.in_(incident_ids)))
    return {row.id: Outline._make(row) for row in rows}


async def find_by_number(tx: Transaction, number: int) -> Incident | None:
    """The incident that people call ``INC-number``."""
    return await _find(tx, incidents.c.number == number)


async def find_by_token(tx: Transaction, token: str) -> Incident | None:
    """The incident that a declaration's token opened."""
    return await _find(tx, incidents.c.token == token)


async def find_open_by_correlation(tx: Transaction, key: str) -> Incident | None:
    """The open incident whose alerts carry this correlation key."""
    return await _find(tx, incidents.c.correlation_key == key, OPEN)


async def find_by_channel(tx: Transaction, channel_id: str) -> Incident | None:
    """The incident whose own live channel this is."""
    statement = (
        tx.select(incidents)
        .join(channels, channels.c.incident_id == incidents.c.id)
        .where(channels.c.channel_id == channel_id, channels.c.purpose == Purpose.INCIDENT.value, channels.c.live)
    )
    row = (await tx.run(statement)).mappings().first()
    return None if row is None else as_noun(Incident, row)


async def list_open(tx: Transaction) -> list[Incident]:
    """Open incidents, the oldest first."""
    rows = await tx.run(tx.select(incidents, OPEN).order_by(incidents.c.opened_at, incidents.c.number))
    return as_nouns(Incident, rows.mappings())


async def list_recent(tx: Transaction, limit: int) -> list[Incident]:
    """The newest incidents, open or not, newest first."""
    rows = await tx.run(tx.select(incidents).order_by(incidents.c.number.desc()).limit(limit))
    return as_nouns(Incident, rows.mappings())


async def list_opened_since(tx: Transaction, moment: datetime) -> list[Incident]:
    """Open incidents that were opened at or after ``moment``."""
    rows = await tx.run(tx.select(incidents, OPEN, incidents.c.opened_at >= moment))
    return as_nouns(Incident, rows.mappings())


async def count_declared_by(tx: Transaction, person_id: str, since: datetime) -> int:
    """How many incidents that person declared at or after ``since``."""
    where = (tx.within(incidents), incidents.c.declared_by == person_id, incidents.c.opened_at >= since)
    return await tx.connection.scalar(select(func.count()).select_from(incidents).where(*where)) or 0


async def next_number(tx: Transaction) -> int:
    """One more than the highest number ever given; incidents are never deleted, so none is given twice."""
    highest = await tx.connection.scalar(select(func.max(incidents.c.number)).where(tx.within(incidents)))
    return (highest or 0) + 1


async def add_incident(tx: Transaction, **values: Any) -> Incident:
    """The new incident; its number, token and open correlation key are unique, else Conflict."""
    added = tx.insert(incidents, id=new_id(), version=1, **values).returning(*incidents.c)
    return as_noun(Incident, (await tx.run(added)).mappings().one())


async def change_incident(tx: Transaction, incident: Incident, **values: Any) -> Incident:
    """The incident after the change; Conflict when its version is no longer the one we read."""
    ours = tx.update(incidents, incidents.c.id == incident.id, incidents.c.version == incident.version)
    changed = ours.values(version=incident.version + 1, **values).returning(*incidents.c)
    row = (await tx.run(changed)).mappings().first()
    if row is None:
        raise Conflict(f"{incident.reference} was changed by somebody else")
    return as_noun(Incident, row)


async def set_role(tx: Transaction, incident_id: str, role: Role, person_id: str, at: datetime) -> None:
    """Gives the role to the person, taking it from whoever had it."""
    statement = tx.update(roles, roles.c.incident_id == incident_id, roles.c.role == role.value)
    if await tx.changed(statement.values(person_id=person_id, assigned_at=at)) == 0:
        await tx.add(roles, id=new_id(), incident_id=incident_id, role=role.value, person_id=person_id, assigned_at=at)


async def list_roles(tx: Transaction, incident_id: str) -> dict[Role, str]:
    """Who holds which role: role to person id."""
    rows = await tx.run(tx.select(roles, roles.c.incident_id == incident_id))
    return {Role(row["role"]): row["person_id"] for row in rows.mappings()}


async def list_roles_of(tx: Transaction, incident_ids: Collection[str]) -> dict[str, dict[Role, str]]:
    """Who holds which role of those incidents: incident id to role to person id."""
    held: dict[str, dict[Role, str]] = {incident_id: {} for incident_id in incident_ids}
    for row in (await tx.run(tx.select(roles, roles.c.incident_id.in_(held)))).mappings():
        held[row["incident_id"]][Role(row["role"])] = row["person_id"]
    return held


async def add_channel(
    tx: Transaction, incident_id: str, purpose: Purpose, name: str, opened_by: str | None = None, posted_by: str | None = None
) -> Channel:
    """A new live channel row; its Slack id comes back with the receipt. A second live one is a Conflict (C3)."""
    identity = new_id()
    values = {"incident_id": incident_id, "purpose": purpose.value, "name": name, "live": True}
    await tx.add(channels, id=identity, opened_by=opened_by, posted_by=posted_by, **values)
    return Channel(identity, incident_id, purpose, name, None, None, None, opened_by, posted_by, True)


async def find_channel(tx: Transaction, incident_id: str, purpose: Purpose) -> Channel | None:
    """The live channel of an incident for that purpose."""
    where = (channels.c.incident_id == incident_id, channels.c.purpose == purpose.value, channels.c.live)
    row = (await tx.run(tx.select(channels, *where))).mappings().first()
    return None if row is None else as_noun(Channel, row)


async def list_openings(tx: Transaction, incident_ids: Collection[str], purpose: Purpose) -> dict[str, Opening]:
    """The openings of those incidents' live channels for that purpose, by incident."""
    where = (channels.c.incident_id.in_(incident_ids), channels.c.purpose == purpose.value, channels.c.live)
    rows = await tx.run(select(channels.c.incident_id, channels.c.opened_by).where(tx.within(channels), *where))
    return {row.incident_id: Opening(row.incident_id, purpose, row.opened_by) for row in rows}


async def retire_channel(tx: Transaction, channel: Channel) -> None:
    """Makes a channel the incident's former one, so that a new one can take its place."""
    await tx.run(tx.update(channels, channels.c.id == channel.id).values(live=False))


async def list_channels(tx: Transaction, incident_id: str) -> list[Channel]:
    """The incident's own channels, former ones included, the oldest first."""
    where = (channels.c.incident_id == incident_id, channels.c.purpose == Purpose.INCIDENT.value)
    rows = await tx.run(tx.select(channels, *where).order_by(channels.c.id))
    return as_nouns(Channel, rows.mappings())


async def mark_made(tx: Transaction, message_id: str, **values: Any) -> None:
    """Remembers what came of the message that creates a channel, or posts the status in it: of that channel, live or lost by now."""
    where = or_(channels.c.opened_by == message_id, channels.c.posted_by == message_id)
    await tx.run(tx.update(channels, where).values(**values))


async def mark_channel(tx: Transaction, incident_id: str, purpose: Purpose, **values: Any) -> None:
    """Remembers what Slack gave back: ``channel_id``, ``message_ts``, ``permalink``."""
    where = (channels.c.incident_id == incident_id, channels.c.purpose == purpose.value, channels.c.live)
    await tx.run(tx.update(channels, *where).values(**values))
