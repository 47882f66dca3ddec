"""What the methods of Slack's Web API share: arguments, channels as the bot may see them, pages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox import events
from bot.sandbox.workspace import Channel, Message, SlackError, State

Args = Mapping[str, Any]
Tell = Callable[[dict[str, Any]], None]


def parse(value: Any) -> Any:
    """An argument that may be JSON in a form; raises SlackError when it is neither."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise SlackError("invalid_arguments") from error


def required(args: Args, *names: str) -> None:
    """Raises SlackError, with Slack's own sentences, when an argument is missing."""
    missing = [f"[ERROR] missing required field: {name}" for name in names if args.get(name) in (None, "")]
    if missing:
        raise SlackError("invalid_arguments", response_metadata={"messages": missing})


def page(name: str, items: list[Any], args: Args, most: int, *, unlimited: bool = False) -> dict[str, Any]:
    """A page of a listing and the cursor of the next; ``unlimited`` when no limit means everything."""
    given = str(args.get("limit") or (len(items) or 1 if unlimited else 100))
    if not given.isdigit() or not int(given):
        raise SlackError("invalid_limit")
    limit, start = min(int(given), most), _start(str(args.get("cursor") or ""))
    following = _cursor(start + limit) if start + limit < len(items) else ""
    more = {"has_more": bool(following), "response_metadata": {"next_cursor": following}}
    return {name: items[start : start + limit], **more}


def _cursor(start: int) -> str:
    return base64.b64encode(f"next:{start}".encode()).decode()


def _start(cursor: str) -> int:
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SlackError("invalid_cursor") from error
    if cursor and (word != "next" or not number.isdigit()):
        raise SlackError("invalid_cursor")
    return int(number or 0)


class Methods:
    """What every method works with; ``tell`` takes the events of what the bot does itself."""

    def __init__(self, state: State, url: Callable[[], str], tell: Tell, scopes: frozenset[str]) -> None:
        self._state, self._url, self._tell, self._scopes = state, url, tell, scopes

    def _visible(self, args: Args, name: str = "channel") -> Channel:
        """The channel; a private one that the bot is not in does not exist for it."""
        channel = self._state.channels.get(str(args.get(name) or ""))
        if channel is None or (channel.is_private and not self._is_in(channel)):
            raise SlackError("channel_not_found")
        return channel

    def _channel(self, args: Args, *, name: str = "channel") -> Channel:
        """The channel, for a method that needs the bot in it and acts on it."""
        channel = self._visible(args, name)
        if channel.archived:
            raise SlackError("is_archived")
        if not self._is_in(channel):
            raise SlackError("not_in_channel")
        return channel

    def _readable(self, args: Args) -> Channel:
        """The channel, for a method that reads what was written in it; the archived ones can be read where the bot still is."""
        channel = self._visible(args)
        if not self._is_in(channel):
            raise SlackError("not_in_channel")
        return channel

    def _is_in(self, channel: Channel) -> bool:
        return self._state.bot_user_id in channel.members

    def _post(self, channel: Channel, message: Message) -> Message:
        """Adds a message of the bot's, and tells of it."""
        channel.messages.append(message)
        self._tell(events.posted(self._state, channel, message))
        return message

    def _note(self, channel: Channel, subtype: str, text: str) -> None:
        """The line that a change of a channel leaves in it."""
        state = self._state
        self._post(channel, Message(state.new_ts(), state.bot_user_id, text, subtype=subtype))
