"""``muster demo``: the bot beside a pretend Slack and a pretend phone network, with nothing to sign up for."""

from __future__ import annotations

import asyncio
import json

import click
from rich.console import Console

from bot import telemetry
from bot.cli.narrator import Narrator
from bot.cli.serve import run
from bot.cli.story import Story
from bot.cli.world import ANA, TIM, World, open_world


@click.command(epilog="Example: muster demo --story --speed 10")
@click.option("--story", is_flag=True, help="Play a whole incident, write its postmortem to demo/, and end.")
@click.option("--policy", "policy_name", default="jovie", show_default=True, help="A shipped policy's name, or a path.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="Divides the pauses of the story.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The bot's port; any free one unless given.")
def demo(story: bool, policy_name: str, speed: float, port: int) -> None:
    """Run the bot beside a pretend Slack workspace and phone network, and tell what it does.

    Without --story it waits for you: it prints how to fire an alert, to answer a phone and to move the clock.
    """
    telemetry.configure("ERROR", "console")
    try:
        run(_story(policy_name, speed, port) if story else _live(policy_name, port))
    except KeyboardInterrupt:
        click.echo("Stopped.")


async def _story(policy_name: str, speed: float, port: int) -> None:
    console = Console(highlight=False)
    async with open_world(policy_name, port) as world:
        path = await Story(world, Narrator(world, console), console, speed).tell()
    console.print(f"The postmortem: {path}")


async def _live(policy_name: str, port: int) -> None:
    console = Console(highlight=False)
    async with open_world(policy_name, port) as world:
        console.print(_instructions(world), markup=False, soft_wrap=True)
        following = asyncio.create_task(Narrator(world, console).follow())
        try:
            await following
        finally:
            following.cancel()


def _instructions(world: World) -> str:
    alert = json.dumps({"title": "Checkout returns 500", "severity": "critical"})
    fire = f"curl -s {world.bot_url}/alerts/monitor -H 'Content-Type: application/json'"
    act = f"curl -s {world.sandbox_url}/sandbox/act -d"
    steps = (
        (
            "fire an alert",
            f"{fire} -H 'Authorization: Bearer {world.alerts_secret}' -d '{alert}'",
        ),
        (
            "answer Tim's phone with the code of its text",
            f"""{act} '{{"do": "reply", "number": "{TIM}", "text": "7"}}'""",
        ),
        ("let two minutes pass, and Ana's phone rings", f"""{act} '{{"do": "advance", "seconds": 120}}'"""),
        ("answer Ana's phone instead", f"""{act} '{{"do": "reply", "number": "{ANA}", "text": "ack"}}'"""),
        (
            "type a command",
            f"""{act} '{{"do": "command", "user": "U0ANA", "text": "update INC-1 mitigating rolled back"}}'""",
        ),
        ("see the workspace", f"curl -s {world.sandbox_url}/sandbox/state"),
        (
            "see the incident",
            f"curl -s {world.bot_url}/api/v1/incidents/INC-1 -H 'Authorization: Bearer {world.api_token}'",
        ),
    )
    listed = "\n".join(f"  # {what}\n  {command}" for what, command in steps)
    head = f"The bot:     {world.bot_url}\nThe sandbox: {world.sandbox_url}\n"
    return f"{head}\nIn another terminal:\n{listed}\n\nWhat happens is told here until Ctrl-C.\n"
