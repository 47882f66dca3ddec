"""Putting words into the outbox: what an incident says in Slack, and the steps of its channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.incidents import Incident, Purpose
from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.messages import card
from bot.services import situations
from bot.services.work import UnitOfWork
from bot.store import incidents, outbox

STATUS_CARD = "Status card"


def lane(incident_id: str, purpose: Purpose) -> str:
    """The address of an incident's channel by name, bound to its Slack id when sent."""
    return f"{purpose.value}:{incident_id}"


async def open_channel(work: UnitOfWork, incident: Incident, name: str, invited: Sequence[str], summary: str) -> str:
    """The id of the message that creates the channel, and the steps that follow it (C3, complaint 14).

    Create, topic, invite, card, pin, bookmark: each a message of its own that waits for what it needs and nothing else.
    """
    await incidents.add_channel(work.tx, incident.id, Purpose.INCIDENT, name)
    created = await _step(work, incident, Kind.CHANNEL, {"name": name, "private": incident.private})
    topic = {"topic": card.topic(await situations.read(work, incident))}
    await _step(work, incident, Kind.TOPIC, topic, after_id=created)
    if invited:
        await _step(work, incident, Kind.INVITE, {"users": list(invited)}, after_id=created)
    posted = await _step(work, incident, Kind.CARD, {}, after_id=created)
    await _mark_card(work, incident, posted)
    await incidents.mark_channel(work.tx, incident.id, Purpose.INCIDENT, opened_by=created, posted_by=posted)
    await say(work, incident.id, {"text": summary})
    return created


async def announce(work: UnitOfWork, incident: Incident, created: str) -> None:
    """Posts the status where everybody reads it, once the channel is there or cannot be made; a private incident is not announced."""
    if not work.policy.announce or incident.private:
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
    replace_key: str | None = None,
) -> None:
    """Posts words into the incident's channel, or where it was announced, in the order they were said.

    Of words with one ``replace_key`` only the latest are said; the ones before are taken back while they are unsent.
    """
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
        replace_key=replace_key,
        after_id=channel.opened_by,
        request_id=work.request_id,
    )


async def post_card_again(work: UnitOfWork, incident: Incident, purpose: Purpose) -> None:
    """The status post anew, pinned and bookmarked in the incident's own channel, where somebody deleted the one that stood there."""
    channel = await incidents.find_channel(work.tx, incident.id, purpose)
    if channel is None or channel.message_ts is None:
        return
    posted = await _step(work, incident, Kind.CARD, {}, purpose=purpose, after_id=channel.opened_by)
    if purpose is Purpose.INCIDENT:
        await _mark_card(work, incident, posted)
    await incidents.mark_channel(work.tx, incident.id, purpose, posted_by=posted, message_ts=None, permalink=None)
    await refresh_card(work, incident.id)


async def _mark_card(work: UnitOfWork, incident: Incident, posted: str) -> None:
    """Has the status post pinned and bookmarked once it stands."""
    await _step(work, incident, Kind.PIN, {}, after_id=posted)
    await _step(work, incident, Kind.BOOKMARK, {"title": STATUS_CARD}, after_id=posted)


async def invite(work: UnitOfWork, incident: Incident, user_ids: Sequence[str]) -> None:
    """Invites members of the workspace to the incident's channel; who is in it already is no error."""
    channel = await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT)
    if channel is not None and user_ids:
        await _step(work, incident, Kind.INVITE, {"users": list(user_ids)}, after_id=channel.opened_by)


async def tell(work: UnitOfWork, member: Member, words: Mapping[str, Any], incident_id: str | None = None) -> None:
    """Says something to one person alone, where the policy or Slack told us who they are in the workspace."""
    if member.slack_user_id is None:
        return
    await outbox.add_message(
        work.tx,
        Kind.DIRECT,
        {"channel": member.slack_user_id, **words},
        lane=f"person:{member.id}",
        created_at=work.now,
        incident_id=incident_id,
        request_id=work.request_id,
    )


async def show_home(work: UnitOfWork, member: Member, view: Mapping[str, Any]) -> None:
    """Shows a person their App Home; the newest wins."""
    if member.slack_user_id is None:
        return
    key = f"home:{member.id}"
    words = {"user_id": member.slack_user_id, "view": view}
    await outbox.add_message(work.tx, Kind.HOME, words, lane=key, created_at=work.now, replace_key=key, request_id=work.request_id)


async def confirm(work: UnitOfWork, source: str, url: str) -> None:
    """Fetches the address by which a subscription is confirmed, once and whatever happens meanwhile; the door has checked whose it is."""
    key = f"source:{source}"
    await outbox.add_message(work.tx, Kind.CONFIRM, {"url": url}, lane=key, created_at=work.now, request_id=work.request_id)


async def share_file(work: UnitOfWork, incident_id: str, words: Mapping[str, Any]) -> None:
    """Puts a file into the incident's channel."""
    await post(work, incident_id, Kind.FILE, words)


async def post(work: UnitOfWork, incident_id: str, kind: Kind, words: Mapping[str, Any]) -> str | None:
    """Puts something into the incident's channel, in its order; gives its message back, None when there is no channel."""
    channel = await incidents.find_channel(work.tx, incident_id, Purpose.INCIDENT)
    if channel is None:
        return None
    return await outbox.add_message(
        work.tx,
        kind,
        words,
        lane=lane(incident_id, Purpose.INCIDENT),
        created_at=work.now,
        incident_id=incident_id,
        ordered=True,
        after_id=channel.opened_by,
        request_id=work.request_id,
    )


async def refresh_card(work: UnitOfWork, incident_id: str, purposes: Iterable[Purpose] = Purpose) -> None:
    """Has the status post edited in place wherever it stands; it is rendered when sent, and the newest wins (C3)."""
    for purpose in purposes:
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
