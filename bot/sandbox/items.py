"""The part of Slack's Web API that is about things in channels: pins, bookmarks, files, modals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox import blocks
from bot.sandbox.workspace import Channel, File, Message, SlackError, State, View

Args = Mapping[str, Any]
Event = Callable[[dict[str, Any]], None]


def parse(value: Any) -> Any:
    """An argument that may be JSON in a form; raises SlackError when it is neither."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise SlackError("invalid_arguments") from error


class Items:
    """What the methods share, and the methods for things in channels."""

    def __init__(self, state: State, url: Callable[[], str], events: Event) -> None:
        self._state, self._url, self._events = state, url, events

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
        shared, state = parse(args.get("files")) or [], self._state
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
        view = parse(args.get("view"))
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
