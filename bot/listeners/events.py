"""Events: what people write in an incident's channel becomes its timeline (C6)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.services import timeline
from bot.services.work import UnitOfWork

_PLAIN = (None, "file_share", "thread_broadcast", "me_message")


async def message(work: UnitOfWork, event: Mapping[str, Any]) -> bool:
    """Whether the event changed the timeline: a message, its edit, or its deletion, by a person."""
    channel_id, subtype = str(event.get("channel", "")), event.get("subtype")
    if subtype == "message_changed":
        return await _changed(work, channel_id, event)
    if subtype == "message_deleted":
        return await timeline.message_deleted(work, channel_id, str(event.get("deleted_ts", "")))
    if subtype not in _PLAIN or event.get("bot_id") or not event.get("user"):
        return False
    message_ts = str(event.get("ts", ""))
    text = html.unescape(str(event.get("text") or ""))
    user_id = str(event["user"])
    return await timeline.channel_message(work, channel_id, user_id, user_id, message_ts, text, _moment(message_ts))


async def _changed(work: UnitOfWork, channel_id: str, event: Mapping[str, Any]) -> bool:
    new, old = event.get("message") or {}, event.get("previous_message") or {}
    if new.get("bot_id") or new.get("text") == old.get("text"):
        return False
    text = html.unescape(str(new.get("text") or ""))
    return await timeline.message_edited(work, channel_id, str(new.get("ts", "")), text)


def _moment(message_ts: str) -> datetime:
    return datetime.fromtimestamp(float(message_ts), UTC)
