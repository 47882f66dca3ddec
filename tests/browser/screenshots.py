"""``make screenshots``: the guided story, step by step, as pictures for the README.

The workspace's time is moved to an afternoon first, so that the pictures do not tell when they were taken.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, async_playwright, expect

from bot import telemetry
from bot.cli.cast import make_policy
from bot.cli.world import World, open_world
from tests.browser.palette import reduce_colours
from tests.browser.visitor import Scheme, Visitor, find_chromium, launch, visit

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
_STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }"


async def main() -> None:
    """Takes every picture anew."""
    path = find_chromium()
    if path is None:
        sys.exit("There is no Chromium here; `apt-get install chromium` brings it.")
    telemetry.configure("ERROR", "console")
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await launch(playwright, path)
        await _tell(browser, "light", _story)
        await _tell(browser, "dark", _by_hand)
        await browser.close()


async def _tell(browser: Browser, scheme: Scheme, told: Callable[[Visitor], Awaitable[None]]) -> None:
    async with open_world(make_policy("jovie"), 0, page_port=0) as world, visit(browser, world, scheme=scheme) as visitor:
        await _move_to_the_afternoon(world)
        await visitor.come()
        await visitor.press("Pause")
        await told(visitor)


async def _move_to_the_afternoon(world: World) -> None:
    now = datetime.fromisoformat((await world.state())["now"]).astimezone(ZoneInfo("America/Los_Angeles"))
    today = now.replace(hour=14, minute=5, second=0, microsecond=0)
    until = today if today > now else today + timedelta(days=1)
    await world.act("travel", until=until.isoformat())


async def _story(visitor: Visitor) -> None:
    """The guided story by its own buttons."""
    await _picture(visitor, "1-start")
    await visitor.tell_on()
    await visitor.step("Tim is called out")
    await visitor.see("ringing Tim by WhatsApp")
    await expect(visitor.phone).to_contain_text("[INC-1 #1]")
    await _picture(visitor, "2-declared")
    await visitor.tell_on()
    await visitor.see("ringing Tim by voice call")
    await _picture(visitor, "3-call")
    await visitor.tell_on()
    await visitor.step("Ana answers from her phone")
    await visitor.tell_on()
    await visitor.see("INC-1 was acknowledged by Ana by SMS")
    await visitor.pick_up("Ana", "Messages")
    await _picture(visitor, "4-acknowledged")
    await visitor.tell_on()
    await visitor.step("A first mitigation, in time")
    await visitor.tell_on()
    await visitor.step("An update is missed, and chased")
    await visitor.tell_on()
    await visitor.see("ringing Ana by SMS")
    await _picture(visitor, "5-missed")
    await visitor.tell_on()
    await visitor.step("It is over")
    await visitor.tell_on()
    await visitor.step("The postmortem is drafted already")
    await visitor.story.get_by_role("button", name="Read it", exact=True).click()
    await expect(visitor.page.get_by_role("complementary", name="Details")).to_contain_text("Timeline")
    await _picture(visitor, "6-postmortem")


async def _by_hand(visitor: Visitor) -> None:
    """Played freely, in the dark: the card, and the form that declares."""
    await visitor.page.locator("#tour-control").click()
    await visitor.fire()
    await visitor.row("inc-1").click()
    await visitor.see("ringing Tim by WhatsApp")
    await visitor.message("Status: Investigating").evaluate("card => card.scrollIntoView({ block: 'start' })")
    await _picture(visitor, "7-card-dark")
    await visitor.page.get_by_role("button", name="Declare incident").click()
    await expect(visitor.dialog.get_by_label("What is broken?")).to_be_visible()
    await visitor.dialog.get_by_label("What is broken?").fill("Search answers slowly")
    await _picture(visitor, "8-form-dark")


async def _picture(visitor: Visitor, name: str) -> None:
    await visitor.world.rest()
    await visitor.page.mouse.move(0, 0)
    taken = await visitor.page.screenshot(style=_STILL)
    (FOLDER / f"{name}.png").write_bytes(reduce_colours(taken))


if __name__ == "__main__":
    asyncio.run(main())
