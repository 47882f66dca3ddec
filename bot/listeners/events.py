"""Events: what people write, pin and do to an incident's channel, and who opens the App Home (C6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.listeners.lines import MENTION
from bot.services import channels, lookups, people, timeline
from bot.services.outbox import show_home
from bot.services.timeline import Post, moment_of
from bot.services.work import UnitOfWork

_PLAIN = (None, "file_share", "thread_broadcast", "me_message")
_PIN = "pushpin"
Event = Mapping[str, Any]


async def happened(work: UnitOfWork, event: Event) -> bool:
    """Whether the event changed anything here."""
    handler = _HANDLERS.get(str(event.get("type")))
    return handler is not None and await handler(work, event)


def users_of(event: Event) -> list[str]:
    """The Slack users whom the event is about: who did it, then those mentioned in a message."""
    message = event["message"] if isinstance(event.get("message"), dict) else event
    named = [str(user) for user in (event.get("user"), message.get("user")) if isinstance(user, str)]
    return [*named, *(match["id"] for match in MENTION.finditer(str(message.get("text") or "")))]


def text_of(event: Event) -> str:
    """The words of a message, or of its edit."""
    message = event.get("message") if isinstance(event.get("message"), dict) else event
    return str((message or {}).get("text") or "")


async def _message(work: UnitOfWork, event: Event) -> bool:
    channel_id, subtype = str(event.get("channel", "")), event.get("subtype")
    if subtype == "message_changed":
        return await _changed(work, channel_id, event)
    if subtype == "message_deleted":
        return await timeline.message_deleted(work, channel_id, str(event.get("deleted_ts", "")))
    if subtype not in _PLAIN or event.get("bot_id") or not event.get("user"):
        return False
    message_ts = str(event.get("ts", ""))
    post = Post(
        channel_id=channel_id,
        user_id=str(event["user"]),
        message_ts=message_ts,
        text=str(event.get("text") or ""),
        at=moment_of(message_ts),
        thread_ts=event.get("thread_ts"),
        files=tuple(str(file.get("name") or file.get("id")) for file in event.get("files") or ()),
    )
    return await timeline.channel_message(work, post)


async def _changed(work: UnitOfWork, channel_id: str, event: Event) -> bool:
    new, old = event.get("message") or {}, event.get("previous_message") or {}
    if new.get("bot_id") or new.get("text") == old.get("text"):
        return False
    return await timeline.message_edited(work, channel_id, str(new.get("ts", "")), str(new.get("text") or ""))


async def _reaction(work: UnitOfWork, event: Event) -> bool:
    item = event.get("item") or {}
    if event.get("reaction") != _PIN or item.get("type") != "message":
        return False
    back = event.get("type") == "reaction_removed"
    return await timeline.pinned(work, str(item.get("channel", "")), str(event.get("user", "")), str(item.get("ts", "")), back=back)


async def _member(work: UnitOfWork, event: Event) -> bool:
    joined = event.get("type") == "member_joined_channel"
    return await timeline.member_moved(work, str(event.get("channel", "")), str(event.get("user", "")), joined=joined)


def _lost(why: str) -> Callable[[UnitOfWork, Event], Awaitable[bool]]:
    async def handle(work: UnitOfWork, event: Event) -> bool:
        return await channels.lost(work, str(event.get("channel", "")), why)

    return handle


async def _renamed(work: UnitOfWork, event: Event) -> bool:
    channel = event.get("channel") or {}
    return await channels.renamed(work, str(channel.get("id", "")), str(channel.get("name", "")))


async def _home_opened(work: UnitOfWork, event: Event) -> bool:
    if event.get("tab") not in (None, "home"):
        return False
    member = await people.who_in_slack(work, str(event.get("user", "")), str(event.get("user", "")))
    await show_home(work, member, await lookups.home_of(work, member))
    return True


async def _removed(work: UnitOfWork, event: Event) -> bool:
    return await channels.removed(work, str(event.get("channel", "")))


_ARCHIVED, _DELETED = _lost("somebody archived it"), _lost("somebody deleted it")
_HANDLERS: Mapping[str, Callable[[UnitOfWork, Event], Awaitable[bool]]] = {
    "message": _message,
    "reaction_added": _reaction,
    "reaction_removed": _reaction,
    "member_joined_channel": _member,
    "member_left_channel": _member,
    "channel_archive": _ARCHIVED,
    "group_archive": _ARCHIVED,
    "channel_deleted": _DELETED,
    "group_deleted": _DELETED,
    "channel_left": _removed,
    "group_left": _removed,
    "channel_rename": _renamed,
    "group_rename": _renamed,
    "app_home_opened": _home_opened,
}
TYPES = tuple(_HANDLERS)
