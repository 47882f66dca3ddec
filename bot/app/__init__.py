"""The composition root: every object is built here, once, started in order and stopped in the reverse one."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot import crashpoints, telemetry
from bot.app.outward import limits_of, links_of, own_numbers, senders_of, sentry_of, sns_of
from bot.clock import Clock, SteeredClock, SystemClock
from bot.dispatcher import Dispatcher
from bot.domain.policy import Policy
from bot.domain.undone import left_undone
from bot.errors import MusterError, SettingsError
from bot.intake import IntakeWorker
from bot.listeners import Slack as SlackEdge
from bot.listeners.requests import Verification
from bot.listeners.socket import Pace, Socket
from bot.poller import Poller
from bot.senders.sentry import Sentry
from bot.senders.slack_history import SlackHistory
from bot.senders.sns import Sns
from bot.senders.twilio_inbox import TwilioInbox
from bot.services import adoption, deliveries, intake, operators
from bot.services.work import Services
from bot.settings import Settings
from bot.store import schema
from bot.store.database import Database, Scope
from bot.store.intake import Intake
from bot.store.notifications import Notifications
from bot.ticker import Ticker
from bot.web import Edge, build
from bot.web.express import Express

DRAIN_SECONDS = 10.0
KEEPALIVE_SECONDS = 15.0
_AUTH_AGAIN_SECONDS = 30.0


@dataclass(slots=True)
class Muster:
    """One running bot. ``control_token`` mounts the route that steers the clock: tests and the demo have one, nobody else."""

    settings: Settings
    policy: Policy
    clock: Clock = field(default_factory=SystemClock)
    control_token: str | None = None
    socket_pace: Pace = field(default_factory=Pace)
    url: str = field(default="", init=False)
    services: Services = field(init=False)
    database: Database = field(init=False)
    ticker: Ticker = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    intake_worker: IntakeWorker = field(init=False)
    poller: Poller = field(init=False)
    _intake: Intake = field(init=False)
    _sns: Sns = field(init=False)
    _sentry: Sentry = field(init=False)
    slack_socket: Socket | None = field(default=None, init=False)
    _slack: SlackEdge | None = field(default=None, init=False)
    _session: aiohttp.ClientSession = field(init=False)
    _runner: web.AppRunner = field(init=False)
    _edge: Edge = field(init=False)
    _express: Express = field(init=False)
    _learning: asyncio.Task[None] | None = field(default=None, init=False)
    _notifications: Notifications | None = field(default=None, init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)

    async def start(self) -> None:
        """Migrates, recovers, opens the doors, then starts the loops; ready when it returns."""
        if self.settings.crashpoint is not None:
            crashpoints.arm(*self.settings.crashpoint)
        scope = Scope(self.policy.organisation, self.policy.branch)
        self.database = Database(self.settings.database_url, scope, self.clock)
        await schema.migrate(self.database.url)
        self.services = Services(self.database, self.clock, self.policy, limits_of(self.settings), links_of(self.settings))
        await self._recover()
        lease = timedelta(seconds=self.settings.lease_seconds)
        self._session = aiohttp.ClientSession()
        self._intake = Intake(self.database)
        self._sns = sns_of(self.settings, self._session)
        self._sentry = sentry_of(self.settings, self._session, self.clock)
        self.ticker = Ticker(self.services, self.clock)
        self.intake_worker = IntakeWorker(self.services, self.clock, lease, self._intake.pressed)
        owner = f"{socket.gethostname()}:{os.getpid()}"
        self.dispatcher = Dispatcher(self.services, {"sns": self._sns} | senders_of(self.settings, self._session), owner=owner, lease=lease)
        self.poller = self._make_poller(owner, lease)
        await self._open()
        if not self.database.is_sqlite:
            self._notifications = Notifications(self.database)
            self._start(self._notifications.run())
        for loop in (self.ticker.run(), self.intake_worker.run(), self.dispatcher.run(), self.poller.run()):
            self._start(loop)
        if self.slack_socket is not None:
            self._start(self.slack_socket.run())
        for limit in (*self.services.limits, *left_undone(self.policy)):
            telemetry.logger().warning("limit", message=limit)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _recover(self) -> None:
        await self.services.run(adoption.adopt)
        if self.database.is_sqlite:
            sending = await self.services.run(deliveries.recover)
            working = await self.services.run(intake.recover)
            if sending or working:
                telemetry.logger().info("took_back_leases", messages=sending, bodies=working)

    def _make_poller(self, owner: str, lease: timedelta) -> Poller:
        """Asks for replies where Twilio cannot reach us, and for Slack's history wherever there is Slack."""
        settings, phones, history = self.settings, None, None
        if settings.twilio_account_sid is not None and settings.twilio_auth_token is not None and settings.public_url is None:
            token = settings.twilio_auth_token.get_secret_value()
            phones = TwilioInbox(
                account_sid=settings.twilio_account_sid, auth_token=token, api_url=settings.twilio_api_url, session=self._session
            )
        if settings.slack_bot_token is not None:
            token = settings.slack_bot_token.get_secret_value()
            history = SlackHistory(token=token, api_url=settings.slack_api_url, session=self._session)
        numbers = own_numbers(settings)
        return Poller(self.services, owner=owner, lease=lease, phones=phones, numbers=numbers, history=history)

    async def _alarm(self, sentence: str) -> None:
        await self.services.run(operators.alarm, sentence)

    async def _open(self) -> None:
        self._edge = edge = Edge(
            services=self.services,
            settings=self.settings,
            clock=self.clock,
            intake=self._intake,
            loops=(self.ticker, self.intake_worker, self.dispatcher, self.poller),
            control_token=self.control_token,
            certificates=self._sns,
            sentry=self._sentry,
        )
        app = build(edge)
        self._register_slack(app)
        self._runner = web.AppRunner(app, keepalive_timeout=KEEPALIVE_SECONDS, access_log=None)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None, "it is set up"
        self._express = Express(edge, server, KEEPALIVE_SECONDS)
        self.url = await self._express.open(self.settings.host, self.settings.port)

    def _register_slack(self, app: web.Application) -> None:
        settings = self.settings
        if settings.slack_bot_token is None:
            return
        token = settings.slack_bot_token.get_secret_value()
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=self._session, retry_handlers=[], timeout=10)
        secrets = () if settings.slack_signing_secret is None else (settings.slack_signing_secret.get_secret_value(),)
        self._slack = SlackEdge(self.services, client, Verification(self.clock, secrets, None), sentry=self._sentry)
        if secrets:
            self._slack.register(app)
        if settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            self.slack_socket = Socket(
                self.services,
                self._slack,
                token,
                settings.slack_api_url,
                self._session,
                self.socket_pace,
                on_dead=self._alarm,
                on_back=self.poller.heal,
            )
        self._learning = asyncio.create_task(self._learn_workspace(self._slack, client))

    async def _learn_workspace(self, edge: SlackEdge, client: AsyncWebClient) -> None:
        """Asks Slack who we are, until it says so; the doors are open meanwhile, for the signature alone decides."""
        while edge.verification.team_id is None:
            try:
                known = await client.auth_test()
                edge.bot_user_id, edge.verification.team_id = known["user_id"], known["team_id"]
            except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
                telemetry.logger().warning("slack_not_reached_yet", error=repr(error))
                await asyncio.sleep(_AUTH_AGAIN_SECONDS)

    async def change_policy(self, policy: Policy) -> None:
        """Puts another policy in force, all of it or nothing of it; raises SettingsError when it cannot be. Open incidents keep theirs."""
        if (policy.organisation, policy.branch) != (self.policy.organisation, self.policy.branch):
            raise SettingsError("organisation and branch cannot change while Muster runs: start it anew.")
        doors = self._edge.doors_of(policy)
        await replace(self.services, policy=policy).run(adoption.change)
        self.policy = self.services.policy = policy
        self._edge.doors = doors
        self._express.follow()
        for limit in left_undone(policy):
            telemetry.logger().warning("limit", message=limit)

    async def stop(self) -> None:
        """Closes the doors, lets what is under way finish within DRAIN_SECONDS, closes the database."""
        if self.slack_socket is not None:
            self.slack_socket.stop()
        await self._express.close(DRAIN_SECONDS)
        await self._runner.cleanup()
        if self._learning is not None:
            self._learning.cancel()
        if self._slack is not None:
            await self._slack.close()
        for loop in (self.intake_worker, self.ticker, self.dispatcher, self.poller):
            loop.stop()
        if self._notifications is not None:
            self._notifications.stop()
        _, late = await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._intake.close()
        await self._sentry.close()
        await self._session.close()
        await self.database.close()

    @property
    def workspace_known(self) -> bool:
        """Whether Slack has said which workspace is ours."""
        return self._slack is not None and self._slack.verification.team_id is not None

    @property
    def steered(self) -> SteeredClock | None:
        """The clock when it can be steered."""
        return self.clock if isinstance(self.clock, SteeredClock) else None


