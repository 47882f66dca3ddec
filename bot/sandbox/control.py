"""The control routes, for whoever meets the sandbox over HTTP: look at it, act as its people, script its faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.faults import Fault
from bot.sandbox.people import Answer
from bot.sandbox.workspace import SlackError

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox


class _Control:
    """The routes over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def state(self, _request: web.Request) -> web.Response:
        """Everything there is to see."""
        sandbox = self._sandbox
        return web.json_response(
            {
                "now": sandbox.clock.now().isoformat(),
                "speed": sandbox.clock.speed,
                "users": [asdict(user) for user in sandbox.state.users.values()],
                "channels": [_channel(channel) for channel in sandbox.state.channels.values()],
                "phones": [{**asdict(sms), "at": sms.at.isoformat()} for sms in sandbox.phones.messages],
                "answers": [{"to": number, "text": text} for number, text in sandbox.phones.answers],
                "files": [{"id": file.id, "name": file.filename, "channel": file.channel} for file in sandbox.state.files],
                "mail": [{"to": mail.to, "subject": mail.subject, "text": mail.text} for mail in sandbox.mailbox.messages],
                "faults": [asdict(fault) for fault in sandbox.faults.script],
                "down": sorted(sandbox.faults.down),
            }
        )

    async def requests(self, request: web.Request) -> web.Response:
        """Every request that the bot made, from ``since`` on."""
        start = int(request.query.get("since", "0"))
        listed = self._sandbox.requests[start:]
        shown = [asdict(one) | {"at": one.at.isoformat(), "clock_at": one.clock_at.isoformat()} for one in listed]
        return web.json_response({"requests": shown, "next": start + len(listed)})

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a shared file."""
        for file in self._sandbox.state.files:
            if file.id == request.match_info["id"]:
                return web.Response(body=file.content, content_type="text/plain", charset="utf-8")
        raise web.HTTPNotFound

    async def act(self, request: web.Request) -> web.Response:
        """Acts: ``{"do": "command", …}``; a wrong one is 400 with a sentence."""
        try:
            wanted = await request.json()
            done = await self._act(dict(wanted))
        except (KeyError, TypeError, ValueError, LookupError, SlackError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        shown = {"status": done.status, "body": done.body} if isinstance(done, Answer) else {}
        return web.json_response({"done": True, **shown})

    async def _act(self, wanted: dict[str, Any]) -> Answer | None:
        sandbox, do = self._sandbox, wanted.pop("do")
        actions: dict[str, Callable[..., Awaitable[Any]]] = {
            "command": sandbox.slack.command,
            "click": sandbox.slack.click,
            "submit": sandbox.slack.submit,
            "say": sandbox.slack.say,
            "reply": sandbox.phones.reply,
            "advance": sandbox.clock.advance,
            "speed": sandbox.clock.set_speed,
            "alert": self._alert,
        }
        if do in actions:
            done = await actions[do](**wanted)
            return done if isinstance(done, Answer) else None
        if do == "fault":
            sandbox.faults.add(Fault(**wanted))
        elif do == "heal":
            sandbox.faults.clear()
        elif do == "down":
            sandbox.faults.down.add(wanted["peer"])
        elif do == "behave":
            sandbox.phones.behave(**wanted)
        else:
            raise ValueError(f"do: expected one of {', '.join([*actions, 'fault', 'heal', 'down', 'behave'])}, got {do!r}")
        return None

    async def _alert(self, source: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        sandbox = self._sandbox
        async with sandbox.session.post(f"{sandbox.bot_url}/alerts/{source}", json=body, headers=headers) as response:
            return Answer(response.status, await response.json())


def _channel(channel: Any) -> dict[str, Any]:
    return asdict(channel) | {"members": sorted(channel.members)}


def register(app: web.Application, sandbox: Sandbox) -> None:
    """Mounts the routes."""
    routes = _Control(sandbox)
    app.router.add_get("/sandbox/state", routes.state)
    app.router.add_get("/sandbox/requests", routes.requests)
    app.router.add_get("/sandbox/files/{id}", routes.file)
    app.router.add_post("/sandbox/act", routes.act)
