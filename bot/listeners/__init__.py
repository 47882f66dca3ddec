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
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.domain.readiness import IssueTracker
from bot.errors import Conflict, Malformed, NotAllowed, Refused
from bot.listeners import actions, commands, events, gate, lines, modals, submissions
from bot.listeners.directory import Directory
from bot.listeners.groups import Groups
from bot.listeners.own import Own
from bot.listeners.requests import Foreign, Unsigned, Verification
from bot.listeners.surface import Asker, Surface
from bot.messages import answers
from bot.messages import modals as views
from bot.services import once, people
from bot.services.work import Services, UnitOfWork

PATH = "/slack/events"
ANSWER_WITHIN = 2.5
"""Seconds: Slack gives up after three."""
_BODY_WITHIN = 10.0
_ANY = re.compile("")
"""Every id: one that we do not know gets a sentence and not Slack's sign of trouble."""
_Words = dict[str, Any]


@dataclass(slots=True)
class Slack:
    """Slack's edge: one aiohttp handler in front of one Bolt app."""

    services: Services
    client: AsyncWebClient
    verification: Verification
    bot_user_id: str | None = None
    sentry: IssueTracker | None = None
    own: Own = field(default_factory=Own, init=False)
    bolt: AsyncApp = field(init=False)
    _directory: Directory = field(init=False)
    _surface: Surface = field(init=False)
    _groups: Groups = field(init=False)

    def __post_init__(self) -> None:
        self._directory = Directory(self.services, self.client, self.services.clock)
        self._surface = Surface(self.client)
        self._groups = Groups(self.services, self.client)
        self.bolt = AsyncApp(
            client=self.client,
            authorize=self._authorization(),
            process_before_response=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
        )
        self.bolt.use(self.own.filter)
        self.bolt.command(commands.COMMAND)(self._command)
        self.bolt.action(_ANY)(self._action)
        self.bolt.view(_ANY)(self._submission)
        self.bolt.shortcut(_ANY)(self._shortcut)
        for kind in events.TYPES:
            self.bolt.event(kind)(self._event)

    def register(self, app: web.Application) -> None:
        """Mounts the edge."""
        app.router.add_post(PATH, self.handle)

    async def close(self) -> None:
        """Waits for the answers that are under way."""
        await self._surface.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Slack's request, answered: 401, 400 or 403 before anything is done, 503 when it could not be committed in time."""
        async with asyncio.timeout(_BODY_WITHIN):
            body = await request.read()
        if not request.headers.get("X-Slack-Signature") and body == b"ssl_check=1":
            return web.Response()
        try:
            verified = self.verification.check(request.headers, body)
        except Refused as refusal:
            await self.note_refusal(refusal)
            return _refusal(refusal)
        if verified.payload.get("type") == "url_verification":
            return web.Response(text=str(verified.payload.get("challenge", "")))
        answer = await self.answer(await to_bolt_request(request), verified.key, once.digest(body))
        if answer is None:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return await to_aiohttp_response(answer)

    async def note_refusal(self, refusal: Refused) -> None:
        """Counts what was refused at the door; what another workspace tried by Slack's own hand stands in the audit as well."""
        telemetry.count_refused_request("slack", refusal.code)
        if isinstance(refusal, Foreign):
            await self.services.run(people.write_denial, None, "a request of another workspace")

    async def answer(self, request: AsyncBoltRequest, key: str | None, digest: str) -> BoltResponse | None:
        """What a verified request is answered after its commit, on either road; None when it was not committed in time."""
        request.context["once"] = (key, digest)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self.bolt.async_dispatch(request)
        except (TimeoutError, Conflict) as error:
            telemetry.logger().warning("slack_request_not_answered", error=repr(error))
            return None

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

    async def _meet(self, *user_ids: str, home: str | None = None) -> None:
        await self._directory.meet(user_ids, self.verification.team_id, home)

    def _open(self, asker: Asker, use_case: Callable[..., Awaitable[_Words]], asked: Any, home: str | None = None) -> None:
        async def build() -> _Words:
            await self._meet(asker.user_id, home=home)
            try:
                return await self.services.read(use_case, asked)
            except NotAllowed:
                await self.services.run(_write_denial, asker.user_id, asked.user_name, "a form")
                raise

        self._surface.start(self._surface.open_form(asker, build))

    async def _command(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        command = lines.parse(body)
        if commands.wants_modal(command, self.services.policy):
            self._open(Asker(command.user_id, command.channel_id, command.trigger_id), modals.for_command, command)
            await ack()
            return
        await self._meet(command.user_id, *(match["id"] for match in lines.MENTION.finditer(command.text)))
        try:
            command = await gate.look_outside(command, self.sentry, self.services.policy.gate.sentry)
            words = await self._once(context, commands.answer, command)
        except Refused as refusal:
            words = await self._refused(refusal, command.user_id, command.user_name, f"/incident {command.word}")
        await ack(**words)

    async def _action(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        click = actions.parse(body)
        asker = Asker(click.user_id, click.channel_id, click.trigger_id)
        if click.action_id in actions.FORMS:
            self._open(asker, modals.for_click, click, _home(body))
            await ack()
            return
        await self._meet(click.user_id, home=_home(body))
        try:
            words = await self._once(context, actions.act, click)
        except Refused as refusal:
            words = await self._refused(refusal, click.user_id, click.user_name, click.action_id)
        self._surface.start(self._surface.whisper(asker, words))
        await ack()

    async def _shortcut(self, ack: Callable[..., Awaitable[Any]], body: _Words) -> None:
        picked = modals.parse_picked(body)
        self._open(Asker(picked.user_id, picked.channel_id, picked.trigger_id), modals.for_shortcut, picked, _home(body))
        await ack()

    async def _submission(self, ack: Callable[..., Awaitable[Any]], body: _Words, context: _Words) -> None:
        user = body.get("user") or {}
        try:
            submission = submissions.parse(body)
            await self._meet(submission.user_id, *submissions.users_in(submission), home=_home(body))
            await ack(**await self._once(context, submissions.submit, submission))
        except Refused as refusal:
            await self._refused(refusal, str(user.get("id", "")), str(user.get("username", "")), "a form")
            await ack(**views.errors(body["view"], str(refusal), refusal.where))

    async def _event(self, event: _Words, context: _Words) -> None:
        await self._meet(*events.users_of(event))
        await self._groups.learn(events.text_of(event))
        try:
            await self._once(context, events.happened, event)
        except Refused as refusal:
            telemetry.logger().info("event_refused", type=event.get("type"), reason=str(refusal))

    async def _refused(self, refusal: Refused, user_id: str, user_name: str, what: str) -> _Words:
        if isinstance(refusal, NotAllowed):
            await self.services.run(_write_denial, user_id, user_name, what)
        return commands.ephemeral(answers.refused(str(refusal)))


async def _write_denial(work: UnitOfWork, user_id: str, user_name: str, what: str) -> None:
    member = await people.who_in_slack(work, user_id, user_name)
    await people.write_denial(work, member.id, what)


def _home(body: _Words) -> str | None:
    """The workspace that the payload says its user is of; in a channel that is shared it need not be ours."""
    return (body.get("user") or {}).get("team_id")


def _refusal(refusal: Refused) -> web.Response:
    status = {Unsigned: 401, Foreign: 403, Malformed: 400}.get(type(refusal), 400)
    body = json.dumps({"code": refusal.code, "message": str(refusal)})
    return web.Response(status=status, text=body, content_type="application/json")
