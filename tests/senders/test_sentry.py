"""What we ask of Sentry's API, what we make of its answers, and what we say when there is none (J14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.clock import SteeredClock
from bot.domain.gate import SentryRules
from bot.domain.readiness import Issues
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.senders import sentry
from bot.senders.sentry import Sentry, next_cursor
from tests.house import NOON


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    found = Sandbox()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


def rules_for(sandbox: Sandbox, **changes: Any) -> SentryRules:
    return SentryRules(url=sandbox.url, **{"organisation": "acme", **changes})


def sender(sandbox: Sandbox, session: aiohttp.ClientSession, clock: SteeredClock | None = None, **changes: Any) -> Sentry:
    named = {"token": sandbox.settings.sentry_token, **changes}
    return Sentry(session, clock or SteeredClock(NOON, speed=0), **named)


async def look(sandbox: Sandbox, session: aiohttp.ClientSession, **changes: Any) -> Issues:
    found = await sender(sandbox, session).look(rules_for(sandbox, **changes))
    assert found is not None
    return found


def names(issues: Issues) -> list[str]:
    assert issues.trouble is None
    return [issue.name for issue in issues.found]


async def test_unresolved_fatal_issues_are_found_and_a_resolved_one_no_more(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    sandbox.issues.add("ValueError in checkout")
    sandbox.issues.add("slow query", level="warning")
    gone = sandbox.issues.add("KeyError in cart")
    sandbox.issues.resolve(gone.short_id)
    found = await look(sandbox, session)
    assert [(issue.name, issue.title) for issue in found.found] == [("SHOP-1", "ValueError in checkout")]


@pytest.mark.parametrize(("projects", "expected"), [((), ["SITE-2", "SHOP-1"]), (("site",), ["SITE-2"]), (("4501",), ["SHOP-1"])])
async def test_projects_are_named_by_slug_or_number(
    sandbox: Sandbox, session: aiohttp.ClientSession, projects: tuple[str, ...], expected: list[str]
) -> None:
    sandbox.issues.add("one", project="shop")
    sandbox.issues.add("two", project="site")
    assert names(await look(sandbox, session, projects=projects)) == expected


async def test_every_page_is_read(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    for number in range(250):
        sandbox.issues.add(f"trouble {number}")
    found = await look(sandbox, session)
    assert (len(set(names(found))), found.more) == (250, False)
    assert len(sandbox.requests) == 3


async def test_after_ten_pages_it_is_only_said_that_there_are_more(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    for number in range(100 * sentry.PAGES + 1):
        sandbox.issues.add(f"trouble {number}")
    found = await look(sandbox, session)
    assert (len(names(found)), found.more) == (1000, True)


async def test_nothing_is_asked_where_the_policy_asks_for_nothing(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    assert await sender(sandbox, session).look(None) is None
    assert sandbox.requests == []


async def test_without_a_token_that_is_the_trouble_and_nobody_is_asked(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    found = await sender(sandbox, session, token=None).look(rules_for(sandbox))
    assert found == Issues(trouble="SENTRY_TOKEN is not set")
    assert sandbox.requests == []


async def test_a_wrong_token_is_said_to_be_wrong_and_not_told(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    found = await sender(sandbox, session, token="sntrys_wrong").look(rules_for(sandbox))
    assert found == Issues(trouble="it answered 401: it does not accept SENTRY_TOKEN")


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"organisation": "other"}, "it answered 404: it knows no such organization; gate.sentry.organisation has to be its slug"),
        ({"query": "what is this"}, "it answered 400: it does not understand gate.sentry.query or gate.sentry.projects"),
        ({"projects": ["99"]}, "it answered 403: SENTRY_TOKEN may not read there; it needs the scope event:read"),
    ],
)
async def test_what_the_policy_says_wrong_is_named(
    sandbox: Sandbox, session: aiohttp.ClientSession, changes: dict[str, Any], trouble: str
) -> None:
    assert (await look(sandbox, session, **changes)).trouble == trouble


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (Fault("sentry", "status", status=500), "it answered 500"),
        (Fault("sentry", "status", status=302), "it answered 302: gate.sentry.url has to be where it is itself"),
        (Fault("sentry", "ratelimited"), "it answered 429: it is asked too often just now"),
        (Fault("sentry", "truncated"), "what it answered is no JSON"),
        (Fault("sentry", "empty"), "what it answered is no JSON"),
        (Fault("sentry", "error"), "what it answered is no list of issues"),
        (Fault("sentry", "refuse"), "it cannot be reached (ServerDisconnectedError)"),
    ],
)
async def test_a_trouble_is_told_and_asked_about_again_at_once(
    sandbox: Sandbox, session: aiohttp.ClientSession, fault: Fault, trouble: str
) -> None:
    asking = sender(sandbox, session)
    sandbox.faults.add(Fault(**{**vars(fault), "times": 2}))
    assert await asking.look(rules_for(sandbox)) == Issues(trouble=trouble)
    sandbox.faults.clear()
    assert await asking.look(rules_for(sandbox)) == Issues()


async def test_one_that_does_not_answer_is_waited_for_no_longer_than_allowed(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    sandbox.faults.add(Fault("sentry", "hang"))
    found = await sender(sandbox, session, within=0.1).look(rules_for(sandbox))
    assert found == Issues(trouble="it did not answer within 0.1 seconds")
    assert sentry.WITHIN == 5


async def test_where_nobody_listens_that_is_the_trouble(session: aiohttp.ClientSession) -> None:
    asking = Sentry(session, SteeredClock(NOON, speed=0), "token")
    found = await asking.look(SentryRules(url="http://127.0.0.1:1", organisation="acme"))
    assert found == Issues(trouble="it cannot be reached (ClientConnectorError)")


async def test_an_answer_is_kept_for_less_than_a_minute(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    clock = SteeredClock(NOON, speed=0)
    asking = sender(sandbox, session, clock)
    assert await asking.look(rules_for(sandbox)) == Issues()
    sandbox.issues.add("ValueError")
    clock.advance(timedelta(seconds=59))
    assert await asking.look(rules_for(sandbox)) == Issues()
    clock.advance(timedelta(seconds=1))
    found = await asking.look(rules_for(sandbox))
    assert found is not None and names(found) == ["SHOP-1"]


async def test_other_rules_are_asked_about_at_once(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    asking = sender(sandbox, session)
    sandbox.issues.add("slow query", level="warning")
    assert await asking.look(rules_for(sandbox)) == Issues()
    found = await asking.look(rules_for(sandbox, query="is:unresolved"))
    assert found is not None and names(found) == ["SHOP-1"]


async def test_many_who_ask_at_once_are_one_request(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    asking = sender(sandbox, session)
    found = await asyncio.gather(*(asking.look(rules_for(sandbox)) for _ in range(20)))
    assert found == [Issues()] * 20
    assert len(sandbox.requests) == 1


async def test_who_stops_waiting_leaves_the_answer_to_the_next(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    asking = sender(sandbox, session)
    sandbox.faults.add(Fault("sentry", "delay", delay=0.2))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asking.look(rules_for(sandbox))
    assert await asking.look(rules_for(sandbox)) == Issues()
    assert len(sandbox.requests) == 1


async def test_the_end_does_not_wait_for_an_answer(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    asking = sender(sandbox, session)
    sandbox.faults.add(Fault("sentry", "hang"))
    waiting = asyncio.create_task(asking.look(rules_for(sandbox)))
    while not asking._asking:
        await asyncio.sleep(0)
    await asking.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("links", "cursor"),
    [
        ([], None),
        (['<https://sentry.io/?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1"'], None),
        (
            ['<https://a/>; rel="previous"; results="false"; cursor="a", <https://b/>; rel="next"; results="true"; cursor="0:100:0"'],
            "0:100:0",
        ),
        (['<https://a/>; rel="previous"; results="true"; cursor="a"', '<https://b/>; rel="next"; results="true"; cursor="b"'], "b"),
        (['<https://b/>; rel="next"; results="false"; cursor="0:100:0"'], None),
        (['<https://b/>; rel="next"; results="true"'], None),
        (["nonsense"], None),
    ],
)
def test_the_next_page_is_the_one_that_the_links_name(links: list[str], cursor: str | None) -> None:
    assert next_cursor(links) == cursor
