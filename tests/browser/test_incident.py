"""An incident in the browser, from the declaration to its postmortem."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.visitor import ALERTS, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHANNEL = "inc-1-checkout"


async def taken_by_ana(visitor: Visitor) -> None:
    """An alert has declared an incident, and Ana has it."""
    await visitor.fire()
    await visitor.go(CHANNEL)
    await visitor.say("/incident ack")
    await visitor.see("INC-1 was acknowledged by Ana")


async def test_somebody_declares_by_typing(visitor: Visitor) -> None:
    await visitor.say("/incident declare P1 Search answers slowly")
    await visitor.go("inc-1-search")
    await visitor.see("Search answers slowly")
    await expect(visitor.promises).to_contain_text("INC-1 P1 Investigating")


async def test_the_box_offers_what_can_be_typed(visitor: Visitor) -> None:
    await visitor.composer.press_sequentially("/incident dec")
    await expect(visitor.page.get_by_role("option", name="/incident declare")).to_be_visible()
    await visitor.composer.press("Enter")
    await expect(visitor.composer).to_have_value("/incident declare ")


async def test_somebody_declares_by_clicking_after_a_form_half_filled(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="Declare incident").click()
    declare = visitor.dialog.get_by_role("button", name="Declare")
    await declare.click()
    await expect(visitor.dialog).to_contain_text("This field is needed.")
    await visitor.dialog.get_by_label("What is broken?").fill("Search answers slowly")
    await visitor.dialog.get_by_role("button", name=re.compile("Severity")).click()
    await visitor.page.get_by_role("option", name=re.compile("^P2")).click()
    await visitor.dialog.get_by_label("Who is affected?").fill("everybody who searches")
    await declare.click()
    await visitor.go("inc-1-search")
    await visitor.see("everybody who searches")
    await expect(visitor.promises).to_contain_text("INC-1 P2 Investigating")


async def test_an_acknowledgement_is_missed_and_the_phone_still_takes_one(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.go(CHANNEL)
    await visitor.press("Pause")
    await visitor.press("+5 min")
    await visitor.press("+5 min")
    await visitor.see("Promise missed: INC-1 owed an acknowledgement")
    await expect(visitor.promises.locator("li").filter(has_text="Acknowledged")).to_contain_text("missed")
    await visitor.pick_up("Ana", "Messages")
    await visitor.phone.get_by_role("button", name="I have it").click()
    await expect(visitor.phone).to_contain_text("you acknowledged it and the ringing has stopped")
    await visitor.see("INC-1 was acknowledged by Ana by SMS")


async def test_whatsapp_is_answered_by_its_button(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.go(CHANNEL)
    await visitor.pick_up("Tim", "Messages")
    await visitor.phone.get_by_role("button", name="Acknowledge").click()
    await visitor.see("INC-1 was acknowledged by Tim by WhatsApp")


async def test_a_call_is_answered_with_a_key(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.go(CHANNEL)
    await visitor.press("Pause")
    await visitor.world.act("travel", seconds=61)
    await visitor.phone.get_by_role("button", name="Answer").click()
    await expect(visitor.phone.get_by_role("log")).to_contain_text("Press 1 to acknowledge")
    await visitor.phone.get_by_role("button", name="1", exact=True).click()
    await visitor.see("INC-1 was acknowledged by Tim by voice call")
    await visitor.pick_up("Tim", "Calls")
    await expect(visitor.phone).to_contain_text("Answered")


async def test_a_mail_is_opened_and_its_link_acknowledges_only_by_its_button(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.go(CHANNEL)
    await visitor.press("Pause")
    await visitor.press("+5 min")
    await visitor.pick_up("Ben", "Mail")
    await visitor.phone.get_by_role("button", name="INC-1").first.click()
    async with visitor.page.context.expect_page() as opened:
        await visitor.phone.get_by_role("link").click()
    page = await opened.value
    await expect(page.locator("main")).to_contain_text("Checkout returns 500")
    await expect(visitor.promises.locator("li").filter(has_text="Acknowledged")).not_to_contain_text("early")
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.locator("main")).to_contain_text("you acknowledged it")
    await visitor.see("INC-1 was acknowledged by Ben by e-mail")


async def test_a_missed_update_is_chased_until_it_comes(visitor: Visitor) -> None:
    await taken_by_ana(visitor)
    await visitor.press("Pause")
    await visitor.say("/incident update mitigating Rolled checkout back")
    await visitor.see("Mitigating: update by Ana")
    for _ in range(4):
        await visitor.press("+5 min")
    await visitor.see("Promise missed: INC-1 owed a status update")
    await visitor.pick_up("Ana", "Messages")
    await expect(visitor.phone).to_contain_text("[INC-1")
    await visitor.say("/incident update monitoring Error rate is normal")
    await visitor.see("Error rate is normal")
    await expect(visitor.promises.locator("li").filter(has_text=re.compile("missed.*late"))).to_have_count(1)


async def test_an_incident_is_resolved_and_its_postmortem_is_read_beside_the_channel(visitor: Visitor) -> None:
    await taken_by_ana(visitor)
    await visitor.say("/incident update mitigating Rolled checkout back")
    await visitor.take_back()
    await visitor.see("alert recovered")
    await visitor.say("/incident resolve Error rate is at its baseline")
    await visitor.see("Ana resolved INC-1")
    await visitor.page.get_by_role("button", name="Postmortem of INC-1").click()
    panel = visitor.page.get_by_role("complementary", name="Details")
    for words in ("Severity: P0", "Rolled checkout back", "3 kept", "Who was paged"):
        await expect(panel).to_contain_text(words)
    await expect(panel.get_by_role("heading", name="Timeline")).to_be_visible()
    await expect(panel.get_by_role("cell", name="An acknowledgement")).to_be_visible()
    await expect(panel).not_to_contain_text("muster:begin")
    await visitor.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_the_card_s_own_buttons_work(visitor: Visitor) -> None:
    await visitor.fire()
    await visitor.go(CHANNEL)
    card = visitor.page.locator(".ws-main article.ws-message").filter(has=visitor.page.get_by_role("button", name="Resolve"))
    await card.get_by_role("button", name="Acknowledge").click()
    await visitor.see("INC-1 was acknowledged by Ana by Slack")
    await card.get_by_role("button", name="Update").click()
    await visitor.dialog.get_by_label("What happened since?").fill("Looking at the payment gateway")
    await visitor.dialog.locator("button[type=submit]").click()
    await visitor.see("Looking at the payment gateway")
    await visitor.go(ALERTS)
    await visitor.see("Owner: Ana")
