"""What Slack says about our app, for ``muster doctor``: facts only, each asked for once and within ten seconds; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.errors import SendError
from bot.senders import slack_errors
from bot.senders.slack_calls import ask, every, web_client

_SCOPES_HEADER = "X-OAuth-Scopes"
_UNKNOWN_CHANNEL, _UNKNOWN_USER = "channel_not_found", frozenset(["user_not_found", "user_not_visible"])


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a bot token belongs, and what it may do; ``scopes`` is None when Slack did not say."""

    team: str
    team_id: str
    user: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that we can see."""

    id: str
    name: str
    private: bool
    archived: bool
    joined: bool


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the workspace; ``email`` is None when we may not know it."""

    id: str
    name: str
    deleted: bool
    bot: bool
    guest: bool
    email: str | None


class SlackChecks:
    """Asks Slack what it thinks of our tokens, channels and people; every method raises SendError."""

    def __init__(self, *, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._client = web_client(token, api_url, session)

    async def workspace(self) -> Workspace:
        """Whose token it is; the scopes stand in a header of the answer."""
        answer = await ask("auth.test", self._client.auth_test())
        granted = answer.headers.get(_SCOPES_HEADER)
        scopes = None if granted is None else frozenset(scope.strip() for scope in granted.split(",") if scope.strip())
        return Workspace(str(answer.get("team")), str(answer.get("team_id")), str(answer.get("user")), scopes)

    async def channel_by_id(self, channel_id: str) -> Channel | None:
        """The channel of that id; None when there is none, or none that we may see."""
        try:
            answer = await ask("conversations.info", self._client.conversations_info(channel=channel_id))
        except SendError as error:
            if error.code != _UNKNOWN_CHANNEL:
                raise
            return None
        return _channel(_object(answer.get("channel"), "conversations.info"))

    async def channel_by_name(self, name: str, *, private_too: bool) -> Channel | None:
        """The channel of that name; private ones are listed to their members alone, and only with groups:read."""
        types = "public_channel,private_channel" if private_too else "public_channel"
        listed = every("conversations.list", "channels", self._client.conversations_list, types=types, exclude_archived=False, limit=999)
        async for channel in listed:
            if channel.get("name") == name:
                return _channel(channel)
        return None

    async def user(self, user_id: str) -> User | None:
        """The user of that id; None when the workspace knows none."""
        try:
            answer = await ask("users.info", self._client.users_info(user=user_id))
        except SendError as error:
            if error.code not in _UNKNOWN_USER:
                raise
            return None
        return _user(_object(answer.get("user"), "users.info"))

    async def open_connection(self, app_token: str) -> None:
        """Nothing, when Socket Mode can be entered with that token; the address that Slack gives is not used."""
        await ask("apps.connections.open", self._client.apps_connections_open(app_token=app_token))


def _object(found: Any, method: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise slack_errors.unreadable(TypeError(method), method)
    return found


def _channel(channel: Mapping[str, Any]) -> Channel:
    flags = (bool(channel.get(name)) for name in ("is_private", "is_archived", "is_member"))
    return Channel(str(channel.get("id")), str(channel.get("name")), *flags)


def _user(user: Mapping[str, Any]) -> User:
    profile = user.get("profile")
    email = profile.get("email") if isinstance(profile, Mapping) else None
    return User(
        id=str(user.get("id")),
        name=str(user.get("real_name") or user.get("name") or user.get("id")),
        deleted=bool(user.get("deleted")),
        bot=bool(user.get("is_bot")),
        guest=any(user.get(name) for name in ("is_restricted", "is_ultra_restricted", "is_stranger")),
        email=str(email) if email else None,
    )
