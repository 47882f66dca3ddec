"""Slack is asked for the past: messages of a channel and of its threads, a page a call (C6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.domain.healing import HistoryPage, Written
from bot.senders.slack_calls import ask, web_client

PAGE = 200
_SPOKEN = (None, "file_share", "thread_broadcast", "me_message")
_GONE = "tombstone"
"""What Slack leaves in the place of a deleted message that has a thread."""


class SlackHistory:
    """Reads what events would have told us."""

    def __init__(self, *, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._client = web_client(token, api_url, session)

    async def read(self, channel_id: str, thread_ts: str | None, cursor: str | None) -> HistoryPage:
        """One page of a channel, newest first, or of one of its threads, oldest first; raises SendError.

        No ``oldest`` is given: with it alone Slack's order of pages is not to be relied on, and what lies between two pages tells
        what was deleted.
        """
        place: dict[str, Any] = {"channel": channel_id, "limit": PAGE, "include_all_metadata": True}
        if cursor is not None:
            place["cursor"] = cursor
        if thread_ts is None:
            answer = await ask("conversations.history", self._client.conversations_history(**place))
        else:
            answer = await ask("conversations.replies", self._client.conversations_replies(ts=thread_ts, **place))
        following = (answer.get("response_metadata") or {}).get("next_cursor") or None
        messages = [_written(message) for message in answer.get("messages") or () if message.get("ts")]
        return HistoryPage(messages, following, limited=bool(answer.get("is_limited")))


def _written(message: Mapping[str, Any]) -> Written:
    subtype = message.get("subtype")
    return Written(
        ts=str(message["ts"]),
        user_id=str(message.get("user") or ""),
        text=str(message.get("text") or ""),
        spoken=subtype in _SPOKEN and not message.get("bot_id") and bool(message.get("user")),
        edited=bool(message.get("edited")),
        gone=subtype == _GONE,
        thread_ts=message.get("thread_ts"),
        latest_reply=message.get("latest_reply"),
        replies=int(message.get("reply_count") or 0),
        files=tuple(str(file.get("name") or file.get("id")) for file in message.get("files") or ()),
    )
