"""The link in a mail: whatever opens it before a person does spends nothing, and only its button acknowledges (B4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from bot.domain import links
from bot.sandbox.mailbox import links as links_of
from tests.house import SECRET_KEY, House, alert
from tests.policies import TIM_MAIL
from tests.scenarios.roads import CHANNEL, MAILBOXES, assert_acknowledged, assert_rings_on, called, calling, path_of, ring


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """A house that mails."""
    async with calling(database_url, "email") as opened:
        yield opened


async def ask(house: House, method: str, path: str) -> tuple[int, str]:
    """The status and the words with which the bot answers at a path."""
    async with house.http.request(method, f"{house.bot.url}{path}") as response:
        return response.status, await response.text()


def page_in(path: str) -> str:
    """The page that a link is for."""
    return path.split(".")[1]


async def test_a_page_by_mail_says_what_is_broken_and_leads_to_us_alone(house: House) -> None:
    await ring(house)
    (mail,) = house.mails(TIM_MAIL)
    assert re.fullmatch(r"\[INC-1 #\d+\] P0 Checkout returns 500 for card payments", mail.subject)
    assert (mail.sender, mail.headers["Auto-Submitted"]) == ("muster@example.com", "auto-generated")
    assert links_of(mail) == [f"http://bot.test{path_of(house, 'tim')}"], "one link, the same in both parts"
    assert "Opening it alone acknowledges nothing" in mail.text


async def test_whatever_fetches_the_link_spends_nothing_and_the_button_still_acknowledges(house: House) -> None:
    await ring(house)
    path = path_of(house, "tim")
    for method in ("HEAD", "GET", "GET"):
        assert (await ask(house, method, path))[0] == 200
    assert "INC-1 waits for you" in (await ask(house, "GET", path))[1]
    await assert_rings_on(house)
    status, words = await ask(house, "POST", path)
    assert (status, "you acknowledged it" in words) == (200, True)
    await assert_acknowledged(house, "e-mail link")


async def test_the_button_acknowledges_once_and_then_says_who_did(house: House) -> None:
    await ring(house)
    path = path_of(house, "tim")
    await ask(house, "POST", path)
    for method in ("POST", "GET"):
        status, words = await ask(house, method, path)
        assert (status, "acknowledged by Tim" in words) == (410, True)
    await assert_acknowledged(house, "e-mail link")
    await house.travel(minutes=10)
    assert (called(house, "tim"), called(house, "ana")) == (["email"], [])


async def test_a_link_of_an_earlier_ring_still_acknowledges(house: House) -> None:
    await ring(house)
    path = path_of(house, "tim")
    await house.travel(minutes=3)
    assert path_of(house, "tim") != path
    assert (await ask(house, "POST", path))[0] == 200
    await assert_acknowledged(house, "e-mail link")


async def test_a_link_is_over_a_day_after_it_was_sent(house: House) -> None:
    await ring(house)
    path = path_of(house, "tim")
    await house.sandbox.slack.command("U0ANA", "resolve false alarm", channel=CHANNEL)
    await house.travel(hours=23, minutes=59)
    assert "Nothing to acknowledge" in (await ask(house, "GET", path))[1]
    await house.travel(minutes=1)
    for method in ("GET", "POST"):
        status, words = await ask(house, method, path)
        assert (status, "It worked for 24 hours" in words) == (410, True)


async def test_a_link_that_we_did_not_make_acknowledges_nothing(house: House) -> None:
    await ring(house)
    path = path_of(house, "tim")
    version, page, expiry, signature = path.removeprefix("/ack/").split(".")
    later = f"/ack/{version}.{page}.{int(expiry) + 86400}.{signature}"
    foreign = f"/ack/{links.sign('another-house-with-another-key', page, house.clock.now())}"
    other_page = f"/ack/{links.sign(SECRET_KEY, '01NOBODY', house.clock.now())}"
    for forged in (later, foreign, other_page, path[:-1], f"{path}x", path.swapcase(), "/ack/", "/ack/1"):
        for method in ("GET", "POST"):
            status, words = await ask(house, method, forged)
            assert status in (403, 404)
            assert "INC-1" not in words
    await assert_rings_on(house)


async def test_each_persons_link_acknowledges_for_that_person(house: House) -> None:
    await ring(house)
    await house.travel(minutes=4)
    assert len({page_in(path_of(house, key)) for key in MAILBOXES}) == 3
    assert (await ask(house, "POST", path_of(house, "ben")))[0] == 200
    await assert_acknowledged(house, "e-mail link", "Ben")
    status, words = await ask(house, "POST", path_of(house, "ana"))
    assert (status, "acknowledged by Ben" in words) == (410, True)


async def test_the_link_of_a_mail_that_waited_is_made_when_it_is_sent(house: House) -> None:
    house.sandbox.mailbox.refuse = "450 4.7.1 greylisted"
    await ring(house)
    assert house.mails(TIM_MAIL) == []
    await house.travel(seconds=90)
    house.sandbox.mailbox.refuse = None
    await house.eventually(lambda: house.mails(TIM_MAIL), "the mail, tried again")
    expires = int(path_of(house, "tim").split(".")[2])
    assert expires == int((house.clock.now() + links.LIFE).timestamp())


async def test_a_title_cannot_lead_anywhere(house: House) -> None:
    title = 'pay at https://link.invalid/ now <a href="https://evil.example">here</a> mailto:x@evil.example'
    body = alert()
    body["alerts"][0]["annotations"]["summary"] = title
    await house.post_alert(body)
    await house.settle()
    (mail,) = house.mails(TIM_MAIL)
    assert links_of(mail) == [f"http://bot.test{path_of(house, 'tim')}"]
    assert "evil.example" not in mail.html


async def test_without_a_key_a_mail_says_what_to_type_and_carries_no_link(database_url: str) -> None:
    async with calling(database_url, "email", secret_key=None) as house:
        await ring(house)
        (mail,) = house.mails(TIM_MAIL)
        assert links_of(mail) == []
        assert "/incident ack INC-1" in mail.text
        assert "MUSTER_SECRET_KEY" in house.card(CHANNEL), "the card says what this installation cannot do"
