"""Putting words into the outbox: what an incident says in Slack, and the steps of its channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.incidents import Incident, Purpose, channel_name
from bot.domain.outbox import Kind
from bot.messages import card
from bot.services import situations
from bot.services.work import UnitOfWork
from bot.store import incidents, outbox

STATUS_CARD = "Status card"


def lane(incident_id: str, purpose: Purpose) -> str:
    """The address of an incident's channel by name, bound to its Slack id when sent."""
    return f"{purpose.value}:{incident_id}"


async def open_channel(work: UnitOfWork, incident: Incident, invited: list[str], summary: str) -> None:
    """The steps of a declaration, each a message of its own that waits for what it needs and nothing else (C3, complaint 14).

    Create, topic, invite, card, pin, bookmark, announce.
    """
    name = channel_name(incident.number, incident.title)
    await incidents.add_channel(work.tx, incident.id, Purpose.INCIDENT, name)
    created = await _step(work, incident, Kind.CHANNEL, {"name": name})
    topic = {"topic": card.topic(await situations.read(work, incident))}
    await _step(work, incident, Kind.TOPIC, topic, after_id=created)
    if invited:
        await _step(work, incident, Kind.INVITE, {"users": invited}, after_id=created)
    posted = await _step(work, incident, Kind.CARD, {}, after_id=created)
    await _step(work, incident, Kind.PIN, {}, after_id=posted)
    await _step(work, incident, Kind.BOOKMARK, {"title": STATUS_CARD}, after_id=posted)
    await incidents.mark_channel(work.tx, incident.id, Purpose.INCIDENT, opened_by=created, posted_by=posted)
    await say(work, incident.id, {"text": summary})
    await _announce(work, incident, created)


async def _announce(work: UnitOfWork, incident: Incident, created: str) -> None:
    if not work.policy.announce:
        return
    await incidents.add_channel(work.tx, incident.id, Purpose.ANNOUNCE, work.policy.announce)
    posted = await _step(work, incident, Kind.CARD, {}, purpose=Purpose.ANNOUNCE, after_id=created, needs_success=False)
    await incidents.mark_channel(work.tx, incident.id, Purpose.ANNOUNCE, opened_by=posted, posted_by=posted)


async def _step(
    work: UnitOfWork,
    incident: Incident,
    kind: Kind,
    words: Mapping[str, Any],
    *,
    purpose: Purpose = Purpose.INCIDENT,
    after_id: str | None = None,
    needs_success: bool = True,
) -> str:
    return await outbox.add_message(
        work.tx,
        kind,
        words,
        lane=lane(incident.id, purpose),
        created_at=work.now,
        incident_id=incident.id,
        after_id=after_id,
        needs_success=needs_success,
        request_id=work.request_id,
    )


async def say(
    work: UnitOfWork,
    incident_id: str,
    words: Mapping[str, Any],
    *,
    purpose: Purpose = Purpose.INCIDENT,
    valid_until: datetime | None = None,
) -> None:
    """Posts words into the incident's channel, or where it was announced, in the order they were said."""
    channel = await incidents.find_channel(work.tx, incident_id, purpose)
    if channel is None:
        return
    await outbox.add_message(
        work.tx,
        Kind.POST,
        words,
        lane=lane(incident_id, purpose),
        created_at=work.now,
        incident_id=incident_id,
        ordered=True,
        valid_until=valid_until,
        after_id=channel.opened_by,
        request_id=work.request_id,
    )


async def share_file(work: UnitOfWork, incident_id: str, words: Mapping[str, Any]) -> None:
    """Puts a file into the incident's channel."""
    channel = await incidents.find_channel(work.tx, incident_id, Purpose.INCIDENT)
    if channel is None:
        return
    await outbox.add_message(
        work.tx,
        Kind.FILE,
        words,
        lane=lane(incident_id, Purpose.INCIDENT),
        created_at=work.now,
        incident_id=incident_id,
        ordered=True,
        after_id=channel.opened_by,
        request_id=work.request_id,
    )


async def refresh_card(work: UnitOfWork, incident_id: str) -> None:
    """Has the status post edited in place wherever it stands; it is rendered when sent, and the newest wins (C3)."""
    for purpose in Purpose:
        channel = await incidents.find_channel(work.tx, incident_id, purpose)
        if channel is not None:
            key = lane(incident_id, purpose)
            await outbox.add_message(
                work.tx,
                Kind.CARD_EDIT,
                {},
                lane=key,
                created_at=work.now,
                incident_id=incident_id,
                replace_key=f"card:{key}",
                after_id=channel.posted_by,
                request_id=work.request_id,
            )
