"""The part of Slack's Web API that is about things in channels: pins, reactions, bookmarks, files."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox import events
from bot.sandbox.methods import Args, Methods, parse, required
from bot.sandbox.workspace import Channel, File, Message, SlackError, State

_MOST = 100
_EMOJI = re.compile(r"^[a-z0-9_+'-]+(::skin-tone-[2-6])?$")
_TS = re.compile(r"^\d+\.\d+$")


def react(message: Message, user: str, name: str) -> bool:
    """Adds somebody's reaction; False when it was there."""
    for reaction in message.reactions:
        if reaction["name"] == name:
            fresh = user not in reaction["users"]
            reaction["users"] += [user] if fresh else []
            return fresh
    message.reactions.append({"name": name, "users": [user]})
    return True


def unreact(message: Message, user: str, name: str) -> bool:
    """Takes somebody's reaction away; False when there was none."""
    for reaction in message.reactions:
        if reaction["name"] == name and user in reaction["users"]:
            reaction["users"].remove(user)
            message.reactions = [one for one in message.reactions if one["users"]]
            return True
    return False


def show_file(state: State, file: File, user: str) -> dict[str, Any]:
    """A file as messages carry it."""
    address = f"https://files.slack.com/files-pri/{state.team_id}-{file.id}/{file.filename}"
    common = {"id": file.id, "name": file.filename, "title": file.title, "user": user, "size": len(file.content)}
    return {**common, "mimetype": "text/plain", "mode": "hosted", "is_external": False, "url_private": address}


class Items(Methods):
    """pins.*, reactions.*, bookmarks.* and files.*."""

    def _item(self, args: Args, channel: Channel) -> Message:
        timestamp = str(args.get("timestamp") or "")
        if not timestamp:
            raise SlackError("no_item_specified")
        if not _TS.match(timestamp):
            raise SlackError("bad_timestamp")
        return channel.message(timestamp)

    async def _pins_add(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        message = self._item(args, channel)
        if message.ts in channel.pins:
            raise SlackError("already_pinned")
        if len(channel.pins) >= _MOST:
            raise SlackError("too_many_pins")
        channel.pins.append(message.ts)
        self._note(channel, "pinned_item", "pinned a message to this channel.")
        return {}

    async def _pins_remove(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args)
        message = self._item(args, channel)
        if message.ts not in channel.pins:
            raise SlackError("no_pin")
        channel.pins.remove(message.ts)
        return {}

    async def _pins_list(self, args: Args) -> dict[str, Any]:
        channel = self._readable(args)
        pinned = [{**events.shown(channel.message(ts)), "pinned_to": [channel.id]} for ts in reversed(channel.pins)]
        bot, now = self._state.bot_user_id, int(self._state.clock.now().timestamp())
        return {"items": [{"type": "message", "channel": channel.id, "created": now, "created_by": bot, "message": one} for one in pinned]}

    async def _reactions_get(self, args: Args) -> dict[str, Any]:
        if not args.get("channel"):
            raise SlackError("no_item_specified")
        channel = self._visible(args)
        return {"type": "message", "channel": channel.id, "message": events.shown(self._item(args, channel))}

    def _reaction(self, args: Args) -> tuple[Channel, Message, str]:
        channel, name = self._channel(args), str(args.get("name") or "")
        message = self._item(args, channel)
        if not _EMOJI.match(name):
            raise SlackError("invalid_name")
        return channel, message, name

    async def _reactions_add(self, args: Args) -> dict[str, Any]:
        channel, message, name = self._reaction(args)
        user = self._state.bot_user_id
        if not react(message, user, name):
            raise SlackError("already_reacted")
        self._tell(events.reaction(self._state, channel, message, user, name, "reaction_added"))
        return {}

    async def _reactions_remove(self, args: Args) -> dict[str, Any]:
        channel, message, name = self._reaction(args)
        user = self._state.bot_user_id
        if not unreact(message, user, name):
            raise SlackError("no_reaction")
        self._tell(events.reaction(self._state, channel, message, user, name, "reaction_removed"))
        return {}

    async def _bookmarks_add(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args, name="channel_id")
        required(args, "title", "type")
        if args["type"] != "link":
            raise SlackError("invalid_bookmark_type")
        words = _bookmark_words(args, "title", "link")
        if len(channel.bookmarks) >= _MOST:
            raise SlackError("too_many_bookmarks")
        created = int(self._state.clock.now().timestamp())
        common = {"id": self._state.new_id("Bk"), "channel_id": channel.id, "type": "link", "emoji": args.get("emoji") or ""}
        bookmark = {**common, **words, "date_created": created, "date_updated": 0, "app_id": self._state.app_id}
        channel.bookmarks.append(bookmark)
        self._note(channel, "bookmark_added", f"added a bookmark: {bookmark['title']}")
        return {"bookmark": bookmark}

    async def _bookmarks_edit(self, args: Args) -> dict[str, Any]:
        bookmark = _bookmark(self._channel(args, name="channel_id"), args)
        bookmark |= _bookmark_words(args, *(name for name in ("title", "link") if args.get(name)))
        bookmark["date_updated"] = int(self._state.clock.now().timestamp())
        return {"bookmark": bookmark}

    async def _bookmarks_remove(self, args: Args) -> dict[str, Any]:
        channel = self._channel(args, name="channel_id")
        channel.bookmarks.remove(_bookmark(channel, args))
        return {}

    async def _bookmarks_list(self, args: Args) -> dict[str, Any]:
        return {"bookmarks": self._channel(args, name="channel_id").bookmarks}

    async def _files_get_upload_url_external(self, args: Args) -> dict[str, Any]:
        if not args.get("filename") or not str(args.get("length") or "").isdigit():
            raise SlackError("missing_argument")
        file = File(self._state.new_id("F"), str(args["filename"]), str(args["filename"]))
        self._state.files.append(file)
        return {"upload_url": f"{self._url()}/upload/{file.id}", "file_id": file.id}

    async def _files_complete_upload_external(self, args: Args) -> dict[str, Any]:
        wanted, state = parse(args.get("files")) or [], self._state
        channel = self._channel(args, name="channel_id") if args.get("channel_id") else None
        files = [self._named_file(one, channel) for one in wanted]
        found = [show_file(state, file, state.bot_user_id) for file in files]
        if channel is not None:
            text, thread = str(args.get("initial_comment") or ""), args.get("thread_ts")
            message = Message(state.new_ts(), state.bot_user_id, text, thread_ts=thread, subtype="file_share", bot_id=state.bot_id)
            message.files = found
            self._post(channel, message)
        return {"files": found}

    def _named_file(self, wanted: dict[str, Any], channel: Channel | None) -> File:
        file = next((file for file in self._state.files if file.id == wanted.get("id")), None)
        if file is None:
            raise SlackError("file_not_found")
        file.title, file.channel = str(wanted.get("title") or file.filename), channel.id if channel else None
        return file


def _bookmark(channel: Channel, args: Args) -> dict[str, Any]:
    found = next((one for one in channel.bookmarks if one["id"] == args.get("bookmark_id")), None)
    if found is None:
        raise SlackError("not_found")
    return found


def _bookmark_words(args: Args, *names: str) -> dict[str, str]:
    """The title and link of a bookmark, within their lengths."""
    words = {name: str(args.get(name) or "") for name in names}
    if not words.get("link", "https://").startswith(("http://", "https://")) or len(words.get("link", "")) > 2048:
        raise SlackError("invalid_link")
    if len(words.get("title", "")) > 256:
        raise SlackError("invalid_arguments")
    return words
