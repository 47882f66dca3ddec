"""Slack's Web API over the pretend workspace, as strict as the real one where a bot can go wrong."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox import blocks
from bot.sandbox.workspace import Channel, Ephemeral, File, Message, SlackError, State, View

Args = Mapping[str, Any]
Event = Callable[[dict[str, Any]], None]
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


class WebApi:
    """Every method that the bot may call; ``events`` takes what has to be told to the bot."""

    def __init__(self, state: State, url: Callable[[], str], events: Event) -> None:
        self._state, self._url, self._events = state, url, events

    async def call(self, method: str, args: Args) -> dict[str, Any]:
        """The answer of a method; raises SlackError."""
        handler: Callable[[Args], Awaitable[dict[str, Any]]] | None = getattr(self, f"_{method.replace('.', '_')}", None)
        if handler is None:
            raise SlackError("unknown_method", req_method=method)
        return {"ok": True, **await handler(args)}

    def _channel(self, args: Args, *, member: bool = True, name: str = "channel") -> Channel:
        if not args.get(name):
            raise SlackError("channel_not_found" if name == "channel" else "invalid_arguments")
        channel = self._state.channels.get(str(args[name]))
        if channel is None:
            raise SlackError("channel_not_found")
        if member and channel.archived:
            raise SlackError("is_archived")
        if member and self._state.bot_user_id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

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
        text, given = str(args.get("text") or ""), _json(args.get("blocks")) or []
        found = blocks.problems(given, most=50)
        if found:
            raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
        if not text and not given:
            raise SlackError("no_text")
        return text, given

    async def _chat_postMessage(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        text, given = self._checked_words(args)
        metadata = _json(args.get("metadata"))
        if metadata is not None and not {"event_type", "event_payload"} <= set(metadata):
            raise SlackError("invalid_metadata_format")
        more = {}
        if len(text) > 40_000:
            text, more = text[:40_000], {"response_metadata": {"warnings": ["message_truncated"]}}
        state = self._state
        message = Message(
            state.new_ts(), state.bot_user_id, text, given, metadata, args.get("thread_ts"), bot_id=state.bot_id
        )
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

    # Pins, bookmarks, files, views

    async def _pins_add(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        if not args.get("timestamp"):
            raise SlackError("no_item_specified")
        message = channel.message(str(args["timestamp"]))
        if message.ts in channel.pins:
            raise SlackError("already_pinned")
        if len(channel.pins) >= 100:
            raise SlackError("too_many_pins")
        channel.pins.append(message.ts)
        return {}

    async def _bookmarks_add(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args, name="channel_id")
        if not args.get("title") or args.get("type") != "link":
            raise SlackError("invalid_bookmark_type" if args.get("title") else "invalid_arguments")
        if not str(args.get("link") or "").startswith(("http://", "https://")):
            raise SlackError("invalid_link")
        if len(channel.bookmarks) >= 100:
            raise SlackError("too_many_bookmarks")
        bookmark = {"id": self._state.new_id("Bk"), "title": args["title"], "link": args["link"], "type": "link"}
        channel.bookmarks.append(bookmark)
        return {"bookmark": bookmark}

    async def _bookmarks_list(self, args: Args) -> dict[str, Any]:
        return {"bookmarks": self._channel(args, name="channel_id").bookmarks}

    async def _files_getUploadURLExternal(self, args: Args) -> dict[str, Any]:
        if not args.get("filename") or not str(args.get("length") or "").isdigit():
            raise SlackError("missing_argument")
        file = File(self._state.new_id("F"), str(args["filename"]), str(args["filename"]))
        self._state.files.append(file)
        return {"upload_url": f"{self._url()}/upload/{file.id}", "file_id": file.id}

    async def _files_completeUploadExternal(self, args: Args) -> dict[str, Any]:
        shared, state = _json(args.get("files")) or [], self._state
        channel = self._channel(args, name="channel_id") if args.get("channel_id") else None
        found = []
        for wanted in shared:
            file = next((file for file in state.files if file.id == wanted.get("id")), None)
            if file is None:
                raise SlackError("file_not_found")
            file.title, file.channel = wanted.get("title") or file.filename, channel.id if channel else None
            found.append({"id": file.id, "name": file.filename, "title": file.title})
        if channel is not None:
            text = str(args.get("initial_comment") or "")
            message = Message(state.new_ts(), state.bot_user_id, text, bot_id=state.bot_id, subtype="file_share", files=found)
            channel.messages.append(message)
        return {"files": found}

    def _view(self, args: Args) -> dict[str, Any]:
        view = _json(args.get("view"))
        found = blocks.view_problems(view)
        if found:
            raise SlackError("invalid_arguments", response_metadata={"messages": found})
        if view is None or len(json.dumps(view)) > 250_000:
            raise SlackError("view_too_large")
        return dict(view)

    async def _views_open(self, args: Args) -> dict[str, Any]:
        self._state.use_trigger(args.get("trigger_id"))
        body = self._view(args)
        user = self._state.trigger_users.get(str(args["trigger_id"]), "")
        view = View(self._state.new_id("V"), user, body, self._state.new_id("h"))
        self._state.views[view.id] = view
        return {"view": {"id": view.id, "hash": view.hash, **body}}

    async def _views_update(self, args: Args) -> dict[str, Any]:
        view = self._state.views.get(str(args.get("view_id")))
        if view is None:
            raise SlackError("not_found")
        if args.get("hash") not in (None, view.hash):
            raise SlackError("hash_conflict")
        view.body, view.hash = self._view(args), self._state.new_id("h")
        return {"view": {"id": view.id, "hash": view.hash, **view.body}}


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise SlackError("invalid_arguments") from error


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
