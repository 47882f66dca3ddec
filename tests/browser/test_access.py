"""That everybody can use the page, whatever stands in a title, and that it talks to nobody but its own sandbox."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect

from bot.cli.world import World
from bot.sandbox import samples
from bot.sandbox.clock import real_now
from tests.browser.visitor import ALERTS, NARROW, WIDE, Scheme, Visitor, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")
STOPS = 60


async def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Presses Tab until the wanted element has the focus."""
    for _ in range(STOPS):
        if await wanted.evaluate("node => node === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{wanted} is not reached by {key}")


async def test_somebody_declares_and_acknowledges_without_a_mouse(visitor: Visitor) -> None:
    page = visitor.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the workspace")).to_be_focused()
    await page.keyboard.press("Enter")
    await tab_to(page, visitor.composer)
    await page.keyboard.type("/incident declare P0 Checkout is down")
    await page.keyboard.press("Enter")
    await expect(visitor.row("inc-1")).to_be_visible()
    await tab_to(page, visitor.row("inc-1"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(visitor.composer).to_be_focused()
    acknowledge = visitor.workspace.get_by_role("button", name="Acknowledge")
    await expect(acknowledge).to_be_visible()
    await tab_to(page, acknowledge, "Shift+Tab")
    await page.keyboard.press("Enter")
    await visitor.see("INC-1 was acknowledged by Ana by Slack")


async def test_a_form_is_filled_and_sent_without_a_mouse(visitor: Visitor) -> None:
    page = visitor.page
    await tab_to(page, page.get_by_role("button", name="Declare incident"))
    await page.keyboard.press("Enter")
    await expect(visitor.dialog.get_by_label("What is broken?")).to_be_focused()
    await page.keyboard.type("Search answers slowly")
    await tab_to(page, visitor.dialog.get_by_role("button", name="Declare"))
    await page.keyboard.press("Enter")
    await expect(visitor.row("inc-1-search")).to_be_visible()


async def look_around(visitor: Visitor, *, narrow: bool) -> list[str]:
    """What axe finds wrong in the main states of the page, by state."""
    found: list[str] = []

    async def check(state: str) -> None:
        result = await Axe().run(visitor.page)
        if result.violations_count:
            found.append(f"{state}: {result.generate_report()}")

    async def turn_to(column: str) -> None:
        if narrow:
            await visitor.page.get_by_role("tab", name=column).click()

    await visitor.press("Pause")
    await check("the beginning")
    await visitor.fire()
    await visitor.row("inc-1").dispatch_event("click")
    await expect(visitor.workspace.get_by_role("button", name="Acknowledge")).to_be_visible()
    await check("an incident")
    await visitor.page.get_by_role("button", name="Declare incident").click()
    await expect(visitor.dialog).to_contain_text("What is broken?")
    await check("a form")
    await visitor.page.keyboard.press("Escape")
    await turn_to("Phones")
    await check("a text")
    await visitor.world.act("travel", seconds=61)
    await expect(visitor.phone).to_contain_text("is calling")
    await check("a call")
    await visitor.phone.get_by_role("button", name="Answer").click()
    await expect(visitor.phone.get_by_role("log")).to_contain_text("Press 1")
    await check("a call that was answered")
    await visitor.phone.get_by_role("button", name="1", exact=True).click()
    await turn_to("Story")
    await expect(visitor.promises).to_contain_text("1 kept")
    await check("the story")
    await turn_to("Slack")
    await visitor.row("Muster").dispatch_event("click")
    await visitor.page.locator(".ws-tab").filter(has_text="Home").click()
    await expect(visitor.page.get_by_role("region", name="Home of Muster")).to_contain_text("What is open")
    await check("the App Home")
    await visitor.row("inc-1").dispatch_event("click")
    await visitor.say("/incident resolve It is over")
    await visitor.page.get_by_role("button", name="Postmortem of INC-1").click()
    await expect(visitor.page.get_by_role("complementary", name="Details")).to_contain_text("Timeline")
    await check("the postmortem")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_axe_finds_nothing(browser: Browser, world: World, scheme: Scheme, size: tuple[int, int]) -> None:
    async with visit(browser, world, scheme=scheme, size=size) as visitor:
        await visitor.come()
        assert await look_around(visitor, narrow=size == NARROW) == []
        assert visitor.strangers == []
        assert visitor.complaints == []


HOSTILE = [
    "<img src=x onerror=alert(1)> <script>alert(2)</script>",
    "<!channel> <@U0BEN> *loud* <https://evil.example|click here>",
    "\u202eشبكة الدفع معطلة\u202c תקלה",
    "A" * 190,
]


@pytest.mark.parametrize("title", HOSTILE, ids=["markup", "mentions", "right to left", "very long"])
async def test_a_hostile_title_is_shown_as_text(visitor: Visitor, title: str) -> None:
    body = samples.load("checkout-firing", real_now())
    for part in (body["commonAnnotations"], body["alerts"][0]["annotations"]):
        part["summary"] = title
    await visitor.world.alert("prometheus", body)
    await visitor.go("inc-1")
    words = title.strip("\u202e\u202c")[:40].split("\u202c")[0]
    await visitor.see(words)
    await expect(visitor.promises).to_contain_text(words)
    await visitor.go(ALERTS)
    await visitor.see(words)
    assert await visitor.message(words).locator(".ws-mention").filter(has_text="@").count() == 0
    assert await visitor.page.locator("img[src=x], a[href*=evil]").count() == 0
    assert await visitor.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


async def test_what_somebody_types_is_shown_as_text(visitor: Visitor) -> None:
    await visitor.go("general")
    await visitor.say("<img src=x onerror=alert(1)>")
    await visitor.see("<img src=x onerror=alert(1)>")
    assert await visitor.page.locator("img[src=x]").count() == 0


async def test_the_page_forbids_whatever_is_not_its_own(visitor: Visitor) -> None:
    response = await visitor.page.goto(visitor.world.sandbox_url)
    assert response is not None
    rules = (await response.all_headers())["content-security-policy"]
    assert "default-src 'self'" in rules
    assert "unsafe" not in rules


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
async def test_nothing_moves_for_whoever_wants_no_motion(browser: Browser, world: World, motion: str, moves: bool) -> None:
    async with visit(browser, world, reduced_motion=motion) as visitor:
        await visitor.come()
        await visitor.press("Pause")
        await visitor.fire()
        await visitor.go("inc-1")
        await visitor.world.act("travel", seconds=61)
        ringing = visitor.phone.locator(".call-avatar")
        await expect(ringing).to_be_visible()
        assert (await ringing.evaluate("node => getComputedStyle(node).animationName") != "none") is moves
