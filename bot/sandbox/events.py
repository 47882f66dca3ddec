"""Slack's events: what they look like, which of them an app hears of, and how messages are shown in them."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from bot.sandbox.workspace import Channel, Message, State

SUBSCRIPTIONS = frozenset(
    [
        "message.channels",
        "message.groups",
        "reaction_added",
        "reaction_removed",
        "app_home_opened",
        "channel_archive",
        "group_archive",
        "channel_deleted",
        "group_deleted",
        "channel_left",
        "group_left",
        "channel_rename",
        "group_rename",
        "member_joined_channel",
        "member_left_channel",
    ]
)
_MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
_EVERYWHERE = frozenset(["app_home_opened", "channel_archive", "channel_unarchive", "channel_deleted", "channel_rename"])
_TO_THE_BOT = frozenset(["channel_left", "group_left"])

_TOKEN = re.compile(r"<(?:[@#!]|https?://|mailto:)[^<>]*>")

Event = dict[str, Any]


def escape(text: str) -> str:
    """Text as Slack gives it back."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str) -> str:
    """What somebody typed, as Slack passes it on: escaped, but for the mentions and links that stand in it."""
    rest = _TOKEN.split(text)
    return "".join(part + token for part, token in zip(map(escape, rest), [*_TOKEN.findall(text), ""], strict=True))


def channel_of(event: Mapping[str, Any]) -> str:
    """The id of the channel that an event is about; empty when it is about none."""
    where = event.get("channel") or event.get("item") or ""
    return str(where.get("channel") or where.get("id") or "") if isinstance(where, dict) else str(where)


def heard(state: State, subscriptions: Container[str], event: Mapping[str, Any]) -> bool:
    """Whether the app is told: it has subscribed to it, and it is in the channel, or the event is one that goes to everybody."""
    kind = str(event["type"])
    name = _MESSAGES[event["channel_type"]] if kind == "message" else kind
    if name not in subscriptions:
        return False
    channel = state.channels.get(channel_of(event))
    member = channel is not None and state.bot_user_id in channel.members
    return member or kind in _EVERYWHERE or kind in _TO_THE_BOT


def shown(message: Message, *, whole: bool = True) -> dict[str, Any]:
    """A message as events and the Web API show it; ``whole`` with its metadata."""
    found: dict[str, Any] = {"type": "message", "ts": message.ts, "user": message.user, "text": message.text}
    optional = {
        "blocks": message.blocks,
        "bot_id": message.bot_id,
        "subtype": message.subtype,
        "thread_ts": message.thread_ts,
        "files": message.files,
        "reactions": [{**one, "count": len(one["users"])} for one in message.reactions],
        "metadata": message.metadata if whole else None,
        "edited": {"user": message.user, "ts": message.edited_ts} if message.edited else None,
    }
    if not message.user:
        del found["user"]
    return found | {name: value for name, value in optional.items() if value}


def home_team(state: State, user: str) -> str:
    """The workspace that somebody belongs to."""
    return state.users[user].team_id if user in state.users else state.team_id


def message_event(state: State, channel: Channel, fields: Mapping[str, Any]) -> Event:
    """A message event with these fields; somebody of another workspace carries their own."""
    event = {"type": "message", "channel": channel.id, "channel_type": channel.kind, **fields}
    team = home_team(state, str(event.get("user", "")))
    teams = {"team": team} | ({"user_team": team, "source_team": team} if team != state.team_id else {})
    return {**event, **teams, "event_ts": event["ts"]}


def posted(state: State, channel: Channel, message: Message) -> Event:
    """A new message; one that a thread sends to its channel too carries the parent."""
    fields = shown(message)
    if message.subtype == "thread_broadcast" and message.thread_ts:
        fields["root"] = shown(channel.message(message.thread_ts))
    if message.bot_id and not message.subtype:
        fields["bot_profile"] = {"id": message.bot_id, "deleted": False, "app_id": state.app_id, "team_id": state.team_id}
    return message_event(state, channel, fields)


def changed(state: State, channel: Channel, message: Message, previous: Mapping[str, Any]) -> Event:
    """A message that was edited."""
    fields = {"subtype": "message_changed", "hidden": True, "message": shown(message), "previous_message": dict(previous)}
    return message_event(state, channel, {**fields, "ts": state.new_ts()})


def deleted(state: State, channel: Channel, message: Message) -> Event:
    """A message that was deleted."""
    fields = {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts, "previous_message": shown(message)}
    return message_event(state, channel, {**fields, "ts": state.new_ts()})


def membership(state: State, channel: Channel, user: str, kind: str, inviter: str | None = None) -> Event:
    """``member_joined_channel`` or ``member_left_channel``."""
    letter = "G" if channel.is_private else "C"
    event = {"type": kind, "user": user, "channel": channel.id, "channel_type": letter, "team": home_team(state, user)}
    return event | {"event_ts": state.new_ts()} | ({"inviter": inviter} if inviter else {})


def reaction(state: State, channel: Channel, message: Message, user: str, name: str, kind: str) -> Event:
    """``reaction_added`` or ``reaction_removed``."""
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    return {"type": kind, "user": user, "reaction": name, "item_user": message.user, "item": item, "event_ts": state.new_ts()}


def about(state: State, channel: Channel, what: str, user: str | None = None) -> Event:
    """An event about the channel itself: ``archive``, ``unarchive``, ``deleted``, ``rename``, ``left``; private ones have other names."""
    shown_channel: Any = channel.id
    if what == "rename":
        shown_channel = {"id": channel.id, "name": channel.name, "name_normalized": channel.name, "created": channel.created}
    kind = f"{'group' if channel.is_private else 'channel'}_{what}"
    event = {"type": kind, "channel": shown_channel, "event_ts": state.new_ts()}
    return event | ({"user": user} if user and what.endswith("archive") else {})


def envelope(state: State, event: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    """What is posted for an event."""
    channel = state.channels.get(channel_of(event))
    granted = {
        "enterprise_id": None,
        "team_id": state.team_id,
        "user_id": state.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "unused",
        "team_id": state.team_id,
        "context_team_id": state.team_id,
        "api_app_id": state.app_id,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(state.clock.now().timestamp()),
        "event": dict(event),
        "authorizations": [granted],
        "is_ext_shared_channel": bool(channel and channel.connected),
        "event_context": event_id.replace("Ev", "4-", 1),
    }
