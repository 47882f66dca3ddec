"""Slack's Web API over the pretend workspace, as strict as the real one where a bot can go wrong: messages, and every method by name."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox import blocks, events
from bot.sandbox.channels import Conversations
from bot.sandbox.directory import Directory
from bot.sandbox.items import Items
from bot.sandbox.methods import Args, parse
from bot.sandbox.scopes import lacking, truthy
from bot.sandbox.views import Views
from bot.sandbox.workspace import Channel, Ephemeral, Message, SlackError

_LONGEST_POST, _LONGEST_EDIT = 40_000, 4_000
_MOST_BLOCK_TEXT = 11_000
_MOST_METADATA = 8_192
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+")


def _handler_of(method: str) -> str:
    """``chat.postMessage`` is ``_chat_post_message``."""
    return "_" + _WORD.sub(lambda found: f"_{found[0].lower()}", method).replace(".", "_")


class WebApi(Conversations, Items, Views, Directory):
    """Every method that the bot may call."""

    async def call(self, method: str, args: Args) -> dict[str, Any]:
        """The answer of a method; raises SlackError."""
        handler: Callable[[Args], Awaitable[dict[str, Any]]] | None = getattr(self, _handler_of(method), None)
        if handler is None or "." not in method or "_" in method:
            raise SlackError("unknown_method", req_method=method)
        channel = self._state.channels.get(str(args.get("channel") or args.get("channel_id") or ""))
        needed = lacking(method, args, channel, self._scopes)
        if needed is not None:
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(self._scopes)))
        return {"ok": True, **await handler(args)}

    # Messages

    def _checked_words(self, args: Args) -> tuple[str, list[dict[str, Any]]]:
        text, given = str(args.get("text") or ""), self._blocks(args)
        found = blocks.problems(given, most=50)
        if found:
            plain = [one.removeprefix("[ERROR] ") for one in found]
            raise SlackError("invalid_blocks", errors=plain, response_metadata={"messages": found})
        if blocks.text_length(given) > _MOST_BLOCK_TEXT:
            raise SlackError("msg_blocks_too_long")
        if not text and not given:
            raise SlackError("no_text")
        return text, given

    def _blocks(self, args: Args) -> list[dict[str, Any]]:
        try:
            given: list[dict[str, Any]] = parse(args.get("blocks")) or []
        except SlackError as error:
            raise SlackError("invalid_blocks_format") from error
        return given

    def _metadata(self, args: Args) -> dict[str, Any] | None:
        metadata: dict[str, Any] | None = parse(args.get("metadata"))
        if metadata is not None and not {"event_type", "event_payload"} <= set(metadata):
            raise SlackError("invalid_metadata_format")
        if metadata is not None and len(json.dumps(metadata["event_payload"])) > _MOST_METADATA:
            raise SlackError("metadata_too_large")
        return metadata

    def _addressed(self, args: Args) -> Channel:
        """Where a post goes: a channel, or the direct messages of a user id."""
        address = str(args.get("channel") or "")
        if address.startswith(("U", "W")):
            return self._dm(address)
        channel = self._channel(args)
        if channel.id in self._state.restricted:
            raise SlackError("restricted_action")
        return channel

    async def _chat_post_message(self, args: Args) -> dict[str, Any]:
        channel = self._addressed(args)
        (text, given), metadata, more = self._checked_words(args), self._metadata(args), {}
        if len(text) > _LONGEST_POST:
            text, more = text[:_LONGEST_POST], {"response_metadata": {"warnings": ["message_truncated"]}}
        thread, state = args.get("thread_ts") or None, self._state
        subtype = "thread_broadcast" if thread and truthy(args.get("reply_broadcast")) else None
        if subtype is not None:
            channel.message(str(thread))
        message = Message(state.new_ts(), state.bot_user_id, text, given, metadata, thread, subtype, bot_id=state.bot_id)
        self._post(channel, message)
        return {"channel": channel.id, "ts": message.ts, "message": events.shown(message), **more}

    def _own(self, args: Args, error: str) -> tuple[Channel, Message]:
        channel = self._channel(args)
        message = channel.message(str(args.get("ts")))
        if message.bot_id != self._state.bot_id:
            raise SlackError(error)
        return channel, message

    async def _chat_update(self, args: Args) -> dict[str, Any]:
        channel, message = self._own(args, "cant_update_message")
        text, given = self._checked_words(args)
        if len(text) > _LONGEST_EDIT:
            raise SlackError("msg_too_long")
        previous = events.shown(message)
        message.blocks = given
        message.edit(text, self._state.new_ts())
        message.metadata = self._metadata(args) or message.metadata
        self._tell(events.changed(self._state, channel, message, previous))
        return {"channel": channel.id, "ts": message.ts, "text": text, "message": events.shown(message)}

    async def _chat_delete(self, args: Args) -> dict[str, Any]:
        channel, message = self._own(args, "cant_delete_message")
        channel.messages.remove(message)
        channel.pins[:] = [ts for ts in channel.pins if ts != message.ts]
        self._tell(events.deleted(self._state, channel, message))
        return {"channel": channel.id, "ts": message.ts}

    async def _chat_post_ephemeral(self, args: Args) -> dict[str, Any]:
        channel, user = self._channel(args), str(args.get("user") or "")
        if channel.id in self._state.restricted:
            raise SlackError("restricted_action")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        text, given = self._checked_words(args)
        if len(text) > _LONGEST_POST:
            raise SlackError("msg_too_long")
        told = Ephemeral(user, channel.id, text, given, self._state.new_ts())
        self._state.ephemerals.append(told)
        return {"message_ts": told.ts}

    async def _chat_get_permalink(self, args: Args) -> dict[str, Any]:
        channel = self._visible(args)
        message = channel.message(str(args.get("message_ts")))
        link = f"https://sandbox.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
        return {"channel": channel.id, "permalink": f"{link}{thread}"}
