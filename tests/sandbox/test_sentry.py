"""The sandbox's Sentry refuses as Sentry does, pages as it does, and can be steered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Sandbox
from tests.sandbox.test_control import act, look

PATH = "/api/0/organizations/acme/issues/"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    found = Sandbox()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url, headers={"Authorization": f"Bearer {sandbox.settings.sentry_token}"}) as session:
        yield session


async def ask(http: aiohttp.ClientSession, path: str = PATH, headers: dict[str, str] | None = None, **query: str) -> tuple[int, Any, str]:
    """Status, body and Link header."""
    async with http.get(path, params=query, headers=headers) as response:
        return response.status, await response.json(), response.headers.get("Link", "")


async def test_it_lists_what_is_unresolved_with_the_newest_first(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.issues.add("one")
    sandbox.issues.add("two", level="error", project="site")
    status, body, _ = await ask(http)
    assert status == 200
    assert [(one["shortId"], one["title"], one["level"], one["project"]["slug"]) for one in body] == [
        ("SITE-2", "two", "error", "site"),
        ("SHOP-1", "one", "fatal", "shop"),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unresolved level:fatal", ["SHOP-1"]),
        ("!level:fatal", ["SITE-2"]),
        ("level:[fatal,error]", ["SITE-2", "SHOP-1"]),
        ("project:site", ["SITE-2"]),
        ("is:unresolved issue.priority:high environment:production", ["SHOP-1"]),
        ("is:resolved", []),
        ("", ["SITE-2", "SHOP-1"]),
    ],
)
async def test_it_searches(sandbox: Sandbox, http: aiohttp.ClientSession, query: str, found: list[str]) -> None:
    sandbox.issues.add("one")
    sandbox.issues.add("two", level="error", project="site", priority="low", environment="staging")
    assert [one["shortId"] for one in (await ask(http, query=query))[1]] == found


async def test_its_links_lead_from_page_to_page_and_say_where_the_last_is(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for number in range(3):
        sandbox.issues.add(f"trouble {number}")
    _, first, link = await ask(http, limit="2")
    assert 'rel="next"; results="true"; cursor="0:2:0"' in link and 'rel="previous"; results="false"' in link
    _, second, link = await ask(http, limit="2", cursor="0:2:0")
    assert 'rel="next"; results="false"' in link and 'rel="previous"; results="true"; cursor="0:0:1"' in link
    assert [one["shortId"] for one in first + second] == ["SHOP-3", "SHOP-2", "SHOP-1"]


@pytest.mark.parametrize(
    ("path", "headers", "query", "status", "detail"),
    [
        (PATH, {"Authorization": "Bearer wrong"}, {}, 401, "Invalid token"),
        (PATH, {"Authorization": ""}, {}, 401, "Authentication credentials were not provided."),
        ("/api/0/organizations/other/issues/", None, {}, 404, "The requested resource does not exist"),
        (PATH, None, {"query": "what is this"}, 400, "Error parsing search query: Invalid term 'what'."),
        (PATH, None, {"query": "is:odd"}, 400, "Error parsing search query: Invalid value in 'is:odd'."),
        (PATH, None, {"project": "shop"}, 400, "Invalid project parameter. Values must be numbers."),
        (PATH, None, {"project": "99"}, 403, "You do not have permission to perform this action."),
        (PATH, None, {"limit": "101"}, 400, "Invalid limit '101': expected 1 to 100."),
        (PATH, None, {"cursor": "next"}, 400, "Invalid cursor parameter."),
    ],
)
async def test_it_refuses_what_sentry_refuses(
    http: aiohttp.ClientSession, path: str, headers: dict[str, str] | None, query: dict[str, str], status: int, detail: str
) -> None:
    assert (await ask(http, path, headers, **query))[:2] == (status, {"detail": detail})


async def test_issues_are_added_and_resolved_by_acts_and_can_be_seen(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with aiohttp.ClientSession() as anybody:
        assert (await act(anybody, sandbox, {"do": "sentry_issue", "title": "ValueError"}))[0] == 200
        assert [(one["short_id"], one["status"]) for one in (await look(anybody, sandbox))["issues"]] == [("SHOP-1", "unresolved")]
        assert (await act(anybody, sandbox, {"do": "sentry_resolve", "short_id": "SHOP-1"}))[0] == 200
        status, body = await act(anybody, sandbox, {"do": "sentry_resolve", "short_id": "SHOP-9"})
        assert (status, body["error"]) == (400, "LookupError: there is no issue 'SHOP-9'")
        status, body = await act(anybody, sandbox, {"do": "sentry_issue", "title": "x", "level": "odd"})
        assert status == 400
    assert (await ask(http))[1] == []
