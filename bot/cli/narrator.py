"""Tells what the bot does, read from the sandbox's record of its requests; nothing is told that was not seen there."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.cast import NAMES
from bot.cli.world import World
from bot.domain.durations import format_span
from bot.messages import times

_LOOK_EVERY = 0.1
_CHANNEL = re.compile(r"^(#inc-\d+)-.*$")
_MENTION = re.compile(r"<@(U0[A-Z]+)>")
_HARMLESS = frozenset({"already_in_channel", "already_pinned"})
"""Slack's word for what somebody else has done already."""
_Params = Mapping[str, Any]


@dataclass(slots=True)
class Narrator:
    """Prints a line for everything that happens: the time on the incident's clock, who, and what."""

    world: World
    console: Console
    _seen: int = field(default=0, init=False)
    _channels: dict[str, str] = field(default_factory=dict, init=False)
    _cards: dict[str, str] = field(default_factory=dict, init=False)

    def say(self, at: datetime, who: str, what: str, style: str = "") -> None:
        """One line."""
        moment = times.clock_time(at, self.world.policy.zones)
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=len(moment), style="dim")
        line.add_column(width=8, style="bold")
        line.add_column()
        line.add_row(Text(moment), Text(who), Text(what, style))
        self.console.print(line)

    def promises(self, incident: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """Every promise of an incident: what was owed, by when, and whether it was kept or by how much it was missed."""
        opened_at = datetime.fromisoformat(incident["opened_at"])
        return [self._promise(promise, opened_at) for promise in incident["promises"]]

    def _promise(self, promise: Mapping[str, Any], opened_at: datetime) -> tuple[str, str, str]:
        due_at = datetime.fromisoformat(promise["due_at"])
        due = times.near(due_at, opened_at, self.world.policy.zones)
        if promise["kept_at"] is None:
            ended = "taken back" if promise["withdrawn_at"] else "open"
            return promise["clock"], due, "missed" if promise["missed_at"] else ended
        late = datetime.fromisoformat(promise["kept_at"]) - due_at
        if late > timedelta():
            return promise["clock"], due, f"missed, {format_span(late)} late"
        return promise["clock"], due, f"kept, {format_span(-late)} before it was due"

    async def catch_up(self) -> None:
        """Tells what the record holds since the last time."""
        found = await self.world.requests(self._seen)
        if found["next"] == self._seen:
            return
        self._seen = found["next"]
        state = await self.world.state()
        self._channels = {channel["id"]: f"#{channel['name']}" for channel in state["channels"]}
        for request in found["requests"]:
            self._tell(request)

    async def follow(self) -> None:
        """Tells what happens while it happens, until cancelled."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_LOOK_EVERY)

    def _tell(self, request: Mapping[str, Any]) -> None:
        at, name, params = datetime.fromisoformat(request["clock_at"]), request["name"], request["params"]
        if request["error"] in _HARMLESS:
            return
        if request["error"] is not None:
            self.say(at, "Muster", f"{name} was refused: {request['error']}", "red")
            return
        words = _WORDS.get(name)
        line = words(self, params) if words is not None else None
        if line is not None:
            who, what, style = line
            self.say(at, who, what, style)

    def _where(self, params: _Params) -> str:
        address = str(params.get("channel") or params.get("channel_id") or "")
        return _CHANNEL.sub(r"\1-…", self._channels.get(address, address))

    def created(self, params: _Params) -> tuple[str, str, str]:
        """A channel."""
        return "Muster", f"creates the channel #{params['name']}", "cyan"

    def invited(self, params: _Params) -> tuple[str, str, str]:
        """Invitations."""
        people = ", ".join(_person(user) for user in str(params["users"]).split(","))
        return "Muster", f"invites {people} to {self._where(params)}", "cyan"

    def posted(self, params: _Params) -> tuple[str, str, str]:
        """A message."""
        where = self._where(params)
        text = _MENTION.sub(lambda match: f"@{_person(match[1])}", str(params.get("text", "")))
        shown = text if where.startswith("#inc-") else text.partition("\n")[0]
        place = f"to {_person(where)}" if where.startswith("U0") else f"in {where}"
        return "Muster", f"{place}: {shown}", "red" if ":hourglass" in text else ""

    def edited(self, params: _Params) -> tuple[str, str, str] | None:
        """The card, when its words changed."""
        text, where = str(params.get("text", "")), self._where(params)
        if self._cards.get(where) == text:
            return None
        self._cards[where] = text
        status = [line for line in text.splitlines() if line.startswith(("Status", "Owner", "Next update"))]
        return "Muster", f"edits the card in {where}: {' · '.join(status)}", "cyan"

    def pinned(self, params: _Params) -> tuple[str, str, str]:
        """A pin."""
        return "Muster", f"pins the card in {self._where(params)}", "cyan"

    def shared(self, params: _Params) -> tuple[str, str, str]:
        """A file."""
        files = params.get("files")
        listed = json.loads(files) if isinstance(files, str) else files or []
        return "Muster", f"puts “{listed[0].get('title', 'a file')}” into {self._where(params)}", "cyan"

    def rung(self, params: _Params) -> tuple[str, str, str]:
        """A text to a phone, by SMS or WhatsApp."""
        if "ContentVariables" not in params:
            return _phone(params), str(params.get("Body", "")), "yellow"
        words = json.loads(params["ContentVariables"])
        return _phone(params), f"{words['1']} {words['2']} (by WhatsApp, with buttons)", "yellow"

    def dialled(self, params: _Params) -> tuple[str, str, str]:
        """A call to a phone."""
        return _phone(params), "rings: a voice call", "yellow"


def _person(user: str) -> str:
    return user.removeprefix("U0").capitalize()


def _phone(params: _Params) -> str:
    number = str(params.get("To", "")).removeprefix("whatsapp:")
    return f"☎ {NAMES.get(number, number)}"


_WORDS: Mapping[str, Callable[[Narrator, _Params], tuple[str, str, str] | None]] = {
    "conversations.create": Narrator.created,
    "conversations.invite": Narrator.invited,
    "chat.postMessage": Narrator.posted,
    "chat.update": Narrator.edited,
    "pins.add": Narrator.pinned,
    "files.completeUploadExternal": Narrator.shared,
    "Messages": Narrator.rung,
    "Calls": Narrator.dialled,
}
