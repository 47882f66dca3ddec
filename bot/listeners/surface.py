"""What is answered beside the acknowledgement: a form that opens, words that one person sees. Slack's own three seconds rule it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.errors import Refused
from bot.messages import answers
from bot.messages import modals as views

Words = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom an answer goes to: in a channel, or by the trigger of what they did outside of one."""

    user_id: str
    channel_id: str
    trigger_id: str


@dataclass(slots=True)
class Surface:
    """Opens forms and whispers, as tasks that are kept until they end."""

    client: AsyncWebClient
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Lets an answer go on beside the acknowledgement; what it raises over Slack is logged."""
        task: asyncio.Task[None] = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Waits for the answers that are under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open_form(self, asker: Asker, build: Callable[[], Awaitable[Words]]) -> None:
        """Opens a skeleton before anything is read, for the trigger is running out; then fills it (complaint 10)."""
        try:
            opened = await self.client.views_open(trigger_id=asker.trigger_id, view=views.skeleton())
            view_id = opened["view"]["id"]
        except SlackApiError as error:
            telemetry.logger().warning("modal_not_opened", error=error.response.get("error"))
            await self.whisper(asker, answers.modal_expired())
            return
        try:
            view = await build()
        except Refused as refusal:
            view = views.refusal(str(refusal))
        await self.client.views_update(view_id=view_id, view=view)

    async def whisper(self, asker: Asker, words: Words) -> None:
        """Says words to one person: where they are, else in a form, else in their direct messages.

        We are not in every channel in which somebody can type, and a trigger may be spent.
        """
        text, blocks = words.get("text", ""), words.get("blocks")
        try:
            if asker.channel_id:
                await self.client.chat_postEphemeral(channel=asker.channel_id, user=asker.user_id, text=text, blocks=blocks)
                return
        except SlackApiError as error:
            telemetry.logger().info("not_said_in_channel", error=error.response.get("error"))
        try:
            await self.client.views_open(trigger_id=asker.trigger_id, view=views.told(text, blocks))
        except SlackApiError as error:
            telemetry.logger().info("not_said_in_form", error=error.response.get("error"))
            await self.client.chat_postMessage(channel=asker.user_id, text=text, blocks=blocks)


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
        telemetry.logger().warning("slack_answer_failed", error=repr(error))
