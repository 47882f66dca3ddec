"""``muster demo``: the bot beside a pretend Slack and a pretend phone network, with nothing to sign up for."""

from __future__ import annotations

import asyncio

import click
from rich.console import Console

from bot import telemetry
from bot.cli.cast import make_policy, make_policy_to_the_letter
from bot.cli.narrator import Narrator
from bot.cli.script import load_script
from bot.cli.serve import run
from bot.cli.story import Story
from bot.cli.world import PAGE_PORT, World, open_world


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
@click.option("--page-port", type=click.IntRange(0, 65535), help=f"The page's port; {PAGE_PORT} unless given, another where that is taken.")
def demo(story: bool, policy_name: str, speed: float, port: int, page_port: int | None) -> None:
    """Run the bot beside a pretend Slack workspace and phone network, to be seen and played with in a browser.

    With --story it plays a whole incident by itself and tells it here.
    """
    telemetry.configure("ERROR", "console")
    try:
        run(_story(policy_name, speed, port) if story else _live(policy_name, port, page_port))
    except KeyboardInterrupt:
        click.echo("Stopped.")


async def _story(policy_name: str, speed: float, port: int) -> None:
    console = Console(highlight=False)
    script = load_script(policy_name)
    async with open_world(make_policy_to_the_letter(policy_name), port, page_port=0) as world:
        path = await Story(world, Narrator(world, console), console, speed).tell(script)
    console.print(f"The postmortem: {path}")


async def _live(policy_name: str, port: int, page_port: int | None) -> None:
    console = Console(highlight=False)
    async with open_world(make_policy(policy_name), port, page_port) as world:
        console.print(_welcome(world), markup=False, soft_wrap=True)
        following = asyncio.create_task(Narrator(world, console).follow())
        try:
            await following
        finally:
            following.cancel()


def _welcome(world: World) -> str:
    """Where to go, and what can be done there."""
    return (
        f"\n  Open {world.sandbox_url} in a browser.\n\n"
        "  There: a Slack-like workspace, the phones of the people on call, and a guided story of one incident.\n"
        f"  The bot is at {world.bot_url}. What it does is told here too, until Ctrl-C.\n"
    )
