"""A browser for the whole run, and for each test a demo of its own with a visitor at its page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.cli.cast import make_policy
from bot.cli.world import World, open_world
from tests.browser.visitor import Visitor, find_chromium, launch, visit

REASON = "There is no Chromium here; `apt-get install chromium` brings it, and the tests of the page run."


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium; where there is none, the tests that want it are skipped."""
    path = find_chromium()
    if path is None:
        pytest.skip(REASON)
    async with async_playwright() as playwright:
        opened = await launch(playwright, path)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    """The demo, as `make demo` opens it."""
    async with open_world(make_policy("jovie"), 0, page_port=0) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, world: World) -> AsyncIterator[Visitor]:
    """Somebody who has just come to the page; nothing they do may leave the machine or upset the console."""
    async with visit(browser, world) as somebody:
        await somebody.come()
        yield somebody
        assert somebody.strangers == []
        assert somebody.complaints == []
