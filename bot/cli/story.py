"""The main job as a story: people act through the sandbox, the bot does what it does, and its doings are read back (B1)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bot.cli.narrator import Narrator
from bot.cli.world import ANA, TIM, World
from bot.sandbox import samples

FOLDER = Path("demo")
REFERENCE = "INC-1"
_CODE = re.compile(r"\[INC-1 #(\d+)\]")
_PAUSE_SECONDS = 1.5
_A_LITTLE = timedelta(milliseconds=5)


@dataclass(slots=True)
class Story:
    """One telling; ``speed`` divides the pauses between the steps, never the waiting for the bot."""

    world: World
    narrator: Narrator
    console: Console
    speed: float

    async def tell(self) -> Path:
        """Plays the whole loop; gives back where the postmortem lies."""
        await self._alert()
        await self._nobody_answers()
        await self._mitigate()
        await self._miss_an_update()
        await self._resolve()
        path = await self._postmortem()
        await self._promises()
        return path

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

    async def _pass(self, minutes: float) -> None:
        """Lets minutes go by, stopping at everything that is due on the way."""
        target = await self._now() + timedelta(minutes=minutes)
        while True:
            next_due = (await self.world.rest())["next_due_at"]
            due_at = datetime.fromisoformat(next_due) if next_due else target
            stop = min(due_at + _A_LITTLE, target)
            await self.world.act("advance", seconds=max(0.0, (stop - await self._now()).total_seconds()))
            await self._settle()
            if stop >= target:
                return
            await asyncio.sleep(_PAUSE_SECONDS / 5 / self.speed)

    async def _command(self, text: str) -> None:
        await self._person("Ana", f"/incident {text}")
        answer = await self.world.act("command", user="U0ANA", text=text, channel=(await self._channel())["name"])
        if answer["status"] != 200:
            raise click.ClickException(f"/incident {text} was answered with {answer['status']}.")
        self.narrator.say(await self._now(), "→ Ana", str((answer["body"] or {}).get("text", "")), "dim")
        await self._settle()

    async def _find_channel(self) -> dict[str, Any] | None:
        channels = (await self.world.state())["channels"]
        return next((channel for channel in channels if channel["name"].startswith("inc-1-")), None)

    async def _channel(self) -> dict[str, Any]:
        return await self.world.until(self._find_channel, "the channel of INC-1")

    async def _texts(self, number: str) -> list[str] | None:
        """The texts on a phone; None while there are none."""
        return [sms["body"] for sms in (await self.world.state())["phones"] if sms["to"] == number] or None

    async def _said(self, words: str) -> None:
        """Waits until the bot has said that in the incident's channel."""

        async def look() -> bool | None:
            channel = await self._find_channel() or {"messages": []}
            return any(words in message["text"] for message in channel["messages"]) or None

        await self.world.until(look, f"“{words}” in the channel of INC-1")
        await self.narrator.catch_up()

    async def _alert(self) -> None:
        await self._chapter("A monitor sees that customers cannot pay")
        now = await self._now()
        body = samples.load("checkout-firing", now - timedelta(minutes=2))
        receipt = await self.world.alert("prometheus", body)
        self.narrator.say(now, "Monitor", f"POST /alerts/prometheus; kept, receipt {receipt['receipt']}", "green")
        await self._channel()
        await self._said("Status: Investigating")
        await self.world.until(lambda: self._texts(TIM), "Tim's phone to ring")
        await self._settle()

    async def _nobody_answers(self) -> None:
        await self._chapter("Tim's phone stays silent; the next level is rung")
        await self._pass(2)
        texts = await self.world.until(lambda: self._texts(ANA), "Ana's phone to ring")
        await self._pass(0.5)
        code = _CODE.search(texts[-1])
        if code is None:
            raise click.ClickException(f"Ana's text carries no code: {texts[-1]}")
        await self._person("☎ Ana", f"answers “{code[1]}”")
        await self.world.act("reply", number=ANA, text=code[1])
        answers = [answer["text"] for answer in (await self.world.state())["answers"] if answer["to"] == ANA]
        self.narrator.say(await self._now(), "→ Ana", answers[-1] if answers else "(no answer)", "dim")
        await self._said("acknowledged by Ana")
        await self._settle()

    async def _mitigate(self) -> None:
        await self._chapter("A first mitigation, in time")
        await self._pass(6)
        await self._command("update mitigating Rolled checkout back to 1.4.2, error rate is falling")
        await self._said("Rolled checkout back")

    async def _miss_an_update(self) -> None:
        await self._chapter("The next update does not come, and is chased")
        due = (await self.world.incident(REFERENCE))["next_update_at"]
        if due is None:
            raise click.ClickException("This policy promises no updates for its worst severity; the story needs one that does.")
        late = datetime.fromisoformat(due) - await self._now() + timedelta(seconds=90)
        await self._pass(late.total_seconds() / 60)
        await self._said("a status update")
        await self._command("update monitoring Error rate is below 0.1 %, watching")
        await self._said("watching")

    async def _resolve(self) -> None:
        await self._chapter("It is over")
        await self._pass(7)
        await self._command("resolve Error rate is at its baseline, refunds are queued")
        await self._said("resolved")

    async def _postmortem(self) -> Path:
        async def look() -> str | None:
            shared = (await self.world.state())["files"]
            found = (file["id"] for file in shared if file["channel"] and file["name"].endswith("postmortem.md"))
            return next(found, None)

        file_id = await self.world.until(look, "the postmortem in the channel of INC-1")
        await self._settle()
        return _write(await self.world.file(file_id))

    async def _promises(self) -> None:
        await self._chapter("What was promised")
        table = Table("Promise", "Due", "Outcome")
        for clock, due, outcome in self.narrator.promises(await self.world.incident(REFERENCE)):
            table.add_row(clock, due, outcome, style="red" if outcome.startswith("missed") else "")
        self.console.print(table)


def _write(postmortem: str) -> Path:
    """Where the postmortem was written."""
    path = FOLDER / f"{REFERENCE}-postmortem.md"
    try:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(postmortem, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} could not be written ({error.strerror}).") from error
    return path
