"""Slack goes out: one method a kind of message, each of them safe to be carried out twice.

When nobody knows whether the last attempt was carried out, the message is looked for first and adopted when it is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.outbox import Delivery, Kind, Receipt
from bot.errors import SendError
from bot.senders.slack_calls import ask, every, web_client
from bot.senders.slack_channels import SKEW, Channels
from bot.senders.slack_errors import BLOCK_ERRORS, GONE, MISSING_SCOPE, NOT_IN_CHANNEL
from bot.senders.slack_words import LITERAL, carries, metadata_of, words_for_edit, words_of

_UPLOAD_SECONDS = 20.0
_PAGE = 200


class Slack:
    """Sends what the outbox holds for Slack."""

    def __init__(self, *, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._client = web_client(token, api_url, session)
        self._channels = Channels(self._client)
        self._acts: Mapping[Kind, Callable[[Delivery], Awaitable[Receipt]]] = {
            Kind.CHANNEL: self._channels.create,
            Kind.TOPIC: self._channels.set_topic,
            Kind.INVITE: self._channels.invite,
            Kind.CARD: self._post_card,
            Kind.CARD_EDIT: self._edit,
            Kind.PIN: self._pin,
            Kind.BOOKMARK: self._bookmark,
            Kind.POST: self._post,
            Kind.CHECKLIST: self._post,
            Kind.CHECKLIST_EDIT: self._edit,
            Kind.DIRECT: self._post,
            Kind.HOME: self._publish,
            Kind.FILE: self._share,
        }

    async def send(self, delivery: Delivery) -> Receipt:
        """What Slack gave back: the ts, channel id or file id; raises SendError. What can be mended is mended once, on the spot."""
        try:
            return await self._acts[delivery.kind](delivery)
        except SendError as error:
            if not await self._mended(error, delivery):
                raise
        return await self._acts[delivery.kind](delivery)

    async def _mended(self, error: SendError, delivery: Delivery) -> bool:
        """Whether trying again now can help: we joined the channel, or its name will be looked up afresh."""
        address = str(delivery.request.get("channel", ""))
        if error.code == NOT_IN_CHANNEL and address:
            await self._channels.join(await self._channels.resolve(address))
            return True
        return error.code in GONE and self._channels.forget(address)

    async def _post(self, delivery: Delivery) -> Receipt:
        channel = await self._channels.resolve(str(delivery.request["channel"]))
        found = await self._find_post(channel, delivery) if delivery.ambiguous else None
        if found is not None:
            return Receipt(found, {"channel": channel, "adopted": True})
        words = {**words_of(delivery.request), **LITERAL, "unfurl_links": False, "unfurl_media": False}
        more = {"channel": channel, "metadata": metadata_of(delivery)}
        posted = await _say("chat.postMessage", self._client.chat_postMessage, words, **more)
        return Receipt(str(posted["ts"]), {"channel": channel})

    async def _find_post(self, channel: str, delivery: Delivery) -> str | None:
        """The ts of the post that carries this message's id; None as well when we may not read, for two posts are better than none."""
        try:
            async for message in self._history(channel, delivery.since, include_all_metadata=True):
                if carries(message, delivery):
                    return str(message["ts"])
        except SendError as error:
            if error.code != MISSING_SCOPE:
                raise
        return None

    async def _history(self, channel: str, since: datetime, **more: Any) -> Any:
        oldest = f"{(since - SKEW).timestamp():.6f}"
        method = self._client.conversations_history
        async for message in every("conversations.history", "messages", method, channel=channel, oldest=oldest, limit=_PAGE, **more):
            yield message

    async def _post_card(self, delivery: Delivery) -> Receipt:
        posted = await self._post(delivery)
        channel, message_ts = str(posted.facts["channel"]), str(posted.provider_id)
        return Receipt(message_ts, {**posted.facts, "permalink": await self._permalink(channel, message_ts)})

    async def _permalink(self, channel: str, message_ts: str) -> str | None:
        """The card's address; None when Slack does not say it: the card stands, only its bookmark has nothing to point at."""
        try:
            answer = await ask("chat.getPermalink", self._client.chat_getPermalink(channel=channel, message_ts=message_ts))
        except SendError:
            return None
        return str(answer["permalink"])

    async def _edit(self, delivery: Delivery) -> Receipt:
        channel, message_ts = delivery.request["channel"], delivery.request["ts"]
        words = {**words_for_edit(delivery.request), **LITERAL}
        edited = await _say("chat.update", self._client.chat_update, words, channel=channel, ts=message_ts)
        return Receipt(str(edited["ts"]), {})

    async def _publish(self, delivery: Delivery) -> Receipt:
        user_id, view = delivery.request["user_id"], delivery.request["view"]
        shown = await ask("views.publish", self._client.views_publish(user_id=user_id, view=view))
        return Receipt(str(shown["view"]["id"]), {})

    async def _pin(self, delivery: Delivery) -> Receipt:
        channel, message_ts = delivery.request["channel"], delivery.request["timestamp"]
        try:
            await ask("pins.add", self._client.pins_add(channel=channel, timestamp=message_ts))
        except SendError as error:
            if error.code != "already_pinned":
                raise
        return Receipt(None, {})

    async def _bookmark(self, delivery: Delivery) -> Receipt:
        """The bookmark's id; Slack takes the same one twice, so that they are listed first. One of ours is led here."""
        channel, title, link = (delivery.request[name] for name in ("channel", "title", "link"))
        if link is None:
            raise SendError(
                "Slack never said the address of the card, so that there is nothing to bookmark", code="no_link", permanent=True
            )
        known = await ask("bookmarks.list", self._client.bookmarks_list(channel_id=channel))
        for bookmark in known.get("bookmarks") or ():
            if bookmark.get("link") == link:
                return Receipt(str(bookmark["id"]), {"adopted": True})
            if bookmark.get("title") == title:
                edit = self._client.bookmarks_edit(channel_id=channel, bookmark_id=str(bookmark["id"]), link=link)
                return Receipt(str((await ask("bookmarks.edit", edit))["bookmark"]["id"]), {"edited": True})
        made = await ask("bookmarks.add", self._client.bookmarks_add(channel_id=channel, title=title, type="link", link=link))
        return Receipt(str(made["bookmark"]["id"]), {})

    async def _share(self, delivery: Delivery) -> Receipt:
        """The id of the file; files carry no metadata, so that one is known again by its name."""
        channel, name, title, content = (delivery.request[key] for key in ("channel", "filename", "title", "content"))
        found = await self._find_file(channel, name, delivery.since) if delivery.ambiguous else None
        if found is not None:
            return Receipt(found, {"adopted": True})
        upload = self._client.files_upload_v2(channel=channel, filename=name, title=title, content=content)
        shared = await ask("files.completeUploadExternal", upload, within=_UPLOAD_SECONDS)
        return Receipt(str(shared["files"][0]["id"]), {})

    async def _find_file(self, channel: str, name: str, since: datetime) -> str | None:
        async for message in self._history(channel, since):
            for file in message.get("files") or ():
                if file.get("name") == name:
                    return str(file["id"])
        return None


async def _say(method: str, call: Callable[..., Awaitable[AsyncSlackResponse]], words: dict[str, Any], **more: Any) -> AsyncSlackResponse:
    """The answer to words; when Slack finds a flaw in their blocks after all, the text is sent alone."""
    try:
        return await ask(method, call(**words, **more))
    except SendError as error:
        if error.code not in BLOCK_ERRORS or "blocks" not in words:
            raise
    return await ask(method, call(**{name: value for name, value in words.items() if name != "blocks"}, **more))
