"""Channels in Slack: made once, found by name, joined, told their topic, and people invited to them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.outbox import Delivery, Receipt
from bot.errors import SendError
from bot.senders.slack_calls import ask, every
from bot.senders.slack_errors import NAME_TAKEN

SKEW = timedelta(seconds=60)
_NAMES_TO_TRY, _NAME_LIMIT = 9, 80
_INVITED_AT_ONCE = 100
_CHANNEL_ID = re.compile(r"[CGDUW][A-Z0-9]+")
_IN_IT = "already_in_channel"
_NOT_INVITED = frozenset(
    [
        _IN_IT,
        "cant_invite",
        "cant_invite_self",
        "user_not_found",
        "user_is_restricted",
        "org_user_not_in_team",
        "invitee_cant_see_channel",
        "ura_max_channels",
        "no_external_invite_permission",
    ]
)


class Channels:
    """What is done to channels as a whole, and what their names stand for."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}

    async def create(self, delivery: Delivery) -> Receipt:
        """The id of a new channel, of its name or the next free one.

        A taken name may be our own doing, when the answer to an earlier attempt was lost: a channel that we made since the message was
        written is adopted, so that there is never a second one.
        """
        own: dict[str, str] | None = None
        private = bool(delivery.request.get("private"))
        for name in _names(str(delivery.request["name"])):
            try:
                made = await ask("conversations.create", self._client.conversations_create(name=name, is_private=private))
            except SendError as error:
                if error.code != NAME_TAKEN:
                    raise
                own = await self._made_since(delivery.since) if own is None else own
                if name in own:
                    return Receipt(own[name], {"name": name, "adopted": True})
            else:
                return Receipt(str(made["channel"]["id"]), {"name": str(made["channel"]["name"])})
        text = f"Slack has channels of the name {delivery.request['name']} and of the next {_NAMES_TO_TRY - 1}: rename one of them"
        raise SendError(text, code=NAME_TAKEN, permanent=True)

    async def _made_since(self, since: datetime) -> dict[str, str]:
        """The channels that we made ourselves since then, by name."""
        me = str((await ask("auth.test", self._client.auth_test()))["user_id"])
        earliest = (since - SKEW).timestamp()
        types = "public_channel,private_channel"
        own = every("users.conversations", "channels", self._client.users_conversations, types=types, exclude_archived=True, limit=200)
        return {
            str(channel["name"]): str(channel["id"])
            async for channel in own
            if channel.get("creator") == me and channel.get("created", earliest) >= earliest
        }

    async def set_topic(self, delivery: Delivery) -> Receipt:
        """Nothing but a receipt; the topic is only set when it differs, for each setting posts a line."""
        channel, topic = delivery.request["channel"], str(delivery.request["topic"])
        known = await ask("conversations.info", self._client.conversations_info(channel=channel))
        shown = str((known["channel"].get("topic") or {}).get("value", ""))
        if topic not in (shown, html.unescape(shown)):
            await ask("conversations.setTopic", self._client.conversations_setTopic(channel=channel, topic=topic))
        return Receipt(None, {})

    async def invite(self, delivery: Delivery) -> Receipt:
        """Who could not be invited, and why; the others are."""
        users, failed = list(delivery.request["users"]), dict[str, str]()
        for start in range(0, len(users), _INVITED_AT_ONCE):
            failed |= await self._invite(str(delivery.request["channel"]), users[start : start + _INVITED_AT_ONCE])
        return Receipt(None, {"failed": failed} if failed else {})

    async def _invite(self, channel: str, users: list[str]) -> dict[str, str]:
        """Who was left out of these, and why; when none of them could be invited each is asked for alone, to learn their reasons."""
        try:
            answer = await ask("conversations.invite", self._client.conversations_invite(channel=channel, users=users, force=True))
        except SendError as error:
            if error.code not in _NOT_INVITED:
                raise
            if len(users) == 1:
                return {} if error.code == _IN_IT else {users[0]: error.code}
            alone = [await self._invite(channel, [user]) for user in users]
            return {user: why for left_out in alone for user, why in left_out.items()}
        return {item["user"]: item["error"] for item in answer.get("errors") or () if item["error"] != _IN_IT}

    async def resolve(self, address: str) -> str:
        """The id of a channel given by id or by name; one given by name is joined when we are not in it. Names are looked up once."""
        if _CHANNEL_ID.fullmatch(address):
            return address
        if address not in self._ids:
            self._ids[address] = await self._find(address.removeprefix("#"))
        return self._ids[address]

    def forget(self, address: str) -> bool:
        """Whether the name had been looked up before; it will be again."""
        return self._ids.pop(address, None) is not None

    async def _find(self, name: str) -> str:
        found = every(
            "conversations.list", "channels", self._client.conversations_list, types="public_channel", exclude_archived=True, limit=999
        )
        async for channel in found:
            if channel["name"] == name:
                if not channel.get("is_member"):
                    await self.join(str(channel["id"]))
                return str(channel["id"])
        text = f"There is no public channel #{name}: create it, or name another one in the policy"
        raise SendError(text, code="channel_not_found", permanent=True)

    async def join(self, channel: str) -> None:
        """Makes us a member of a public channel; raises SendError for any other."""
        await ask("conversations.join", self._client.conversations_join(channel=channel))


def _names(name: str) -> Iterator[str]:
    yield name[:_NAME_LIMIT]
    for number in range(2, _NAMES_TO_TRY + 1):
        yield f"{name[: _NAME_LIMIT - 2]}-{number}"
