"""The pretend workspace: people, channels, messages, files, modals; only state and its rules, no HTTP."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.clock import SandboxClock, real_now

TRIGGER_SECONDS = 3.0
OTHER_TEAM = "T0OTHER"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"^[a-z0-9_-]+$")
_LIVE = re.compile(r"<(?P<what>@[UW][A-Z0-9]+|![a-z]+(?:\^[A-Z0-9]+)?)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?P<what>(?:https?|mailto|slack|javascript|tel)[^>|]*)\|[^>]*>")


class SlackError(Exception):
    """An ``ok: false`` answer, with what else stands in it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error, self.more = error, more


@dataclass
class User:
    """Somebody of the workspace."""

    id: str
    name: str
    email: str
    is_bot: bool = False
    is_restricted: bool = False
    real_name: str = ""
    deleted: bool = False
    team_id: str = "T0SANDBOX"
    tz: str = "Europe/London"


@dataclass
class UserGroup:
    """A group of people under one handle."""

    id: str
    handle: str
    name: str
    users: list[str]


def people(team_id: str, bot_user_id: str) -> Iterator[User]:
    """Who is there at first: a team, a guest, somebody who left, two bots, and somebody of another workspace."""
    for key in ("ana", "ben", "chi", "tim", "vic"):
        yield User(f"U0{key.upper()}", key, f"{key}@example.com", real_name=key.capitalize(), team_id=team_id)
    yield User("U0DEE", "dee", "dee@guest.example", is_restricted=True, real_name="Dee", team_id=team_id)
    yield User("U0OLE", "ole", "ole@example.com", real_name="Ole", deleted=True, team_id=team_id)
    yield User("U0PAT", "pat", "pat@other.example", real_name="Pat", team_id=OTHER_TEAM)
    yield User("U0ROBOT", "monitor", "", is_bot=True, real_name="Monitor", team_id=team_id)
    yield User(bot_user_id, "muster", "", is_bot=True, real_name="Muster", team_id=team_id)


@dataclass
class Message:
    """A message; text and blocks as they were posted."""

    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    edited: bool = False
    edited_ts: str = ""
    reactions: list[dict[str, Any]] = field(default_factory=list)

    def edit(self, text: str, ts: str) -> None:
        """Changes the text; Slack keeps the second in which that was."""
        self.text, self.edited, self.edited_ts = text, True, f"{ts.partition('.')[0]}.000000"

    @property
    def mentions(self) -> list[str]:
        """What Slack would make live in it: user ids without @, ``!channel`` and the like, and links under another name.

        The line that says who came in mentions nobody.
        """
        if self.subtype in ("channel_join", "group_join"):
            return []
        texts = [self.text, *_mrkdwn(self.blocks)]
        found = [match["what"].removeprefix("@") for text in texts for match in _LIVE.finditer(text)]
        return found + [match["what"] for text in texts for match in _LINK.finditer(text)]