async def serve(
    settings: Settings,
    policy: Policy,
    clock: Clock | None = None,
    control_token: str | None = None,
    read_again: Callable[[], Policy] | None = None,
) -> None:
    """Runs the bot until SIGTERM or SIGINT; on SIGHUP the policy that ``read_again`` gives comes into force, unless it is wrong."""
    bot = Muster(settings, policy, clock or SystemClock(), control_token)
    await bot.start()
    gc.freeze()  # what lives as long as the program need not be looked at again and again
    gc.set_threshold(50_000, 10, 10)  # a batch of alerts is thousands of objects that are all needed until its commit
    telemetry.logger().info("ready", url=bot.url, policy=policy.name, digest=policy.digest[:12])
    ended, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if read_again is not None:
        loop.add_signal_handler(signal.SIGHUP, asked.set)
    changing = asyncio.create_task(_follow(bot, asked, read_again)) if read_again is not None else None
    await ended.wait()
    telemetry.logger().info("stopping")
    if changing is not None:
        changing.cancel()
    await bot.stop()


async def _follow(bot: Muster, asked: asyncio.Event, read_again: Callable[[], Policy]) -> None:
    """Reads the policy again whenever it is asked for; one that is wrong changes nothing, and its problems are logged."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            policy = await asyncio.to_thread(read_again)
            await bot.change_policy(policy)
            telemetry.logger().info("policy_changed", policy=policy.name, digest=policy.digest[:12])
        except (MusterError, SQLAlchemyError, OSError) as error:
            telemetry.logger().error("policy_refused", in_force=bot.policy.digest[:12], error=str(error))
