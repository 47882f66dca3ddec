"""The guided story: told to its end by its own buttons, left and taken up at any step, and noticed when done by hand."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
STEPS: list[dict[str, Any]] = json.loads((files("bot.sandbox") / "page" / "story.json").read_text(encoding="utf-8"))["steps"]


async def test_the_story_is_told_by_its_own_buttons_to_the_end_and_again(visitor: Visitor) -> None:
    for step in STEPS:
        await visitor.step(step["title"])
        await visitor.tell_on()
    await expect(visitor.story).to_contain_text("The end")
    await expect(visitor.promises).to_contain_text("P0 Resolved")
    await expect(visitor.promises).to_contain_text("3 kept, 1 missed")
    await expect(visitor.page.get_by_role("button", name="Postmortem of INC-1")).to_be_visible()
    await visitor.story.get_by_role("button", name="Tell it again").click()
    await visitor.step(STEPS[0]["title"])


async def test_the_story_can_be_left_at_any_step_and_taken_up_again(visitor: Visitor) -> None:
    control = visitor.page.locator("#tour-control")
    for step in STEPS:
        await visitor.step(step["title"])
        await control.click()
        await expect(visitor.story).to_be_hidden()
        await expect(control).to_have_text("Resume the tour")
        await control.click()
        await visitor.step(step["title"])
        await visitor.tell_on()
    await expect(visitor.story).to_contain_text("The end")


async def test_the_story_notices_what_the_visitor_does_by_hand(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.step(STEPS[1]["title"])
    await visitor.pick_up("Tim", "Messages")
    await visitor.phone.get_by_role("button", name="Acknowledge").click()
    await visitor.step("Everybody sees it on the card")


async def test_the_story_outlives_a_reload(visitor: Visitor) -> None:
    await visitor.tell_on()
    await visitor.step(STEPS[1]["title"])
    await visitor.page.reload()
    await visitor.step(STEPS[1]["title"])
