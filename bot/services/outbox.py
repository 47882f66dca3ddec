"""Putting words into the outbox: what an incident says in Slack, and the steps of its channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import new_id
from bot.domain.incidents import Channel, Incident, Purpose
from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.domain.situation import Situation
from bot.messages import card
from bot.services.work import UnitOfWork
from bot.store import incidents, outbox

STATUS_CARD = "Status card"


def lane(incident_id: str, purpose: Purpose) -> str:
    """The address of an incident's channel by name, bound to its Slack id when sent."""
    return f"{purpose.value}:{incident_id}"


async def open_channel(work: UnitOfWork, situation: Situation, name: str, invited: Sequence[str], summary: str) -> str:
    """The id of the message that creates the channel, and the steps that follow it (C3, complaint 14).

    Create, topic, invite, card, pin, bookmark: each a message of its own that waits for what it needs and nothing else.
    """
    incident, created, posted = situation.incident, new_id(), new_id()
    channel = await incidents.add_channel(work.tx, incident.id, Purpose.INCIDENT, name, opened_by=created, posted_by=posted)
    steps = [
        _step(work, channel, Kind.CHANNEL, {"name": name, "private": incident.private}, after_id=None, identity=created),
        _step(work, channel, Kind.TOPIC, {"topic": card.topic(situation)}, after_id=created),
        *([_step(work, channel, Kind.INVITE, {"users": list(invited)}, after_id=created)] if invited else []),
        *_card_steps(work, channel, posted, after_id=created),
        (Kind.POST, {"text": summary}, _about(work, channel)),
    ]
    await outbox.add_messages(work.tx, steps)
    return created


async def announce(work: UnitOfWork, incident: Incident, created: str) -> None:
    """Posts the status where everybody reads it, once the channel is there or cannot be made; a private incident is not announced."""
    if not work.policy.announce or incident.private:
        return
    posted = new_id()
    channel = await incidents.add_channel(work.tx, incident.id, Purpose.ANNOUNCE, work.policy.announce, opened_by=posted, posted_by=posted)
    await outbox.add_messages(work.tx, _card_steps(work, channel, posted, after_id=created, needs_success=False))


def _step(
    work: UnitOfWork,
    channel: Channel,
    kind: Kind,
    words: Mapping[str, Any],
    *,
    after_id: str | None,
    identity: str | None = None,
    needs_success: bool = True,
) -> outbox.New:
    about: outbox.About = {
        "id": identity or new_id(),
        "lane": lane(channel.incident_id, channel.purpose),
        "created_at": work.now,
        "incident_id": channel.incident_id,
        "after_id": after_id,
        "needs_success": needs_success,
        "request_id": work.request_id,
    }
    return kind, words, about


def _card_steps(work: UnitOfWork, channel: Channel, posted: str, *, after_id: str | None, needs_success: bool = True) -> list[outbox.New]:
    """The status post as the message ``posted``; once it stands in the incident's own channel, it is pinned and bookmarked there."""
    steps = [_step(work, channel, Kind.CARD, {}, after_id=after_id, identity=posted, needs_success=needs_success)]
    if channel.purpose is Purpose.INCIDENT:
        steps.append(_step(work, channel, Kind.PIN, {}, after_id=posted))
        steps.append(_step(work, channel, Kind.BOOKMARK, {"title": STATUS_CARD}, after_id=posted))
    return steps


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
    await outbox.add_message(work.tx, Kind.POST, words, **_about(work, channel, valid_until, replace_key))


@dataclass(frozen=True, slots=True)
class Saying:
    """Words for one incident's channel, worthless after ``valid_until``."""

    incident_id: str
    words: Mapping[str, Any]
    valid_until: datetime | None = None


async def say_all(work: UnitOfWork, said: Sequence[Saying]) -> None:
    """Posts words into the channels of many incidents, in their order, each as ``say`` would."""
    found = await incidents.list_openings(work.tx, {one.incident_id for one in said}, Purpose.INCIDENT)
    posts = [(Kind.POST, one.words, _about(work, found[one.incident_id], one.valid_until)) for one in said if one.incident_id in found]
    await outbox.add_messages(work.tx, posts)


def _about(
    work: UnitOfWork, channel: Channel | incidents.Opening, valid_until: datetime | None = None, replace_key: str | None = None
) -> outbox.About:
    """What there is to know of a post into that channel, behind what was said there before."""
    return {
        "lane": lane(channel.incident_id, channel.purpose),
        "created_at": work.now,
        "incident_id": channel.incident_id,
        "ordered": True,
        "valid_until": valid_until,
        "replace_key": replace_key,
        "after_id": channel.opened_by,
        "request_id": work.request_id,
    }


async def post_card_again(work: UnitOfWork, incident: Incident, purpose: Purpose) -> None:
    """The status post anew, pinned and bookmarked in the incident's own channel, where somebody deleted the one that stood there."""
    channel = await incidents.find_channel(work.tx, incident.id, purpose)
    if channel is None or channel.message_ts is None:
        return
    posted = new_id()
    await outbox.add_messages(work.tx, _card_steps(work, channel, posted, after_id=channel.opened_by))
    await incidents.mark_channel(work.tx, incident.id, purpose, posted_by=posted, message_ts=None, permalink=None)
    await refresh_card(work, incident.id)


async def invite(work: UnitOfWork, incident: Incident, user_ids: Sequence[str]) -> None:
    """Invites members of the workspace to the incident's channel; who is in it already is no error."""
    channel = await incidents.find_channel(work.tx, incident.id, Purpose.INCIDENT)
    if channel is not None and user_ids:
        step = _step(work, channel, Kind.INVITE, {"users": list(user_ids)}, after_id=channel.opened_by)
        await outbox.add_messages(work.tx, [step])


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
    return await outbox.add_message(work.tx, kind, words, **_about(work, channel))


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
