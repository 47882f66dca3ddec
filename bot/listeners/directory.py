"""Who Slack users are: asked of Slack for those whom the policy does not name, so that a guest is known for one.

When Slack does not say it in time, the person goes on with the access that the policy gives to strangers: rather one helper too many
than a declaration that is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.clock import Clock
from bot.domain.people import Profile
from bot.services import people
from bot.services.work import Services

ASK_WITHIN = 1.0
"""Seconds that a request may wait for it; Slack wants its answer within three."""
_ASKED_AGAIN_AFTER = 3600.0
_AT_ONCE, _LOOKED_AT = 5, 20
_MENTIONED_A_MINUTE = 30
"""How many people who are only mentioned are asked for: whoever writes made-up mentions must not use up what Slack answers us."""
_REMEMBERED = 5000
_NOBODY_HERE = ("user_not_found", "user_not_visible")
_GUEST_FLAGS = ("is_restricted", "is_ultra_restricted", "deleted", "is_bot", "is_stranger")


@dataclass(slots=True)
class Directory:
    """Introduces strangers to the services, each once an hour."""

    services: Services
    client: AsyncWebClient
    clock: Clock
    _asked: dict[str, float] = field(default_factory=dict)
    _mentioned: deque[float] = field(default_factory=lambda: deque(maxlen=_MENTIONED_A_MINUTE))

    async def meet(self, user_ids: Iterable[str], team_id: str | None, home: str | None = None) -> None:
        """Makes sure that the users are known by name and as guests where they are; never raises over Slack.

        The first of them is who acts, and is asked for whatever the others are: nobody hides behind the people they mention. ``home`` is
        the workspace that their request says they are of, which is believed when Slack does not say more in time.
        """
        now, ordered = self.clock.monotonic(), list(dict.fromkeys(user_ids))
        fresh = [user_id for user_id in ordered if user_id and now - self._asked.get(user_id, -_ASKED_AGAIN_AFTER) >= _ASKED_AGAIN_AFTER]
        if not fresh:
            return
        fresh = fresh[:_LOOKED_AT]
        unknown = await self.services.read(people.strangers, fresh)
        self._remember(set(fresh) - unknown, now)
        asked = [user_id for user_id in fresh if user_id in unknown][:_AT_ONCE]
        asked = [user_id for user_id in asked if user_id == ordered[0] or self._may_ask(now)]
        said = dict(zip(asked, await asyncio.gather(*(self._meet(user_id, team_id, now) for user_id in asked)), strict=True))
        elsewhere = None not in (home, team_id) and home != team_id
        for user_id, here in said.items():
            if here is False or (here is None and elsewhere and user_id == ordered[0]):
                await self.services.run(people.take_for_guest, user_id)

    def _may_ask(self, now: float) -> bool:
        """Whether one more of those who are only mentioned may be asked for within this minute."""
        if len(self._mentioned) == _MENTIONED_A_MINUTE and now - self._mentioned[0] < 60:
            return False
        self._mentioned.append(now)
        return True

    def _remember(self, user_ids: Iterable[str], now: float) -> None:
        self._asked |= dict.fromkeys(user_ids, now)
        if len(self._asked) > _REMEMBERED:
            self._asked = {user_id: at for user_id, at in self._asked.items() if now - at < _ASKED_AGAIN_AFTER}

    async def _meet(self, user_id: str, team_id: str | None, now: float) -> bool | None:
        """Whether Slack knows the user here, who is introduced then; None when it did not say."""
        try:
            async with asyncio.timeout(ASK_WITHIN):
                answer = await self.client.users_info(user=user_id)
            profile = profile_of(answer["user"], team_id)
        except (SlackClientError, aiohttp.ClientError, OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            telemetry.logger().warning("user_not_looked_up", user_id=user_id, error=repr(error)[:200])
            nobody = isinstance(error, SlackApiError) and error.response.get("error") in _NOBODY_HERE
            return False if nobody else None
        await self.services.run(people.introduce, profile)
        self._remember([user_id], now)
        return True


def profile_of(user: Mapping[str, Any], team_id: str | None) -> Profile:
    """What ``users.info`` says; a guest is restricted, deleted, a bot, or a member of another workspace.

    Of an organisation with several workspaces only who is in this one is a member; other companies have organisations, too.
    """
    shown = user.get("profile") or {}
    name = shown.get("display_name") or user.get("real_name") or shown.get("real_name") or user.get("name") or ""
    teams = (user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ()))
    foreign = team_id is not None and any(teams) and team_id not in teams
    guest = foreign or any(user.get(flag) for flag in _GUEST_FLAGS)
    return Profile(str(user["id"]), str(name), guest)
