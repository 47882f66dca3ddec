"""What a token has to be granted for each method, and how often each may be called; both as Slack's reference says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox.workspace import Channel

DEFAULT_SCOPES = frozenset(
    [
        "commands",
        "chat:write",
        "channels:manage",
        "groups:write",
        "channels:read",
        "groups:read",
        "channels:join",
        "channels:history",
        "groups:history",
        "reactions:read",
        "pins:write",
        "bookmarks:write",
        "bookmarks:read",
        "files:write",
        "users:read",
        "users:read.email",
    ]
)
SCOPES: Mapping[str, str] = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.create": "channels:manage",
    "conversations.invite": "channels:manage",
    "conversations.kick": "channels:manage",
    "conversations.leave": "channels:manage",
    "conversations.rename": "channels:manage",
    "conversations.archive": "channels:manage",
    "conversations.unarchive": "channels:manage",
    "conversations.setTopic": "channels:manage",
    "conversations.setPurpose": "channels:manage",
    "conversations.open": "im:write",
    "conversations.join": "channels:join",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "users.conversations": "channels:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "team.info": "team:read",
    "reactions.get": "reactions:read",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "pins.add": "pins:write",
    "pins.remove": "pins:write",
    "pins.list": "pins:read",
    "bookmarks.add": "bookmarks:write",
    "bookmarks.edit": "bookmarks:write",
    "bookmarks.remove": "bookmarks:write",
    "bookmarks.list": "bookmarks:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}
PER_MINUTE: Mapping[str, int] = {
    "conversations.create": 20,
    "conversations.archive": 20,
    "conversations.rename": 20,
    "conversations.setTopic": 20,
    "conversations.list": 20,
    "users.list": 20,
    "usergroups.list": 20,
    "usergroups.users.list": 20,
    "pins.add": 20,
    "pins.list": 20,
    "bookmarks.add": 20,
    "bookmarks.edit": 20,
    "chat.update": 50,
    "chat.delete": 50,
    "conversations.invite": 50,
    "conversations.kick": 50,
    "conversations.join": 50,
    "conversations.leave": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.info": 50,
    "users.conversations": 50,
    "users.lookupByEmail": 50,
    "reactions.get": 50,
    "bookmarks.list": 50,
    "team.info": 50,
    "chat.postMessage": 60,
    "chat.postEphemeral": 100,
    "conversations.members": 100,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
}
FORM_ONLY = frozenset(
    [
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",
        "pins.list",
        "reactions.get",
        "usergroups.list",
        "usergroups.users.list",
        "users.conversations",
        "users.info",
        "users.list",
        "users.lookupByEmail",
    ]
)
"""Methods that do not look at a JSON body."""
_PRIVATE = {"channels:manage": "groups:write", "channels:read": "groups:read", "channels:history": "groups:history"}
_DIRECT = {"channels:manage": "im:write", "channels:read": "im:read", "channels:history": "im:history"}
_TYPES = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def kinds_of(args: Mapping[str, Any]) -> list[str]:
    """The channel types that a listing asks for."""
    return [kind.strip() for kind in str(args.get("types") or "public_channel").split(",") if kind.strip()]


def truthy(value: Any) -> bool:
    """Whether an argument says yes, in a form or in JSON."""
    return str(value).lower() in ("1", "true")


def lacking(method: str, args: Mapping[str, Any], channel: Channel | None, granted: Iterable[str]) -> str | None:
    """The scope that a call still wants; None when it may be made."""
    return next((scope for scope in _needed(method, args, channel) if scope not in granted), None)


def _needed(method: str, args: Mapping[str, Any], channel: Channel | None) -> list[str]:
    if method in ("conversations.list", "users.conversations"):
        return [_TYPES[kind] for kind in kinds_of(args) if kind in _TYPES]
    scope = SCOPES.get(method)
    if scope is None:
        return []
    private = channel.is_private if channel is not None else method == "conversations.create" and truthy(args.get("is_private"))
    twins = _DIRECT if channel is not None and channel.is_im else _PRIVATE if private else {}
    return [twins.get(scope, scope)]
