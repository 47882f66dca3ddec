"""The workspace on the page: who has read what, threads, pins, the App Home, and what only some may see."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.cli.world import World
from tests.browser.visitor import Visitor, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")
UNREAD = "ws-row-unread"


async def test_two_people_see_each_what_they_have_not_read(visitor: Visitor, browser: Browser, world: World) -> None:
    async with visit(browser, world) as other:
        await other.come()
        await other.be("Ben")
        await visitor.go("general")
        await visitor.say("Has anybody seen the error rate, @ben?")
        mark = other.page.locator(f".{UNREAD}").filter(has_text="general")
        await expect(mark).to_contain_text("1")
        await expect(visitor.page.locator(f".{UNREAD}")).to_have_count(0)
        await other.go("general")
        await other.see("Has anybody seen the error rate")
        await expect(mark).to_have_count(0)


async def test_the_visitor_can_be_several_people_in_turn(visitor: Visitor) -> None:
    await visitor.go("random")
    await visitor.say("Coffee is ready")
    await visitor.be("Chi")
    await expect(visitor.page.locator(f".{UNREAD}").filter(has_text="random")).to_have_count(1)
    await visitor.go("random")
    await visitor.see("Coffee is ready")
    await visitor.say("On my way")
    await expect(visitor.message("On my way")).to_have_attribute("aria-label", "Chi at " + await _time_of(visitor, "On my way"))


async def _time_of(visitor: Visitor, words: str) -> str:
    return await visitor.message(words).locator("time").inner_text()


async def test_the_app_home_says_what_is_open_who_is_on_call_and_declares(visitor: Visitor) -> None:
    await visitor.say("/incident declare P2 Search answers slowly")
    await expect(visitor.row("inc-1-search")).to_be_visible()
    await visitor.row("Muster").click()
    home = visitor.page.get_by_role("region", name="Home of Muster")
    for words in ("Hello Ana", "What you owe", "Search answers slowly", "Who is on call", "Tim"):
        await expect(home).to_contain_text(words)
    await home.get_by_role("button", name="Declare an incident").click()
    await expect(visitor.dialog).to_contain_text("Is it one of these?")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.dialog).to_have_count(0)


async def test_a_reply_in_a_thread_and_a_pushpin_come_into_the_postmortem(visitor: Visitor) -> None:
    await visitor.say("/incident declare P1 Search answers slowly")
    await visitor.go("inc-1-search")
    await visitor.say("The index is rebuilding")
    await visitor.act_on(visitor.message("The index is rebuilding"), "Reply in thread")
    reply = visitor.page.get_by_role("complementary").get_by_role("textbox")
    await reply.fill("It is at 80 %")
    await reply.press("Enter")
    await visitor.page.keyboard.press("Escape")
    await visitor.act_on(visitor.message("The index is rebuilding"), "React: Keep on the timeline")
    await expect(visitor.message("The index is rebuilding").get_by_role("button", name="pushpin, 1: Ana")).to_be_visible()
    await expect(visitor.message("The index is rebuilding")).to_contain_text("1 reply")
    await visitor.say("/incident resolve It is rebuilt")
    await visitor.page.get_by_role("button", name="Postmortem of INC-1").click()
    panel = visitor.page.get_by_role("complementary", name="Details")
    await expect(panel).to_contain_text("The index is rebuilding")
    await expect(panel).to_contain_text("It is at 80 %")


async def test_a_private_incident_is_seen_by_its_members_alone(visitor: Visitor) -> None:
    await visitor.say("/incident declare private P1 A customer reads another's invoices")
    await visitor.go("inc-1")
    await visitor.see("A customer reads another's invoices")
    await visitor.be("Chi")
    await expect(visitor.row("general")).to_be_visible()
    await expect(visitor.row("inc-1")).to_have_count(0)
    await expect(visitor.workspace).not_to_contain_text("invoices")


async def test_a_message_becomes_an_incident_by_its_shortcut(visitor: Visitor) -> None:
    await visitor.go("general")
    await visitor.say("Logins fail for half of us")
    await visitor.act_on(visitor.message("Logins fail"), "Declare incident")
    await expect(visitor.dialog.get_by_label("What is broken?")).to_have_value("Logins fail for half of us")
    await visitor.dialog.get_by_role("button", name="Declare").click()
    await expect(visitor.row("inc-1-logins")).to_be_visible()
