"""What a visitor can break: Slack and the phone network, taken down and brought back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_without_slack_the_phone_still_rings_and_the_channel_appears_when_it_is_back(visitor: Visitor) -> None:
    await visitor.turn("Slack", "Take down")
    await visitor.fire()
    await expect(visitor.phone).to_contain_text("[INC-1 #1] P0 Checkout returns 500")
    await visitor.phone.get_by_role("button", name="Acknowledge").click()
    await expect(visitor.phone).to_contain_text("you acknowledged it")
    await expect(visitor.row("inc-1")).to_have_count(0)
    await visitor.turn("Slack", "Bring back")
    await visitor.press("×60")
    await visitor.go("inc-1-checkout")
    await visitor.see("INC-1 was acknowledged by Tim by WhatsApp")


async def test_without_phones_the_page_waits_and_arrives_when_they_are_back(visitor: Visitor) -> None:
    await visitor.turn("Phone network", "Take down")
    await visitor.fire()
    await visitor.go("inc-1-checkout")
    await expect(visitor.phone).to_contain_text("No messages.")
    await visitor.turn("Phone network", "Bring back")
    await visitor.press("×60")
    await expect(visitor.phone).to_contain_text("[INC-1 #1] P0 Checkout returns 500")
