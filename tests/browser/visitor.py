"""A visitor of the demo's page, in a real browser: what they look for, click and type, in words."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, Playwright, Request, expect

from bot.cli.world import World

ALERTS = "alerts-critical"
WIDE, NARROW = (1440, 900), (900, 800)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 10_000
"""Milliseconds for which anything is waited for."""
expect.set_options(timeout=PATIENCE)
Scheme = Literal["light", "dark"]


def find_chromium() -> str | None:
    """Where the system's Chromium is; None when there is none."""
    return next((path for path in map(shutil.which, _BROWSERS) if path), None)


async def launch(playwright: Playwright, path: str) -> Browser:
    """The system's Chromium, without a window."""
    return await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@dataclass
class Visitor:
    """Somebody who looks at the page of a running demo; what went to other hosts and what the console complained about is kept."""

    page: Page
    world: World
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps from now on what should never happen."""
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.context.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.strangers.append(request.url)

    async def come(self) -> None:
        """Opens the page, and waits until it shows the workspace."""
        await self.page.goto(self.world.sandbox_url)
        await expect(self.composer).to_be_visible()

    # The workspace

    @property
    def workspace(self) -> Locator:
        """The middle of the page."""
        return self.page.locator("#workspace")

    @property
    def composer(self) -> Locator:
        """The box of the conversation on the screen."""
        return self.page.locator(".ws-main textarea.ws-box")

    @property
    def dialog(self) -> Locator:
        """The modal on top."""
        return self.page.get_by_role("dialog")

    def row(self, name: str) -> Locator:
        """A line of the sidebar."""
        return self.page.locator(".ws-sidebar button.ws-row").filter(has_text=name)

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """The newest message of the conversation on the screen that has these words."""
        return self.page.locator(".ws-main article.ws-message").filter(has_text=words).last

    async def see(self, words: str | re.Pattern[str]) -> None:
        """Waits until the conversation on the screen has a message with these words."""
        await expect(self.message(words)).to_be_visible()

    async def go(self, name: str) -> None:
        """Turns to a conversation, as soon as it is there."""
        await self.row(name).click()
        await expect(self.row(name)).to_have_attribute("aria-current", "page")

    async def say(self, line: str) -> None:
        """Types a line and sends it."""
        await self.composer.fill(line)
        await self.composer.press("Enter")
        await expect(self.composer).to_have_value("")

    async def be(self, name: str) -> None:
        """Turns into somebody else."""
        await self.page.locator(".ws-switch").click()
        await self.page.get_by_role("menuitemradio", name=name).click()
        await expect(self.page.locator(".ws-switch")).to_contain_text(name)

    async def act_on(self, message: Locator, action: str) -> None:
        """Uses a button of the row over a message, or an entry of its menu."""
        await message.hover()
        direct = message.get_by_role("button", name=action, exact=True)
        if await direct.count():
            await direct.click()
            return
        await message.get_by_role("button", name="More actions").click()
        await self.page.get_by_role("menuitem", name=action).click()

    # The phones

    @property
    def phone(self) -> Locator:
        """The phone on the screen."""
        return self.page.locator("#phone-panel")

    async def pick_up(self, name: str, app: str | None = None) -> None:
        """Takes somebody's phone, and opens an app on it."""
        tab = self.page.locator("#phones").get_by_role("tab", name=name)
        await tab.click()
        await expect(tab).to_have_attribute("aria-selected", "true")
        if app is not None:
            await self.phone.get_by_role("button", name=app).click()

    # The outside world

    async def fire(self, title: str = "Checkout returns 500") -> None:
        """Has a monitor fire its alert."""
        await self._monitor(title, "Fire")

    async def take_back(self, title: str = "Checkout returns 500") -> None:
        """Has a monitor say that it is over."""
        await self._monitor(title, "Resolve")

    async def _monitor(self, title: str, button: str) -> None:
        await self.page.locator("li.alert").filter(has_text=title).get_by_role("button", name=button).click()

    async def press(self, button: str) -> None:
        """Presses a button of the outside world, ``+5 min`` or ``Pause``, and waits until that is done."""
        found = self.page.locator("#world").get_by_role("button", name=button, exact=True)
        await found.click()
        await expect(found).to_be_enabled()

    async def turn(self, network: str, button: str) -> None:
        """Takes a network down, or brings it back."""
        await self.page.locator("li.network").filter(has_text=network).get_by_role("button", name=button).click()

    # The story

    @property
    def story(self) -> Locator:
        """The guided story."""
        return self.page.locator("#story")

    @property
    def promises(self) -> Locator:
        """What was promised, and what was kept."""
        return self.page.locator("#promises")

    async def step(self, title: str) -> None:
        """Waits until the story has come to a step."""
        await expect(self.story.get_by_role("heading", level=3)).to_have_text(title)

    async def tell_on(self) -> None:
        """Has the story do its step."""
        await self.story.locator("button.primary").click()


@asynccontextmanager
async def visit(
    browser: Browser, world: World, *, scheme: Scheme = "light", size: tuple[int, int] = WIDE, **options: Any
) -> AsyncIterator[Visitor]:
    """A visitor with a browser profile of their own, until the block ends."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="America/Los_Angeles", locale="en-US", **options
    )
    context.set_default_timeout(PATIENCE)
    try:
        visitor = Visitor(await context.new_page(), world)
        visitor.listen()
        yield visitor
    finally:
        await context.close()
