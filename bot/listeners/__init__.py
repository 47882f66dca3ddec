"""Slack comes in: a request is verified, one listener parses it, calls a service, and answers after the commit.

One listener for each kind of request, routed by id: Bolt matches listeners one by one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.errors import Conflict, Malformed, NotAllowed, Refused
from bot.listeners import actions, commands, events, modals
from bot.listeners.requests import Foreign, Unsigned, Verification
from bot.messages import actions as action_ids
from bot.messages import answers
from bot.messages import modals as views
from bot.services import once, people
from bot.services.work import Services, UnitOfWork

PATH = "/slack/events"
ANSWER_WITHIN = 2.5
"""Seconds: Slack gives up after three."""
_BODY_WITHIN = 10.0
_Words = dict[str, Any]


@dataclass(slots=True)
class Slack:
    """Slack's edge: one aiohttp handler in front of one Bolt app."""

    services: Services
    client: AsyncWebClient
    verification: Verification
    bot_user_id: str | None = None
    bolt: AsyncApp = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.bolt = AsyncApp(
            client=self.client,
            authorize=self._authorization(),
            process_before_response=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
        )
        self.bolt.command(commands.COMMAND)(self._command)
        self.bolt.action(re.compile(r"^incident\."))(self._action)
        self.bolt.view(re.compile(r"^incident\."))(self._submission)
        self.bolt.event("message")(self._event)

    def register(self, app: web.Application) -> None:
        """Mounts the edge."""
        app.router.add_post(PATH, self.handle)

    async def close(self) -> None:
        """Waits for the modals that are being opened."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Slack's request, answered: 401, 400 or 403 before anything is done, 503 when it could not be committed in time."""
        async with asyncio.timeout(_BODY_WITHIN):
            body = await request.read()
        if not request.headers.get("X-Slack-Signature") and body == b"ssl_check=1":
            return web.Response()
        try:
            verified = self.verification.check(request.headers, body)
        except Refused as refusal:
            telemetry.count_refused_request("slack", refusal.code)
            return _refusal(refusal)
        if verified.payload.get("type") == "url_verification":
            return web.Response(text=str(verified.payload.get("challenge", "")))
        return await self._dispatch(request, verified.key, once.digest(body))

    async def _dispatch(self, request: web.Request, key: str | None, digest: str) -> web.StreamResponse:
        bolt_request = await to_bolt_request(request)
        bolt_request.context["once"] = (key, digest)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await to_aiohttp_response(await self.bolt.async_dispatch(bolt_request))
        except (TimeoutError, Conflict) as error:
            telemetry.logger().warning("slack_request_not_answered", error=repr(error))
            return web.Response(status=503, headers={"Retry-After": "1"})

    def _authorization(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """Who we are, as a plain function: Bolt looks at its parameters' names, and would otherwise ask Slack in each request."""

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None,
                team_id=self.verification.team_id,
                bot_token=self.client.token,
                bot_user_id=self.bot_user_id,
            )

        return authorize

    async def _once(self, context: Mapping[str, Any], use_case: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        key, digest = context["once"]
        return await self.services.run(once.once, key, digest, use_case, *arguments)

    async def _command(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        command = commands.parse(body)
        if commands.wants_modal(command):
            self._start(self._open_modal(command.trigger_id, command.user_id, command.channel_id, modals.for_command, command))
            await ack()
            return
        try:
            words = await self._once(context, commands.answer, command)
        except Refused as refusal:
            words = await self._refused(refusal, command.user_id, command.user_name, f"/incident {command.word}")
        await ack(**words)

    async def _action(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        click = actions.parse(body)
        if click.action_id in actions.MODAL_ACTIONS:
            self._start(self._open_modal(click.trigger_id, click.user_id, click.channel_id, modals.for_click, click))
        elif click.action_id == action_ids.ACKNOWLEDGE:
            try:
                words = await self._once(context, actions.acknowledge, click)
            except Refused as refusal:
                words = await self._refused(refusal, click.user_id, click.user_name, click.action_id)
            self._tell(click.channel_id, click.user_id, words)
        await ack()

    async def _submission(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        try:
            submission = modals.parse(body)
            await ack(**await self._once(context, modals.submit, submission))
        except Refused as refusal:
            user = body.get("user") or {}
            await self._refused(refusal, str(user.get("id", "")), str(user.get("username", "")), "a form")
            await ack(**views.errors(body["view"], str(refusal)))

    async def _event(self, event: _Words, context: _Words) -> None:
        await self._once(context, events.message, event)

    async def _refused(self, refusal: Refused, user_id: str, user_name: str, what: str) -> _Words:
        if isinstance(refusal, NotAllowed):
            await self.services.run(_write_denial, user_id, user_name, what)
        return commands.ephemeral(answers.refused(str(refusal)))

    async def _open_modal(
        self,
        trigger_id: str,
        user_id: str,
        channel_id: str,
        use_case: Callable[..., Awaitable[_Words]],
        *arguments: Any,
    ) -> None:
        """Opens a skeleton before anything is read, for the trigger is running out; then fills it."""
        try:
            opened = await self.client.views_open(trigger_id=trigger_id, view=views.skeleton())
            view_id = opened["view"]["id"]
        except SlackApiError as error:
            telemetry.logger().warning("modal_not_opened", error=error.response.get("error"))
            await self._whisper(channel_id, user_id, answers.modal_expired())
            return
        try:
            view = await self.services.read(use_case, *arguments)
        except Refused as refusal:
            view = views.refusal(str(refusal))
        await self.client.views_update(view_id=view_id, view=view)

    def _tell(self, channel_id: str, user_id: str, words: _Words) -> None:
        self._start(self._whisper(channel_id, user_id, words))

    async def _whisper(self, channel_id: str, user_id: str, words: _Words) -> None:
        if channel_id:
            text, blocks = words.get("text", ""), words.get("blocks")
            await self.client.chat_postEphemeral(channel=channel_id, user=user_id, text=text, blocks=blocks)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except (SlackApiError, OSError, TimeoutError) as error:
        telemetry.logger().warning("slack_answer_failed", error=repr(error))


async def _write_denial(work: UnitOfWork, user_id: str, user_name: str, what: str) -> None:
    member = await people.who_in_slack(work, user_id, user_name)
    await people.write_denial(work, member.id, what)


def _refusal(refusal: Refused) -> web.Response:
    status = {Unsigned: 401, Foreign: 403, Malformed: 400}.get(type(refusal), 400)
    body = json.dumps({"code": refusal.code, "message": str(refusal)})
    return web.Response(status=status, text=body, content_type="application/json")
