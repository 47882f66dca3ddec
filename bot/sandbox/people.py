"""What people do in the workspace: type, click, submit, write; each reaches the bot as Slack delivers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox import events, inputs, views
from bot.sandbox.delivery import Answer
from bot.sandbox.forms import Forms
from bot.sandbox.workspace import Channel, Ephemeral, File, Message, State, View

__all__ = ["Answer", "Workspace"]

_CHANNEL_NAMES = {"im": "directmessage", "group": "privategroup"}


class Workspace(Forms):
    """The hands of the people in the workspace, over its state."""

    def __init__(self, state: State, signing_secret: str, bot_url: Callable[[], str]) -> None:
        super().__init__(state, signing_secret, bot_url)
        self.enforce_rate_limits = False

    # Looking

    @property
    def channels(self) -> dict[str, Channel]:
        """Every channel by id."""
        return self.state.channels

    @property
    def files(self) -> list[File]:
        """Every shared file, oldest first."""
        return self.state.files

    def channel(self, name_or_id: str) -> Channel:
        """A channel by name or id; somebody's direct messages with the bot by their user id."""
        return self.state.find(name_or_id)

    def open_views(self, user: str) -> list[View]:
        """The modals that somebody has open, the one on top last."""
        return [view for view in self.state.views.values() if view.user == user]

    def home(self, user: str) -> View | None:
        """What was published to somebody's App Home."""
        return self.state.homes.get(user)

    def ephemerals(self, user: str) -> list[Ephemeral]:
        """What only that person was told."""
        return [told for told in self.state.ephemerals if told.user == user]

    # Typing

    async def command(
        self,
        user: str,
        text: str,
        channel: str = "general",
        *,
        trigger_id: str | None = None,
        timestamp: int | None = None,
    ) -> Answer:
        """Types ``/incident text``; raises ValueError for people of other workspaces, where the bot is not installed."""
        where = self.channel(channel)
        self._present(user)
        if self.state.users[user].team_id != self.state.team_id:
            raise ValueError(f"{user} is of another workspace, where there is no /incident")
        fields = {
            "token": "unused",
            "team_id": self.state.team_id,
            "team_domain": "sandbox",
            "channel_id": where.id,
            "channel_name": _CHANNEL_NAMES.get(where.kind, where.name),
            "user_id": user,
            "user_name": self.state.users[user].name,
            "command": "/incident",
            "text": events.typed(text),
            "api_app_id": self.state.app_id,
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.com/commands/unused",
            "trigger_id": trigger_id or self.state.new_trigger(user),
        }
        answer = await self._command(fields, timestamp)
        self._show_answer(user, where, answer)
        return answer

    def _show_answer(self, user: str, where: Channel, answer: Answer) -> None:
        """Shows what a command was answered with: to its user alone, or to everybody."""
        if answer.status != 200 or not isinstance(answer.body, dict) or not answer.body.get("text"):
            return
        text, blocks, state = str(answer.body["text"]), answer.body.get("blocks") or [], self.state
        if answer.body.get("response_type") == "in_channel":
            where.messages.append(Message(state.new_ts(), state.bot_user_id, text, blocks, bot_id=state.bot_id))
        else:
            state.ephemerals.append(Ephemeral(user, where.id, text, blocks, state.new_ts()))

    # Clicking

    async def click(self, user: str, channel: str, message_ts: str, action_id: str, value: str | None = None) -> Answer:
        """Clicks a button that stands in a live message."""
        return await self._act_in_message(user, channel, message_ts, action_id, value)

    async def select(self, user: str, channel: str, message_ts: str, action_id: str, value: Any) -> Answer:
        """Chooses from a menu, a list or an overflow that stands in a live message."""
        return await self._act_in_message(user, channel, message_ts, action_id, value)

    async def _act_in_message(self, user: str, channel: str, message_ts: str, action_id: str, value: Any) -> Answer:
        where = self.channel(channel)
        message = where.message(message_ts)
        payload = {
            **self._clicked(user, where, message.ts, inputs.find(message.blocks, action_id, value), value),
            "message": {**events.shown(message), "team": self.state.team_id, "app_id": self.state.app_id},
        }
        return await self._interact(payload)

    async def click_ephemeral(self, user: str, ts: str | int, action_id: str, value: Any = None) -> Answer:
        """Clicks something in what only this person was told, named by its ts or by its place among these."""
        told = self.ephemerals(user)
        found = told[ts] if isinstance(ts, int) else next((one for one in told if one.ts == ts), None)
        if found is None:
            raise LookupError(f"{user} was told nothing at {ts}")
        element = inputs.find(found.blocks, action_id, value)
        return await self._interact(self._clicked(user, self.channel(found.channel), found.ts, element, value, ephemeral=True))

    def _clicked(
        self, user: str, where: Channel, ts: str, found: tuple[str, Mapping[str, Any]], value: Any, *, ephemeral: bool = False
    ) -> dict[str, Any]:
        return {
            **self._by(user, "block_actions"),
            "container": {"type": "message", "message_ts": ts, "channel_id": where.id, "is_ephemeral": ephemeral},
            "channel": _channel_shown(where),
            "response_url": "https://hooks.slack.com/actions/unused",
            "actions": [inputs.action(*found, value, self.state.new_ts())],
        }

    # Shortcuts and the App Home

    async def shortcut_message(self, user: str, channel: str, ts: str, callback_id: str) -> Answer:
        """Chooses a shortcut from the menu of a message."""
        where = self.channel(channel)
        payload = {
            **self._by(user, "message_action"),
            "callback_id": callback_id,
            "action_ts": self.state.new_ts(),
            "channel": _channel_shown(where),
            "message_ts": ts,
            "message": events.shown(where.message(ts)),
            "response_url": "https://hooks.slack.com/app/unused",
        }
        return await self._interact(payload)

    async def shortcut_global(self, user: str, callback_id: str) -> Answer:
        """Chooses a shortcut that belongs to no message."""
        return await self._interact({**self._by(user, "shortcut"), "callback_id": callback_id, "action_ts": self.state.new_ts()})

    async def open_home(self, user: str, tab: str = "home") -> Answer | None:
        """Opens the bot's App Home, or the tab with its messages."""
        self._present(user)
        home, channel = self.state.homes.get(user), self.state.open_dm(user)
        event = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab, "event_ts": self.state.new_ts()}
        return await self._happen(event | ({"view": views.show(self.state, home)} if home and tab == "home" else {}))


def _channel_shown(channel: Channel) -> dict[str, str]:
    return {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)}
