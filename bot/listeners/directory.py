"""Who Slack users are: asked of Slack for those whom the policy does not name, so that a guest is known for one.

When Slack does not say it in time, the person goes on with the access that the policy gives to strangers: rather one helper too many
than a declaration that is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.clock import Clock
from bot.domain.people import Profile
from bot.services import people
from bot.services.work import Services

ASK_WITHIN = 1.0
"""Seconds that a request may wait for it; Slack wants its answer within three."""
_ASKED_AGAIN_AFTER = 3600.0
_AT_ONCE = 5
_GUEST_FLAGS = ("is_restricted", "is_ultra_restricted", "deleted", "is_bot", "is_stranger")


@dataclass(slots=True)
class Directory:
    """Introduces strangers to the services, each once an hour."""

    services: Services
    client: AsyncWebClient
    clock: Clock
    _asked: dict[str, float] = field(default_factory=dict)

    async def meet(self, user_ids: Collection[str], team_id: str | None) -> None:
        """Makes sure that the users are known by name and as guests where they are; never raises over Slack."""
        now = self.clock.monotonic()
        fresh = {user_id for user_id in user_ids if user_id and now - self._asked.get(user_id, -_ASKED_AGAIN_AFTER) >= _ASKED_AGAIN_AFTER}
        if not fresh:
            return
        unknown = sorted(await self.services.read(people.strangers, fresh))[:_AT_ONCE]
        self._asked |= dict.fromkeys(fresh - set(unknown), now)
        await asyncio.gather(*(self._meet(user_id, team_id, now) for user_id in unknown))

    async def _meet(self, user_id: str, team_id: str | None, now: float) -> None:
        try:
            async with asyncio.timeout(ASK_WITHIN):
                answer = await self.client.users_info(user=user_id)
            profile = profile_of(answer["user"], team_id)
        except (SlackClientError, aiohttp.ClientError, OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            telemetry.logger().warning("user_not_looked_up", user_id=user_id, error=repr(error)[:200])
            return
        await self.services.run(people.introduce, profile)
        self._asked[user_id] = now


def profile_of(user: Mapping[str, Any], team_id: str | None) -> Profile:
    """What ``users.info`` says; a guest is restricted, deleted, a bot, or a member of another workspace."""
    shown = user.get("profile") or {}
    name = shown.get("display_name") or user.get("real_name") or shown.get("real_name") or user.get("name") or ""
    foreign = team_id is not None and user.get("team_id") not in (None, team_id) and not user.get("enterprise_user")
    guest = foreign or any(user.get(flag) for flag in _GUEST_FLAGS)
    return Profile(str(user["id"]), str(name), guest)
