"""User groups by name: where the workspace has them and lets us read them, for a timeline that people can read (complaint 19).

Slack writes ``<!subteam^S012ABC>`` into a message and not the group's name. Reading the names needs ``usergroups:read``, which is optional:
without it the id stands in the timeline.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.services.work import Services

ASK_WITHIN = 1.0
_AGAIN_AFTER = 600.0
_UNNAMED = re.compile(r"<!subteam\^(?P<id>[A-Z0-9]+)>")


@dataclass(slots=True)
class Groups:
    """Fills the names that the services know, at most once in ten minutes, when a message names a group that is not known."""

    services: Services
    client: AsyncWebClient
    _asked_at: float | None = field(default=None)

    async def learn(self, text: str) -> None:
        """Makes sure that the groups in a message are known by name, as far as Slack says them in time; never raises over Slack."""
        unknown = {match["id"] for match in _UNNAMED.finditer(text)} - set(self.services.group_names)
        now = self.services.clock.monotonic()
        if not unknown or (self._asked_at is not None and now - self._asked_at < _AGAIN_AFTER):
            return
        self._asked_at = now
        try:
            async with asyncio.timeout(ASK_WITHIN):
                answer = await self.client.usergroups_list()
            self.services.group_names.update({str(group["id"]): str(group["handle"]) for group in answer["usergroups"]})
        except (SlackClientError, aiohttp.ClientError, OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            telemetry.logger().warning("groups_not_looked_up", error=repr(error)[:200])
