"""An incident as a story: people act through the sandbox, the bot does what it does, and its doings are read back (B1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bot.cli.cast import NAMES, NUMBERS, PHONE_BOOK
from bot.cli.narrator import Narrator
from bot.cli.script import Ending, Heard, Overdue, Script, Step, Typed
from bot.cli.world import World
from bot.messages import actions
from bot.sandbox import samples

FOLDER = Path("demo")
REFERENCE = "INC-1"
_CODE = re.compile(r"\[INC-1 #(\d+)\]")
_NAMED = re.compile(rf"@({'|'.join(NUMBERS)})\b")
_PAUSE_SECONDS = 1.5
_A_LITTLE = timedelta(milliseconds=5)


@dataclass(slots=True)
class Story:
    """One telling; ``speed`` divides the pauses between the steps, never the waiting for the bot."""

    world: World
    narrator: Narrator
    console: Console
    speed: float

    async def tell(self, script: Script) -> Path:
        """Plays every step; gives back where the postmortem lies."""
        for step in script.steps:
            await self._play(step)
        path = await self._postmortem()
        await self._promises()
        return path

    async def _play(self, step: Step) -> None:
        ways: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "chapter": self._chapter,
            "alert": self._alert,
            "wait": self._pass,
            "overdue": self._overdue,
            "rings": self._rings,
            "answer": self._answer,
            "type": self._type,
            "resolve": self._resolve,
            "see": self._see,
            "mail": self._mail,
        }
        (name,) = step.model_fields_set
        await ways[name](getattr(step, name))

    async def _chapter(self, title: str) -> None:
        await asyncio.sleep(_PAUSE_SECONDS / self.speed)
        self.console.print()
        self.console.rule(title, align="left", style="dim")

    async def _now(self) -> datetime:
        return datetime.fromisoformat((await self.world.state())["now"])

    async def _person(self, who: str, what: str) -> None:
        self.narrator.say(await self._now(), who, what, "green")

    async def _settle(self) -> None:
        await self.world.rest()
        await self.narrator.catch_up()

    async def _pass(self, span: timedelta) -> None:
        """Lets time go by, stopping at everything that is due on the way."""
        target = await self._now() + span
        while True:
            next_due = (await self.world.rest())["next_due_at"]
            due_at = datetime.fromisoformat(next_due) if next_due else target
            stop = min(due_at + _A_LITTLE, target)
            await self.world.act("advance", seconds=max(0.0, (stop - await self._now()).total_seconds()))
            await self._settle()
            if stop >= target:
                return
            await asyncio.sleep(_PAUSE_SECONDS / 5 / self.speed)

    async def _overdue(self, wanted: Overdue) -> None:
        promises = (await self.world.incident(REFERENCE))["promises"]
        due = [promise["due_at"] for promise in promises if promise["clock"] == wanted.clock.value and _is_open(promise)]
        if not due:
            raise click.ClickException(f"This policy promises nothing by the clock {wanted.clock.value}; the story needs it.")
        await self._pass(max(datetime.fromisoformat(due[0]) - await self._now() + wanted.by, timedelta()))

    async def _find_channel(self) -> dict[str, Any] | None:
        channels = (await self.world.state())["channels"]
        return next((channel for channel in channels if channel["name"].startswith("inc-1-")), None)

    async def _texts(self, number: str) -> list[str] | None:
        """The texts on a phone; None while there are none."""
        return [sms["body"] for sms in (await self.world.state())["phones"] if sms["to"] == number] or None

    async def _see(self, words: str) -> None:
        """Waits until somebody has said that in the incident's channel."""

        async def look() -> bool | None:
            channel = await self._find_channel() or {"messages": []}
            return any(words in message["text"] for message in channel["messages"]) or None

        await self.world.until(look, f"“{words}” in the channel of {REFERENCE}")
        await self.narrator.catch_up()

    async def _alert(self, heard: Heard) -> None:
        now = await self._now()
        receipt = await self.world.alert(heard.source, _body(heard, now))
        self.narrator.say(now, "Monitor", f"POST /alerts/{heard.source} ({heard.state}); kept, receipt {receipt['receipt']}", "green")
        await self.world.until(self._find_channel, f"the channel of {REFERENCE}")
        await self._settle()

    async def _rings(self, who: str) -> None:
        await self.world.until(lambda: self._texts(NUMBERS[who]), f"the phone of {NAMES[NUMBERS[who]]} to ring")
        await self._settle()

    async def _answer(self, who: str) -> None:
        number = NUMBERS[who]
        name, texts = NAMES[number], await self.world.until(lambda: self._texts(number), f"{who}'s phone to ring")
        code = _CODE.search(texts[-1])
        if code is None:
            raise click.ClickException(f"The text to {name} carries no code: {texts[-1]}")
        await self._person(f"☎ {name}", f"answers “{code[1]}”")
        await self.world.act("reply", number=number, text=code[1])
        answers = [answer["text"] for answer in (await self.world.state())["answers"] if answer["to"] == number]
        self.narrator.say(await self._now(), f"→ {name}", answers[-1] if answers else "(no answer)", "dim")
        await self._see(f"acknowledged by {name}")
        await self._settle()

    async def _type(self, typed: Typed) -> None:
        name, channel = NAMES[NUMBERS[typed.who]], await self.world.until(self._find_channel, f"the channel of {REFERENCE}")
        await self._person(name, f"/incident {typed.text}")
        text = _NAMED.sub(lambda named: f"<@{PHONE_BOOK[NUMBERS[named[1]]]}>", typed.text)
        answer = await self.world.act("command", user=PHONE_BOOK[NUMBERS[typed.who]], text=text, channel=channel["name"])
        if answer["status"] != 200:
            raise click.ClickException(f"/incident {typed.text} was answered with {answer['status']}.")
        self.narrator.say(await self._now(), f"→ {name}", str((answer["body"] or {}).get("text", "")), "dim")
        await self._settle()

    async def _resolve(self, ending: Ending) -> None:
        user, channel = PHONE_BOOK[NUMBERS[ending.who]], await self.world.until(self._find_channel, f"the channel of {REFERENCE}")
        card = channel["pins"][0]
        await self._person(NAMES[NUMBERS[ending.who]], f"presses Resolve and answers: {'; '.join(ending.fields.values())}")
        await self.world.act("click", user=user, channel=channel["name"], message_ts=card, action_id=actions.RESOLVE)
        await self.world.fill(user, actions.RESOLVE, ending.fields)
        await self._settle()

    async def _mail(self, words: str) -> None:
        """Waits until a mail says that."""

        async def look() -> dict[str, Any] | None:
            return next((mail for mail in (await self.world.state())["mail"] if words in f"{mail['subject']}\n{mail['text']}"), None)

        mail = await self.world.until(look, f"a mail that says “{words}”")
        await self.narrator.catch_up()
        self.narrator.say(await self._now(), "✉", f"{', '.join(mail['to'])}: {mail['subject']}", "green")

    async def _postmortem(self) -> Path:
        async def look() -> str | None:
            shared = (await self.world.state())["files"]
            found = (file["id"] for file in shared if file["channel"] and file["name"].endswith("postmortem.md"))
            return next(found, None)

        file_id = await self.world.until(look, f"the postmortem in the channel of {REFERENCE}")
        await self._settle()
        return _write(await self.world.file(file_id))

    async def _promises(self) -> None:
        await self._chapter("What was promised")
        promises = self.narrator.promises(await self.world.incident(REFERENCE))
        if not promises:
            self.console.print("This policy promises nothing by the clock.")
            return
        table = Table("Promise", "Due", "Outcome")
        for clock, due, outcome in promises:
            table.add_row(clock, due, outcome, style="red" if outcome.startswith("missed") else "")
        self.console.print(table)


def _is_open(promise: dict[str, Any]) -> bool:
    return promise["kept_at"] is None and promise["withdrawn_at"] is None


def _body(heard: Heard, now: datetime) -> dict[str, Any]:
    """The body that the monitor posts; the trouble began two minutes ago where it says when."""
    if heard.source != "prometheus":
        return {"title": heard.title, "state": heard.state, **heard.labels, **heard.annotations}
    body = samples.load("checkout-firing", now - timedelta(minutes=2))
    (alert,) = body["alerts"]
    alert |= {"status": heard.state, "labels": dict(heard.labels), "annotations": {"summary": heard.title, **heard.annotations}}
    if heard.state == "resolved":
        alert["endsAt"] = now.isoformat()
    return body | {"status": heard.state}


def _write(postmortem: str) -> Path:
    """Where the postmortem was written."""
    path = FOLDER / f"{REFERENCE}-postmortem.md"
    try:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(postmortem, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} could not be written ({error.strerror}).") from error
    return path
