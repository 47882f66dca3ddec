"""What can be done over ``POST /sandbox/act``: an allow-list of methods, their arguments checked against their own annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, ValidationError, validate_call

from bot.sandbox.delivery import Answer
from bot.sandbox.faults import Fault, check_peer
from bot.sandbox.travel import travel

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

_SLACK = (
    "command",
    "click",
    "select",
    "submit",
    "act_in_view",
    "close_view",
    "say",
    "edit",
    "delete",
    "react",
    "unreact",
    "open_home",
    "click_home",
    "click_ephemeral",
    "shortcut_message",
    "shortcut_global",
    "join",
    "leave",
    "upload",
    "archive",
    "rename",
    "remove_bot",
)
_PHONES = ("reply", "answer", "press", "hang_up", "silence", "no_answer", "busy", "behave")
_CLOCK = ("advance", "freeze", "resume")
_LENIENT = ConfigDict(arbitrary_types_allowed=True)


class Acts:
    """The acts over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world: dict[str, Callable[..., Any]] = {
            "alert": self._alert,
            "travel": self._travel,
            "fault": self._fault,
            "heal": sandbox.faults.clear,
            "down": self._down,
            "up": self._up,
            "speed": sandbox.clock.set_speed,
            "sentry_issue": sandbox.issues.add,
            "sentry_resolve": sandbox.issues.resolve,
        }

    async def do(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Carries out ``{"do": NAME, …}``; raises ValueError, or what the act itself raises."""
        name = wanted.pop("do", None)
        method = self._find(name)
        try:
            inspect.signature(method).bind(**wanted)
            done = validate_call(config=_LENIENT)(method)(**wanted)
            return _shown(await done if inspect.isawaitable(done) else done)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from error
        except ValidationError as error:
            places = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
            raise ValueError(f"{name}: {places}") from error

    def _find(self, name: Any) -> Callable[..., Any]:
        if not isinstance(name, str) or name not in (*_SLACK, *_PHONES, *_CLOCK, *self._world):
            raise ValueError(f"do: expected one of {', '.join([*_SLACK, *_PHONES, *_CLOCK, *self._world])}, got {name!r}")
        if name in self._world:
            return self._world[name]
        sandbox = self._sandbox
        place: Any = sandbox.slack if name in _SLACK else sandbox.phones if name in _PHONES else sandbox.clock
        method: Callable[..., Any] | None = getattr(place, name, None)
        if method is None:
            raise ValueError(f"do: {name!r} is not possible in this sandbox")
        return method

    async def _alert(self, source: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        """Posts an alert as a monitor does; the sandbox adds the source's secret, so that a browser need not know it."""
        if not source.isidentifier():
            raise ValueError("source: expected the name of an alert source")
        sandbox = self._sandbox
        secret = sandbox.settings.alerts_secret
        carried = headers if headers is not None or not secret else {"Authorization": f"Bearer {secret}"}
        async with sandbox.session.post(f"{sandbox.bot_url}/alerts/{source}", json=body, headers=carried) as response:
            answer = Answer(response.status, await response.json())
        if answer.status // 100 == 2:
            self._note(body.get("alerts"))
        return answer

    def _note(self, alerts: Any) -> None:
        """Keeps which alerts fire since when, in Alertmanager's words, so that they can be taken back as what they were."""
        for alert in alerts if isinstance(alerts, list) else ():
            fingerprint = str(alert.get("fingerprint", ""))
            if alert.get("status") == "firing":
                self._sandbox.firing[fingerprint] = str(alert.get("startsAt", ""))
            else:
                self._sandbox.firing.pop(fingerprint, None)

    async def _travel(self, seconds: float | None = None, until: datetime | None = None) -> None:
        """Lets time go by, for a span or until a moment."""
        if (seconds is None) == (until is None):
            raise ValueError("travel: expected either seconds or until")
        now = self._sandbox.clock.now()
        await travel(self._sandbox, now + timedelta(seconds=seconds) if seconds is not None else until or now)

    def _fault(self, **fields: Any) -> None:
        self._sandbox.faults.add(Fault(**fields))

    def _down(self, peer: str) -> None:
        self._sandbox.faults.down.add(check_peer(peer))

    def _up(self, peer: str) -> None:
        self._sandbox.faults.down.discard(check_peer(peer))


def _shown(done: Any) -> dict[str, Any]:
    if isinstance(done, Answer):
        return {"done": True, "status": done.status, "body": done.body}
    ts = getattr(done, "ts", None)
    return {"done": True} if ts is None else {"done": True, "ts": ts}
