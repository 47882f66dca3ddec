"""Slack goes out: one method a kind of message, each of them safe to be carried out twice.

The SDK retries nothing by itself (a lost answer would be posted again): the outbox does. When nobody knows whether the last attempt was
carried out, the message is looked for first and adopted when it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackObjectFormationError, SlackRequestError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.outbox import METHODS, Delivery, Kind, Receipt
from bot.errors import SendError
from bot.senders.slack_errors import classify, unreachable

TIMEOUT_SECONDS = 10.0
METADATA = "muster"
_NAMES_TO_TRY = 9
_NAME_LIMIT = 80
_FIELD_LIMIT = 2000
_PLAIN = {"link_names": False, "parse": "none", "unfurl_links": False, "unfurl_media": False}
_DONE_ALREADY = frozenset({"already_pinned", "already_in_channel", "cant_invite_self"})
_SKEW = timedelta(seconds=60)


class Slack:
    """Sends what the outbox holds for Slack."""

    def __init__(self, *, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._client = AsyncWebClient(token=token, base_url=api_url, session=session, timeout=10, retry_handlers=[])
        self._bot_user_id: str | None = None
        self._ids: dict[str, str] = {}
        self._send: Mapping[Kind, Callable[[Delivery], Awaitable[Receipt]]] = {
            Kind.CHANNEL: self._create,
            Kind.TOPIC: self._topic,
            Kind.INVITE: self._invite,
            Kind.CARD: self._post,
            Kind.CARD_EDIT: self._edit,
            Kind.PIN: self._pin,
            Kind.BOOKMARK: self._bookmark,
            Kind.POST: self._post,
            Kind.FILE: self._share,
        }

    async def send(self, delivery: Delivery) -> Receipt:
        """What Slack gave back: the ts, channel id or file id; raises SendError."""
        method = METHODS[delivery.kind]
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._send[delivery.kind](delivery)
        except SlackApiError as error:
            raise classify(error, method) from error
        except (aiohttp.ClientError, OSError, TimeoutError, SlackRequestError) as error:
            raise unreachable(error, method) from error

    # Channels

    async def _create(self, delivery: Delivery) -> Receipt:
        name = str(delivery.request["name"])
        for place in range(1, _NAMES_TO_TRY + 1):
            tried = name if place == 1 else f"{name[: _NAME_LIMIT - 3]}-{place}"
            if delivery.ambiguous and (found := await self._own_channel(tried)) is not None:
                return Receipt(found, {"name": tried, "adopted": True})
            try:
                made = await self._client.conversations_create(name=tried, is_private=False)
                return Receipt(made["channel"]["id"], {"name": made["channel"]["name"]})
            except SlackApiError as error:
                if error.response.get("error") != "name_taken":
                    raise
        raise SendError(f"Slack has channels of the name {name} and its next {_NAMES_TO_TRY}", code="name_taken", permanent=True)

    async def _own_channel(self, name: str) -> str | None:
        """The channel of that name that we made ourselves, when the answer to its creation was lost."""
        me = await self._me()
        async for page in await self._client.users_conversations(limit=200, exclude_archived=True, types="public_channel"):
            for channel in page["channels"]:
                if channel["name"] == name and channel.get("creator") == me:
                    return str(channel["id"])
        return None

    async def _me(self) -> str:
        if self._bot_user_id is None:
            self._bot_user_id = str((await self._client.auth_test())["user_id"])
        return self._bot_user_id

    async def _topic(self, delivery: Delivery) -> Receipt:
        channel, topic = delivery.request["channel"], delivery.request["topic"]
        known = await self._client.conversations_info(channel=channel)
        now = str(known["channel"].get("topic", {}).get("value", ""))
        if now not in (topic, topic.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")):
            await self._client.conversations_setTopic(channel=channel, topic=topic)
        return Receipt(None, {})

    async def _invite(self, delivery: Delivery) -> Receipt:
        users = list(delivery.request["users"])
        try:
            await self._client.conversations_invite(channel=delivery.request["channel"], users=users, force=True)
        except SlackApiError as error:
            failed = {item["user"]: item["error"] for item in error.response.get("errors") or ()}
            if failed and set(failed) <= set(users):
                return Receipt(None, {"failed": failed})
            if error.response.get("error") not in _DONE_ALREADY:
                raise
        return Receipt(None, {})

    async def _channel_id(self, address: str) -> str:
        """The id of a channel that is named by id or by name; a public one that we are not in is joined."""
        if address[:1] in "CG" and address.isupper():
            return address
        if address not in self._ids:
            self._ids[address] = await self._find_channel(address)
        return self._ids[address]

    async def _find_channel(self, name: str) -> str:
        pages = await self._client.conversations_list(limit=1000, exclude_archived=True, types="public_channel")
        async for page in pages:
            for channel in page["channels"]:
                if channel["name"] == name:
                    if not channel.get("is_member"):
                        await self._client.conversations_join(channel=channel["id"])
                    return str(channel["id"])
        text = f"There is no public channel #{name}; create it, or correct announce in the policy"
        raise SendError(text, code="channel_not_found", permanent=True)

    # Messages

    async def _post(self, delivery: Delivery) -> Receipt:
        channel = await self._channel_id(str(delivery.request["channel"]))
        message_ts = await self._find_post(channel, delivery) if delivery.ambiguous else None
        if message_ts is None:
            message_ts = await self._post_once(channel, delivery)
        return Receipt(message_ts, {"channel": channel, "permalink": await self._permalink(channel, message_ts, delivery)})

    async def _post_once(self, channel: str, delivery: Delivery) -> str:
        words = {**_words(delivery.request), **_PLAIN, "metadata": _metadata(delivery)}
        try:
            posted = await self._client.chat_postMessage(channel=channel, **words)
        except SlackApiError as error:
            if error.response.get("error") != "not_in_channel":
                raise
            await self._client.conversations_join(channel=channel)
            posted = await self._client.chat_postMessage(channel=channel, **words)
        return str(posted["ts"])

    async def _permalink(self, channel: str, message_ts: str, delivery: Delivery) -> str | None:
        if delivery.kind is not Kind.CARD:
            return None
        try:
            return str((await self._client.chat_getPermalink(channel=channel, message_ts=message_ts))["permalink"])
        except SlackApiError:
            return None  # the card stands; only its bookmark has nothing to point at

    async def _find_post(self, channel: str, delivery: Delivery) -> str | None:
        """The ts of our own post with this message's id in its metadata."""
        oldest = _oldest(delivery.since)
        pages = await self._client.conversations_history(channel=channel, oldest=oldest, include_all_metadata=True, limit=200)
        async for page in pages:
            for message in page["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("message_id") == delivery.id:
                    return str(message["ts"])
        return None

    async def _edit(self, delivery: Delivery) -> Receipt:
        request = delivery.request
        words = _words(request)
        if "blocks" in words:
            words["text"] = words["text"][:3900]
        edited = await self._client.chat_update(channel=request["channel"], ts=request["ts"], parse="none", **words)
        return Receipt(str(edited["ts"]), {})

    async def _pin(self, delivery: Delivery) -> Receipt:
        try:
            await self._client.pins_add(channel=delivery.request["channel"], timestamp=delivery.request["timestamp"])
        except SlackApiError as error:
            if error.response.get("error") not in _DONE_ALREADY:
                raise
        return Receipt(None, {})

    async def _bookmark(self, delivery: Delivery) -> Receipt:
        channel, title, link = (delivery.request[name] for name in ("channel", "title", "link"))
        if link is None:
            return Receipt(None, {"skipped": "there is no link to bookmark"})
        known = await self._client.bookmarks_list(channel_id=channel)
        for bookmark in known["bookmarks"]:
            if bookmark.get("link") == link:
                return Receipt(str(bookmark["id"]), {"adopted": True})
        made = await self._client.bookmarks_add(channel_id=channel, title=title, type="link", link=link)
        return Receipt(str(made["bookmark"]["id"]), {})

    async def _share(self, delivery: Delivery) -> Receipt:
        request = delivery.request
        channel, name = request["channel"], request["filename"]
        if delivery.ambiguous and (found := await self._find_file(channel, name, delivery.since)) is not None:
            return Receipt(found, {"adopted": True})
        shared = await self._client.files_upload_v2(channel=channel, filename=name, title=request["title"], content=request["content"])
        return Receipt(str(shared["file"]["id"]), {})

    async def _find_file(self, channel: str, name: str, since: datetime) -> str | None:
        pages = await self._client.conversations_history(channel=channel, oldest=_oldest(since), limit=200)
        async for page in pages:
            for message in page["messages"]:
                for file in message.get("files") or ():
                    if file.get("name") == name:
                        return str(file["id"])
        return None


def _oldest(since: datetime) -> str:
    return f"{(since - _SKEW).timestamp():.6f}"


def _metadata(delivery: Delivery) -> dict[str, Any]:
    return {"event_type": METADATA, "event_payload": {"message_id": delivery.id}}


def _words(request: Mapping[str, Any]) -> dict[str, Any]:
    """The words as Slack takes them: blocks that do not hold its limits are left out, and the text alone is sent."""
    words = {name: request[name] for name in ("text", "thread_ts") if name in request}
    blocks = request.get("blocks")
    if blocks and _valid(blocks):
        words["blocks"] = blocks
    return words


def _valid(blocks: list[dict[str, Any]]) -> bool:
    if len(blocks) > 50 or any(len(field.get("text", "")) > _FIELD_LIMIT for block in blocks for field in block.get("fields", ())):
        return False
    try:
        for block in Block.parse_all(blocks):
            block.validate_json()
    except (SlackObjectFormationError, ValueError, TypeError, KeyError):
        return False
    return True
