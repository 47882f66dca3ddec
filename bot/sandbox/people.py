"""What people do in the workspace: type, click, submit, write; each reaches the bot as a signed request, as Slack sends it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.background import Background
from bot.sandbox.clock import real_now
from bot.sandbox.workspace import Channel, Ephemeral, File, Message, State, View

WITHIN_SECONDS = 3.0
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Answer:
    """What the bot answered; ``request`` is kept so that the very same bytes can be sent again."""

    status: int
    body: Any
    request: tuple[bytes, dict[str, str]] = (b"", {})


class Workspace:
    """The hands of the people in the workspace, over its state."""

    def __init__(self, state: State, signing_secret: str, bot_url: Callable[[], str]) -> None:
        self.state = state
        self.retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.subscriptions = {"message.channels"}
        self.session: aiohttp.ClientSession | None = None
        self.enforce_rate_limits = False
        self._secret, self._bot_url = signing_secret, bot_url
        self._sent: dict[str, dict[str, Any]] = {}
        self._background = Background()

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
        """A channel by name or id."""
        return self.state.find(name_or_id)

    def open_views(self, user: str) -> list[View]:
        """The modals that somebody has open."""
        return [view for view in self.state.views.values() if view.user == user]

    def ephemerals(self, user: str) -> list[Ephemeral]:
        """What only that person was told."""
        return [told for told in self.state.ephemerals if told.user == user]

    # Sending

    async def close(self) -> None:
        """Ends what is still under way."""
        await self._background.close()

    def sign(self, body: bytes, timestamp: int | str | None = None) -> dict[str, str]:
        """Slack's headers for a body."""
        stamp = str(int(real_now().timestamp()) if timestamp is None else timestamp)
        digest = hmac.new(self._secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def raw(self, body: bytes, content_type: str, headers: Mapping[str, str]) -> Answer:
        """Posts anything to the bot, signed or not."""
        assert self.session is not None, "the sandbox is started"
        sent = {"Content-Type": content_type, **headers}
        async with self.session.post(f"{self._bot_url()}/slack/events", data=body, headers=sent) as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type == _JSON and text else text or None
            return Answer(response.status, parsed, (body, sent))

    async def replay(self, answer: Answer) -> Answer:
        """The same signed bytes once more."""
        body, headers = answer.request
        return await self.raw(body, headers["Content-Type"], headers)

    async def _form(self, fields: Mapping[str, str], timestamp: int | None = None) -> Answer:
        body = urlencode(fields).encode()
        return await self.raw(body, _FORM, self.sign(body, timestamp))

    def _who(self, user: str) -> dict[str, str]:
        name = self.state.users[user].name
        return {"id": user, "username": name, "name": name, "team_id": self.state.team_id}

    async def command(
        self,
        user: str,
        text: str,
        channel: str = "general",
        *,
        trigger_id: str | None = None,
        timestamp: int | None = None,
    ) -> Answer:
        """Types ``/incident text``."""
        where = self.channel(channel)
        fields = {
            "token": "unused",
            "team_id": self.state.team_id,
            "team_domain": "sandbox",
            "channel_id": where.id,
            "channel_name": where.name,
            "user_id": user,
            "user_name": self.state.users[user].name,
            "command": "/incident",
            "text": text,
            "api_app_id": self.state.app_id,
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.com/commands/unused",
            "trigger_id": trigger_id or self.state.new_trigger(user),
        }
        answer = await self._form(fields, timestamp)
        if answer.status == 200 and isinstance(answer.body, dict) and answer.body.get("text"):
            told = Ephemeral(user, where.id, str(answer.body["text"]), answer.body.get("blocks") or [])
            self.state.ephemerals.append(told)
        return answer

    async def _interact(self, payload: Mapping[str, Any]) -> Answer:
        common = {"team": {"id": self.state.team_id, "domain": "sandbox"}, "api_app_id": self.state.app_id, "token": "unused"}
        return await self._form({"payload": json.dumps({**common, **payload})})

    async def click(self, user: str, channel: str, message_ts: str, action_id: str, value: str | None = None) -> Answer:
        """Clicks a button that stands in a live message."""
        where = self.channel(channel)
        message = where.message(message_ts)
        block_id, element = _find_element(message, action_id)
        action = {**element, "block_id": block_id, "action_ts": self.state.new_ts()}
        if value is not None:
            action["value"] = value
        payload = {
            "type": "block_actions",
            "user": self._who(user),
            "trigger_id": self.state.new_trigger(user),
            "container": {"type": "message", "message_ts": message.ts, "channel_id": where.id, "is_ephemeral": False},
            "channel": {"id": where.id, "name": where.name},
            "message": {"type": "message", "ts": message.ts, "text": message.text, "blocks": message.blocks},
            "response_url": "https://hooks.slack.com/actions/unused",
            "actions": [action],
        }
        return await self._interact(payload)

    async def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, str]]) -> Answer:
        """Submits an open modal; its errors leave it open, anything else closes or changes it."""
        view = self.state.views[view_id]
        shown = {"id": view.id, "hash": view.hash, **view.body, "state": {"values": _states(view, values)}}
        payload = {"type": "view_submission", "user": self._who(user), "trigger_id": self.state.new_trigger(user), "view": shown}
        answer = await self._interact(payload)
        action = answer.body.get("response_action") if isinstance(answer.body, dict) else None
        if (answer.status == 200 and action is None) or action == "clear":
            del self.state.views[view_id]
        elif action == "update":
            view.body = answer.body["view"]
        return answer

    # Writing

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Writes a message."""
        where = self.channel(channel)
        where.members.add(user)
        message = Message(self.state.new_ts(), user, text, thread_ts=thread_ts)
        where.messages.append(message)
        more = {"thread_ts": thread_ts} if thread_ts else {}
        await self.event(self._message(where, {"user": user, "text": text, "ts": message.ts, **more}))
        return message

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Changes one's own message."""
        where = self.channel(channel)
        message = where.message(ts)
        old, message.text, message.edited = message.text, text, True
        new = {"type": "message", "user": user, "ts": ts, "text": text}
        changed = {"subtype": "message_changed", "message": new, "previous_message": {**new, "text": old}}
        await self.event(self._message(where, {**changed, "ts": self.state.new_ts()}))

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Deletes one's own message."""
        where = self.channel(channel)
        message = where.message(ts)
        where.messages.remove(message)
        gone = {"type": "message", "user": user, "ts": ts, "text": message.text}
        deleted = {"subtype": "message_deleted", "deleted_ts": ts, "previous_message": gone}
        await self.event(self._message(where, {**deleted, "ts": self.state.new_ts()}))

    def _message(self, where: Channel, fields: Mapping[str, Any]) -> dict[str, Any]:
        event = {"type": "message", "channel": where.id, "channel_type": "channel", **fields}
        return event | {"event_ts": event["ts"]}

    # Events

    async def event(self, event: Mapping[str, Any]) -> Answer:
        """Delivers an event, and again when it is not answered with 2xx in time, as Slack does."""
        event_id = self.state.new_id("Ev")
        self._sent[event_id] = {
            "token": "unused",
            "team_id": self.state.team_id,
            "api_app_id": self.state.app_id,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self.state.clock.now().timestamp()),
            "event": dict(event),
            "authorizations": [{"team_id": self.state.team_id, "user_id": self.state.bot_user_id, "is_bot": True}],
        }
        answer = await self.redeliver(event_id)
        if answer.status // 100 != 2:
            self._background.start(self._redeliver_later(event_id))
        return answer

    @property
    def last_event_id(self) -> str:
        """The id of the newest event."""
        return next(reversed(self._sent))

    async def redeliver(self, event_id: str, number: int = 0, reason: str = "http_error") -> Answer:
        """Delivers an event once more, with the retry headers when ``number`` is not 0."""
        body = json.dumps(self._sent[event_id]).encode()
        headers = self.sign(body)
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                return await self.raw(body, _JSON, headers)
        except (TimeoutError, aiohttp.ClientError):
            return Answer(0, None)

    async def _redeliver_later(self, event_id: str) -> None:
        for number, delay in enumerate(self.retry_delays, start=1):
            await asyncio.sleep(delay)
            if (await self.redeliver(event_id, number, "http_timeout")).status // 100 == 2:
                return

    def tell_bot(self, event: Mapping[str, Any]) -> None:
        """Delivers what the bot caused itself, in the background; what it has not subscribed to is not sent."""
        kind = f"{event['type']}.channels" if event["type"] == "message" else event["type"]
        if kind in self.subscriptions and self._bot_url():
            self._background.start(self.event(event))


def _find_element(message: Message, action_id: str) -> tuple[str, dict[str, Any]]:
    for block in message.blocks:
        for element in [*block.get("elements", ()), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                return str(block.get("block_id", "")), element
    raise LookupError(f"there is no {action_id} in the message")


def _states(view: View, values: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    states: dict[str, Any] = {}
    for block in view.body.get("blocks", ()):
        if block.get("type") != "input":
            continue
        element, block_id = block["element"], block["block_id"]
        given = values.get(block_id, {}).get(element["action_id"])
        states[block_id] = {element["action_id"]: _state(element, given)}
    return states


def _state(element: Mapping[str, Any], given: str | None) -> dict[str, Any]:
    if element["type"] == "plain_text_input":
        return {"type": element["type"], "value": given if given is not None else element.get("initial_value")}
    chosen = next((option for option in element["options"] if option["value"] == given), element.get("initial_option"))
    return {"type": element["type"], "selected_option": chosen}
