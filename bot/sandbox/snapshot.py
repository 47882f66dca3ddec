"""Everything that can be seen in the sandbox as one JSON object, and a version that rises when any of it changes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import orjson

from bot.sandbox.clock import real_now
from bot.sandbox.workspace import User

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

LOOKS_PER_SECOND = 10


def encode(value: Any) -> bytes:
    """JSON; sets become sorted lists, and what JSON has no word for its text."""
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _fields(thing: Any, *hidden: str, **named: str) -> dict[str, Any]:
    """The fields of a dataclass, not copied; ``named`` says under which other name a field is shown."""
    return {named.get(f.name, f.name): getattr(thing, f.name) for f in fields(thing) if f.name not in hidden}


def take(sandbox: Sandbox) -> dict[str, Any]:
    """The state at this moment."""
    state, phones = sandbox.state, sandbox.phones
    return {
        "now": sandbox.clock.now(),
        "speed": sandbox.clock.speed,
        "team": {"id": state.team_id, "name": "Sandbox"},
        "bot": {"id": state.bot_user_id},
        "groups": [_fields(group) for group in state.groups.values()],
        "users": [_user(user) for user in state.users.values()],
        "channels": [_fields(channel) for channel in state.channels.values()],
        "ephemerals": [_fields(told) for told in state.ephemerals],
        "views": [_fields(view) for view in state.views.values()],
        "homes": {user: view.body for user, view in state.homes.items()},
        "phone_book": [{"number": number, "user": user} for number, user in sandbox.settings.phone_book.items()],
        "phones": [_fields(sms, "callback", from_="from") for sms in phones.messages],
        "replies": [_fields(reply) for reply in phones.replies],
        "answers": [_fields(answer) for answer in phones.answers],
        "calls": [_fields(call, from_="from") for call in phones.calls],
        "mail": [_fields(mail, "headers") for mail in sandbox.mailbox.messages],
        "files": [_fields(file, "content", filename="name") for file in state.files],
        "firing": sandbox.firing,
        "issues": [{**_fields(issue), "short_id": issue.short_id} for issue in sandbox.issues.listed],
        "faults": [asdict(fault) for fault in sandbox.faults.script],
        "down": sandbox.faults.down,
    }


def _user(user: User) -> dict[str, Any]:
    return {**_fields(user), "real_name": user.real_name or user.name.capitalize()}


class Changes:
    """Notices changes by looking, at most ten times a second however many ask; the passing of time alone is none."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._version, self._digest, self._looked_at = 0, b"", 0.0

    def version(self) -> int:
        """The number of the newest state that was seen."""
        now = real_now().timestamp()
        if now - self._looked_at >= 0.9 / LOOKS_PER_SECOND:
            self._looked_at = now
            digest = hashlib.blake2b(encode({**take(self._sandbox), "now": None})).digest()
            if digest != self._digest:
                self._version, self._digest = self._version + 1, digest
        return self._version
