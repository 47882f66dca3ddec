"""Slack's Web API over the pretend workspace, as strict as the real one where a bot can go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox import blocks
from bot.sandbox.items import Args, Items, parse
from bot.sandbox.workspace import Channel, Ephemeral, Message, SlackError

SCOPES: Mapping[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "conversations.create": ("channels:manage",),
    "conversations.invite": ("channels:manage",),
    "conversations.join": ("channels:join",),
    "conversations.info": ("channels:read",),
    "conversations.list": ("channels:read",),
    "conversations.history": ("channels:history",),
    "conversations.setTopic": ("channels:manage",),
    "conversations.archive": ("channels:manage",),
    "users.conversations": ("channels:read",),
    "users.info": ("users:read",),
    "pins.add": ("pins:write",),
    "bookmarks.add": ("bookmarks:write",),
    "bookmarks.list": ("bookmarks:read",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
}
PER_MINUTE: Mapping[str, int] = {
    "conversations.create": 20,
    "conversations.setTopic": 20,
    "conversations.list": 20,
    "users.conversations": 50,
    "pins.add": 20,
    "bookmarks.add": 20,
    "chat.update": 50,
    "conversations.invite": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "bookmarks.list": 50,
    "chat.postMessage": 60,
}


class WebApi(Items):
    """Every method that the bot may call; ``events`` takes what has to be told to the bot."""

    async def call(self, method: str, args: Args) -> dict[str, Any]:
        """The answer of a method; raises SlackError."""
        handler: Callable[[Args], Awaitable[dict[str, Any]]] | None = getattr(self, f"_{method.replace('.', '_')}", None)
        if handler is None:
            raise SlackError("unknown_method", req_method=method)
        return {"ok": True, **await handler(args)}

    async def _auth_test(self, _args: Args) -> dict[str, Any]:
        state = self._state
        return {
            "url": "https://sandbox.slack.com/",
            "team": "Sandbox",
            "user": "muster",
            "team_id": state.team_id,
            "user_id": state.bot_user_id,
            "bot_id": state.bot_id,
        }

    # Messages

    def _checked_words(self, args: Args) -> tuple[str, list[dict[str, Any]]]:
        text, given = str(args.get("text") or ""), parse(args.get("blocks")) or []
        found = blocks.problems(given, most=50)
        if found:
            raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
        if not text and not given:
            raise SlackError("no_text")
        return text, given

    async def _chat_postMessage(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        text, given = self._checked_words(args)
        metadata = parse(args.get("metadata"))
        if metadata is not None and not {"event_type", "event_payload"} <= set(metadata):
            raise SlackError("invalid_metadata_format")
        more = {}
        if len(text) > 40_000:
            text, more = text[:40_000], {"response_metadata": {"warnings": ["message_truncated"]}}
        state = self._state
        message = Message(state.new_ts(), state.bot_user_id, text, given, metadata, args.get("thread_ts"), bot_id=state.bot_id)
        channel.messages.append(message)
        self._tell(channel, message)
        return {"channel": channel.id, "ts": message.ts, "message": _shown(message), **more}

    def _tell(self, channel: Channel, message: Message) -> None:
        self._events({"type": "message", "channel": channel.id, "channel_type": "channel", **_shown(message)})

    async def _chat_update(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        message = channel.message(str(args.get("ts")))
        if message.bot_id != self._state.bot_id:
            raise SlackError("cant_update_message")
        text, given = self._checked_words(args)
        if len(text) > 4000:
            raise SlackError("msg_too_long")
        message.text, message.blocks, message.edited = text, given, True
        return {"channel": channel.id, "ts": message.ts, "text": text}

    async def _chat_postEphemeral(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        user = str(args.get("user"))
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        text, given = self._checked_words(args)
        self._state.ephemerals.append(Ephemeral(user, channel.id, text, given))
        return {"message_ts": self._state.new_ts()}

    async def _chat_getPermalink(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args, member=False)
        message = channel.message(str(args.get("message_ts")))
        link = f"https://sandbox.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    # Channels

    async def _conversations_create(self, args: Args) -> dict[str, Any]:
        channel = self._state.create(str(args.get("name") or ""), self._state.bot_user_id)
        return {"channel": self._channel_shown(channel)}

    def _channel_shown(self, channel: Channel) -> dict[str, Any]:
        return {
            "id": channel.id,
            "name": channel.name,
            "is_channel": True,
            "is_private": False,
            "is_archived": channel.archived,
            "is_member": self._state.bot_user_id in channel.members,
            "creator": channel.creator,
            "topic": {"value": _escape(channel.topic), "creator": "", "last_set": 0},
            "num_members": len(channel.members),
        }

    async def _conversations_invite(self, args: Args) -> dict[str, Any]:
        channel, state = self._channel(args), self._state
        users = [user for user in str(args.get("users") or "").split(",") if user]
        if not users:
            raise SlackError("no_user")
        errors = [(user, error) for user in users if (error := self._why_not_invited(channel, user)) is not None]
        if errors and (len(errors) == len(users) or str(args.get("force")).lower() not in ("1", "true")):
            listed = [{"user": user, "ok": False, "error": error} for user, error in errors]
            raise SlackError(errors[0][1], errors=listed)
        for user in set(users) - {user for user, _ in errors}:
            channel.members.add(user)
            self._events({"type": "member_joined_channel", "user": user, "channel": channel.id, "team": state.team_id})
        return {"channel": self._channel_shown(channel)}

    def _why_not_invited(self, channel: Channel, user: str) -> str | None:
        if user == self._state.bot_user_id:
            return "cant_invite_self"
        if user not in self._state.users:
            return "user_not_found"
        return "already_in_channel" if user in channel.members else None

    async def _conversations_join(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args, member=False)
        if channel.archived:
            raise SlackError("is_archived")
        channel.members.add(self._state.bot_user_id)
        return {"channel": self._channel_shown(channel)}

    async def _conversations_info(self, args: Args) -> dict[str, Any]:
        return {"channel": self._channel_shown(self._channel(args, member=False))}

    def _page(self, name: str, items: list[Any], args: Args, most: int) -> dict[str, Any]:
        limit = min(int(args.get("limit") or 100), most)
        cursor = str(args.get("cursor") or "0")
        if not cursor.isdigit():
            raise SlackError("invalid_cursor")
        start = int(cursor)
        following = str(start + limit) if start + limit < len(items) else ""
        more = {"has_more": bool(following), "response_metadata": {"next_cursor": following}}
        return {name: items[start : start + limit], **more}

    def _listed(self, args: Args, *, own: bool) -> list[dict[str, Any]]:
        hidden = str(args.get("exclude_archived")).lower() in ("1", "true")
        return [
            self._channel_shown(channel)
            for channel in self._state.channels.values()
            if not (hidden and channel.archived) and (not own or self._state.bot_user_id in channel.members)
        ]

    async def _conversations_list(self, args: Args) -> dict[str, Any]:
        return self._page("channels", self._listed(args, own=False), args, 1000)

    async def _users_conversations(self, args: Args) -> dict[str, Any]:
        return self._page("channels", self._listed(args, own=True), args, 999)

    async def _conversations_history(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        oldest, whole = float(args.get("oldest") or 0), str(args.get("include_all_metadata")).lower() in ("1", "true")
        found = [_shown(message, whole=whole) for message in reversed(channel.messages) if float(message.ts) > oldest]
        return self._page("messages", found, args, 999)

    async def _conversations_setTopic(self, args: Args) -> dict[str, Any]:
        channel, topic = self._channel(args), str(args.get("topic") or "")
        if len(topic) > 250:
            raise SlackError("too_long")
        channel.topic = topic
        state = self._state
        text = f"set the channel topic: {topic}"
        channel.messages.append(Message(state.new_ts(), state.bot_user_id, text, subtype="channel_topic", bot_id=state.bot_id))
        return {"channel": self._channel_shown(channel)}

    async def _conversations_archive(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        channel.archived = True
        channel.members.discard(self._state.bot_user_id)
        return {}

    async def _users_info(self, args: Args) -> dict[str, Any]:
        user = self._state.users.get(str(args.get("user")))
        if user is None:
            raise SlackError("user_not_found")
        return {"user": {"id": user.id, "name": user.name, "is_bot": user.is_bot, "is_restricted": user.is_restricted}}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _shown(message: Message, *, whole: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "message", "ts": message.ts, "user": message.user, "text": message.text}
    optional = {
        "blocks": message.blocks,
        "bot_id": message.bot_id,
        "subtype": message.subtype,
        "thread_ts": message.thread_ts,
        "files": message.files,
        "metadata": message.metadata if whole else None,
    }
    return shown | {name: value for name, value in optional.items() if value}
