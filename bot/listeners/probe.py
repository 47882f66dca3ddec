"""Proves that Slack still reaches us: an edit of a line of our own has to come back as an event (complaint 11).

A socket can answer every ping while nothing is dispatched any more. An envelope that arrives is the proof; where none has come for a
while the bot edits its standing line and waits for the event, through the socket, the SDK and Bolt, as a person's command would come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.clock import new_id
from bot.errors import SendError
from bot.listeners.own import Own, probe_block_id, probe_of
from bot.messages import probe as words
from bot.senders.slack_calls import ask
from bot.senders.slack_channels import Channels
from bot.services import inbound
from bot.services.work import Services

Tell = Callable[[str], Awaitable[None]]
_LOOK_BACK = 200
_ELSEWHERE_TOO_OFTEN = 8
"""Probes in a row that only other replicas heard: with fair turns that happens to one that listens once in 256 times."""


@dataclass(frozen=True, slots=True)
class ProbePace:
    """Real seconds: how often to look, after how long a silence to ask, and how long the answer may take."""

    every: float = 60.0
    quiet_after: float = 300.0
    within: float = 10.0


class Probe:
    """Asks when it was quiet; ``alive`` is False from a question without an answer until something arrives."""

    def __init__(
        self, services: Services, client: AsyncWebClient, own: Own, reconnect: Callable[[str], None], pace: ProbePace, on_dead: Tell | None
    ) -> None:
        self.alive = True
        self._services, self._client, self._channels = services, client, Channels(client)
        self._reconnect, self._pace, self.on_dead = reconnect, pace, on_dead
        self._heard_at = services.clock.monotonic()
        self._nonce, self._came_back = "", asyncio.Event()
        self._line: tuple[str, str] | None = None
        self._elsewhere, self._told, self._unsent = 0, False, ""
        own.hear = self._hear

    async def run(self) -> None:
        """Looks every so often, until it is cancelled; whatever goes wrong is logged and looked at again."""
        while True:
            await asyncio.sleep(self._pace.every)
            if self._services.clock.monotonic() - self._heard_at >= self._pace.quiet_after:
                [outcome] = await asyncio.gather(self.ask(), return_exceptions=True)
                if isinstance(outcome, Exception):
                    telemetry.logger().error("inbound_probe_failed", exc_info=outcome)

    def arrived(self) -> None:
        """Something came in from Slack, here."""
        self._heard_at, self._elsewhere = self._services.clock.monotonic(), 0
        self._revive()

    def _revive(self) -> None:
        if not self.alive:
            self.alive, self._told = True, False
            telemetry.INBOUND_ALIVE.set(1)
            telemetry.logger().warning("inbound_recovered", message="Slack reaches us again.")

    async def _hear(self, nonce: str) -> None:
        """One of the probes came back: ours, or another replica's, which is then told."""
        if nonce == self._nonce:
            self._came_back.set()
        else:
            await self._services.run(inbound.heard)

    async def ask(self) -> bool | None:
        """Whether an edit came back, None when it could not be made: then nothing is known."""
        if self._services.policy.announce is None:
            return None
        self._nonce = new_id()
        self._came_back.clear()
        await self._services.wait(inbound.HEARD, 0)
        try:
            await self._edit(self._services.policy.announce)
        except SendError as error:
            telemetry.INBOUND_PROBES.labels("not_sent").inc()
            if str(error) != self._unsent:
                self._unsent = str(error)
                telemetry.logger().warning("inbound_not_probed", error=self._unsent)
            return None
        self._unsent = ""
        if not await self._answered():
            await self._lost()
            return False
        telemetry.INBOUND_PROBES.labels("answered").inc()
        self._revive()
        return True

    async def _answered(self) -> bool:
        """Whether the event came, here or at another replica of ours; one that never hears it itself connects anew after a while."""
        here = asyncio.create_task(self._came_back.wait())
        elsewhere = asyncio.create_task(self._services.wait(inbound.HEARD, self._pace.within))
        try:
            await asyncio.wait({here, elsewhere}, timeout=self._pace.within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            here.cancel()
            elsewhere.cancel()
        if self._came_back.is_set():
            return True
        if not (elsewhere.done() and not elsewhere.cancelled() and elsewhere.result()):
            return False
        self._elsewhere += 1
        if self._elsewhere >= _ELSEWHERE_TOO_OFTEN:
            self._elsewhere = 0
            self._reconnect("heard_elsewhere_only")
        return True

    async def _lost(self) -> None:
        """Connects anew; the operator is told once for each time that it went silent, or again until that succeeds."""
        telemetry.INBOUND_PROBES.labels("lost").inc()
        sentence = f"Slack does not reach us: an edit of our own did not come back within {self._pace.within:g} s. Connecting anew."
        telemetry.logger().error("inbound_dead", message=sentence)
        self._reconnect("probe_lost")
        self.alive = False
        telemetry.INBOUND_ALIVE.set(0)
        if self.on_dead is not None and not self._told:
            await self.on_dead(sentence)
            self._told = True

    # The line

    async def _edit(self, announce: str) -> None:
        """Edits the standing line, or posts it where there is none; raises SendError."""
        services, client = self._services, self._client
        said = words.line(probe_block_id(self._nonce), services.clock.now(), services.policy.zones)
        channel = await self._channels.resolve(announce)
        ts = await self._find_line(channel)
        if ts is not None:
            try:
                await ask("chat.update", client.chat_update(channel=channel, ts=ts, **said))
            except SendError as error:
                if error.code not in ("message_not_found", "cant_update_message", "edit_window_closed"):
                    raise
            else:
                return
        posted = await ask("chat.postMessage", client.chat_postMessage(channel=channel, **said))
        self._line = (channel, str(posted["ts"]))

    async def _find_line(self, channel: str) -> str | None:
        """The ts of the line that we, or an earlier run of ours, posted there."""
        if self._line is not None and self._line[0] == channel:
            return self._line[1]
        page = await ask("conversations.history", self._client.conversations_history(channel=channel, limit=_LOOK_BACK))
        found = next((str(message["ts"]) for message in page.get("messages") or () if message.get("bot_id") and probe_of(message)), None)
        self._line = None if found is None else (channel, found)
        return found