def _mrkdwn(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            yield str(node.get("text", ""))
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _mrkdwn(item)


@dataclass
class Channel:
    """A channel: public, private (``is_private``) or somebody's messages with the bot (``is_im``; ``name`` is then their id)."""

    id: str
    name: str
    creator: str
    members: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    topic: str = ""
    archived: bool = False
    is_private: bool = False
    is_im: bool = False
    created: int = 0
    purpose: str = ""
    connected: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What events call it: ``channel``, ``group`` or ``im``."""
        return "im" if self.is_im else "group" if self.is_private else "channel"

    def message(self, ts: str) -> Message:
        """The message with that ts; raises SlackError."""
        for message in self.messages:
            if message.ts == ts:
                return message
        raise SlackError("message_not_found")


@dataclass
class View:
    """An open modal, or somebody's App Home; ``values`` is what they have filled in, ``errors`` what a submission got back."""

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    errors: dict[str, str] = field(default_factory=dict)
    root_view_id: str = ""
    previous_view_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def callback_id(self) -> str:
        """What the modal is for."""
        return str(self.body.get("callback_id", ""))


@dataclass
class File:
    """A shared file."""

    id: str
    filename: str
    title: str
    content: bytes = b""
    channel: str | None = None


@dataclass
class Ephemeral:
    """Words that one person saw."""

    user: str
    channel: str
    text: str
    blocks: list[dict[str, Any]]
    ts: str = ""


@dataclass
class State:
    """Everything that is in the workspace."""

    clock: SandboxClock
    team_id: str = "T0SANDBOX"
    app_id: str = "A0MUSTER"
    bot_user_id: str = "U0MUSTER"
    bot_id: str = "B0MUSTER"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    restricted: set[str] = field(default_factory=set)
    files: list[File] = field(default_factory=list)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    triggers: dict[str, datetime | None] = field(default_factory=dict)
    trigger_users: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _last_ts: int = 0

    def __post_init__(self) -> None:
        for user in people(self.team_id, self.bot_user_id):
            self.users[user.id] = user
        insiders = {user.id for user in self.users.values() if not user.is_bot and not user.deleted and user.team_id == self.team_id}
        for name in ("general", "random", "alerts-critical", "incidents"):
            channel = self.create(name, "U0ANA")
            channel.members |= insiders
            if name in ("alerts-critical", "incidents"):
                channel.members.add(self.bot_user_id)
        self.groups["S0ONCALL"] = UserGroup("S0ONCALL", "on-call", "On call", ["U0BEN", "U0TIM"])

    def new_id(self, prefix: str) -> str:
        """A fresh Slack-like id."""
        return f"{prefix}0{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """A message ts: the sandbox's time, unique and increasing."""
        self._last_ts = max(self._last_ts + 1, (self.clock.now() - _EPOCH) // timedelta(microseconds=1))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def check_name(self, name: str) -> None:
        """Raises SlackError for a channel name that Slack refuses; archived and private channels keep theirs."""
        if not name:
            raise SlackError("invalid_name_required")
        if len(name) > 80:
            raise SlackError("invalid_name_maxlength")
        if not _NAME.match(name):
            raise SlackError("invalid_name_specials")
        if not re.search(r"[a-z0-9]", name):
            raise SlackError("invalid_name_punctuation")
        if any(channel.name == name for channel in self.channels.values()):
            raise SlackError("name_taken")

    def create(self, name: str, creator: str, *, is_private: bool = False) -> Channel:
        """A new channel; raises SlackError for a name that Slack refuses."""
        self.check_name(name)
        created = int(self.clock.now().timestamp())
        channel = Channel(self.new_id("C"), name, creator, {creator}, is_private=is_private, created=created)
        self.channels[channel.id] = channel
        return channel

    def open_dm(self, user: str) -> Channel:
        """Somebody's messages with the bot; made when there are none yet."""
        for channel in self.channels.values():
            if channel.is_im and channel.name == user:
                return channel
        members, created = {user, self.bot_user_id}, int(self.clock.now().timestamp())
        channel = Channel(self.new_id("D"), user, self.bot_user_id, members, is_private=True, is_im=True, created=created)
        self.channels[channel.id] = channel
        return channel

    def share(self, name: str, team_id: str = OTHER_TEAM) -> Channel:
        """Connects a channel with another workspace, whose people join it."""
        channel = self.find(name)
        channel.connected.append(team_id)
        channel.members |= {user.id for user in self.users.values() if user.team_id == team_id}
        return channel

    def find(self, name_or_id: str) -> Channel:
        """A channel by id, or by name; raises SlackError."""
        for channel in self.channels.values():
            if name_or_id in (channel.id, channel.name):
                return channel
        raise SlackError("channel_not_found")

    def new_trigger(self, user: str) -> str:
        """A trigger id, good once and for three real seconds."""
        number = next(self._numbers)
        trigger = f"{number}.{int(real_now().timestamp())}.{number:032x}"
        self.triggers[trigger], self.trigger_users[trigger] = real_now(), user
        return trigger

    def use_trigger(self, trigger: Any) -> None:
        """Spends a trigger; raises SlackError when it is malformed, spent or too old."""
        if not isinstance(trigger, str) or not re.fullmatch(r"\d+\.\d+\.[0-9a-f]+", trigger) or trigger not in self.triggers:
            raise SlackError("invalid_trigger_id")
        issued = self.triggers[trigger]
        if issued is None:
            raise SlackError("exchanged_trigger_id")
        self.triggers[trigger] = None
        if (real_now() - issued).total_seconds() > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
