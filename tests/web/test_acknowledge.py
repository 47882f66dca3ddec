"""The link of a mail: opening it spends nothing, its button acknowledges, and nobody else can make one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import links
from bot.domain.incidents import Incident
from bot.domain.pages import Page
from bot.domain.timeline import EntryKind
from tests.policies import calling_by, make_policy
from tests.web.door import KEY, Door, open_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, "email") as opened:
        yield opened


def path_to(door: Door, page: Page, key: str = KEY, ago: timedelta = timedelta()) -> str:
    return f"/ack/{links.sign(key, page.id, door.desk.clock.now() - ago)}"


async def is_acknowledged(door: Door, incident: Incident) -> bool:
    return (await door.desk.incident(incident)).acknowledged_at is not None


async def test_the_link_shows_what_is_broken_and_a_button(door: Door) -> None:
    _, page = await door.call_out()
    response = await door.client.get(path_to(door, page))
    text = await response.text()
    assert (response.status, response.content_type) == (200, "text/html")
    assert "INC-1 waits for you" in text
    assert "P0" in text
    assert "Checkout returns 500" in text
    assert '<form method="post"><button type="submit">Acknowledge</button></form>' in text


async def test_the_button_acknowledges_for_the_person_who_was_mailed(door: Door) -> None:
    incident, page = await door.call_out()
    response = await door.client.post(path_to(door, page))
    assert response.status == 200
    assert "you acknowledged it" in await response.text()
    now = await door.desk.incident(incident)
    assert (now.acknowledged_by, now.acknowledged_via) == (door.desk.id_of("tim"), "e-mail link")
    assert await door.desk.running(incident) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_whatever_opens_the_link_before_a_person_does_changes_nothing(door: Door, method: str) -> None:
    incident, page = await door.call_out()
    before = await door.desk.entries(incident)
    for _ in range(3):
        response = await door.client.request(method, path_to(door, page))
        assert response.status == (200 if method in ("GET", "HEAD") else 405)
    assert await door.desk.entries(incident) == before
    assert not await is_acknowledged(door, incident)
    assert (await door.client.post(path_to(door, page))).status == 200


async def test_nothing_runs_in_the_page_and_nobody_keeps_it(door: Door) -> None:
    _, page = await door.call_out()
    response = await door.client.get(path_to(door, page))
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in await response.text()


async def test_a_title_cannot_write_into_the_page(door: Door) -> None:
    incident = await door.desk.declare('<script>alert(1)</script> see https://evil.example/x "><b>')
    page = (await door.desk.pages(incident))[0]
    text = await (await door.client.get(path_to(door, page))).text()
    assert "<script" not in text
    assert "evil.example" not in text
    assert not re.search(r"<b>|<a ", text)


async def test_a_second_press_and_a_later_look_say_who_was_first(door: Door) -> None:
    incident, page = await door.call_out()
    await door.client.post(path_to(door, page))
    for response in (await door.client.post(path_to(door, page)), await door.client.get(path_to(door, page))):
        assert response.status == 410
        text = await response.text()
        assert "acknowledged by Tim" in text
        assert "<form" not in text
    assert (await door.desk.entries(incident)).count(EntryKind.ACKNOWLEDGED) == 1


async def test_a_link_of_a_page_that_somebody_else_answered_says_so(door: Door) -> None:
    incident, page = await door.call_out()
    await door.desk.acknowledge(incident, "ana")
    response = await door.client.post(path_to(door, page))
    assert response.status == 410
    assert "acknowledged by Ana" in await response.text()
    assert (await door.desk.incident(incident)).acknowledged_by == door.desk.id_of("ana")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_is_over_after_a_day(door: Door, method: str) -> None:
    incident, page = await door.call_out()
    response = await door.client.request(method, path_to(door, page, ago=timedelta(hours=24)))
    assert response.status == 410
    assert "24 hours" in await response.text()
    assert not await is_acknowledged(door, incident)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_we_did_not_make_is_refused(door: Door, method: str) -> None:
    incident, page = await door.call_out()
    good = path_to(door, page)
    forged = [
        path_to(door, page, "j" * 32),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        f"/ack/{page.id}",
        "/ack/x",
        "/ack/%00",
        "/ack/1.1.1.ü",
    ]
    for path in forged:
        response = await door.client.request(method, path)
        assert response.status == 403
        assert "Not our link" in await response.text()
    assert not await is_acknowledged(door, incident)


async def test_a_link_to_a_page_that_is_not_there_is_no_link(door: Door) -> None:
    path = f"/ack/{links.sign(KEY, '01NOBODY', door.desk.clock.now())}"
    assert [(await door.client.get(path)).status, (await door.client.post(path)).status] == [403, 403]


async def test_somebody_whose_access_was_taken_is_told_so(door: Door) -> None:
    incident, page = await door.call_out()
    data = calling_by("email")
    data["people"]["tim"]["access"] = "viewer"
    await door.desk.activate(make_policy(**data))
    response = await door.client.post(path_to(door, page))
    assert response.status == 403
    assert "viewer" in await response.text()
    assert not await is_acknowledged(door, incident)
    await door.desk.activate(make_policy(**calling_by("email")))
    assert (await door.client.post(path_to(door, page))).status == 200, "the refusal spent nothing"


async def test_without_a_key_there_are_no_links(tmp_path: Path) -> None:
    async with open_door(tmp_path, "email", secret_key=None) as door:
        _, page = await door.call_out()
        for method in ("GET", "POST"):
            response = await door.client.request(method, path_to(door, page))
            assert response.status == 404
            assert "MUSTER_SECRET_KEY" in await response.text()
