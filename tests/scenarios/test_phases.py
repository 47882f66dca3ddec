"""The phases of an organisation's own response: entered, followed by the status, ended by the watch (S5, G3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.messages import actions
from tests.house import SECRETS, House, open_house
from tests.policies import make_policy
from tests.scenarios.responders import CHANNEL, card, declare, do, errors, form, initial, press, shown, submit

PHASES = [
    {"name": "Detect", "status": "Investigating"},
    {"name": "Diagnose", "status": "Investigating"},
    {"name": "Stabilize", "status": "Mitigating", "meaning": "Roll back or fail over"},
    {"name": "Resolve", "status": "Monitoring"},
    {"name": "Verify recovery", "status": "Resolved"},
    {"name": "Learn", "status": "Resolved"},
]


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, make_policy(phases=PHASES, verification={"watch": "1h"}), socket_mode=request.param) as opened:
        yield opened


def phase_on_card(house: House) -> str:
    return shown(card(house, CHANNEL)).partition("Phase: ")[2].partition('"')[0]


async def test_an_incident_begins_in_the_first_phase_and_says_so_on_a_line_of_its_own(house: House) -> None:
    await declare(house)
    post = card(house, CHANNEL)
    assert post.text.splitlines()[1] == "Status: Investigating"
    assert "Phase" not in post.text, "the status post stays to the letter"
    assert phase_on_card(house) == "Detect"
    assert (await house.show("INC-1"))["phase"] == "Detect"
    assert "Muster began the phase Detect" in await do(house, "timeline")


async def test_a_phase_takes_the_status_with_it(house: House) -> None:
    await declare(house)
    answer = await do(house, "phase stabilize")
    assert "INC-1 is in the phase Stabilize (Mitigating)" in answer
    assert phase_on_card(house) == "Stabilize"
    assert "Status: Mitigating" in card(house).text
    shown_now = await house.show("INC-1")
    assert shown_now["mitigated_at"] is not None
    assert next(one for one in shown_now["promises"] if one["clock"] == "mitigate")["kept_at"] is not None
    assert next(one for one in shown_now["promises"] if one["clock"] == "update")["kept_at"] is None, "a phase is no update"
    assert any("Ana moved INC-1 to Stabilize, after Detect. Status: Mitigating.\nRoll back" in text for text in house.said(CHANNEL))
    timeline = await do(house, "timeline")
    assert "Ana began the phase Stabilize, after Detect" in timeline
    assert "Ana changed the status from Investigating to Mitigating" in timeline


async def test_a_phase_of_the_same_status_changes_nothing_but_the_phase(house: House) -> None:
    await declare(house)
    await do(house, "phase Diagnose")
    assert (phase_on_card(house), (await house.show("INC-1"))["status"]) == ("Diagnose", "Investigating")
    before = len(house.said(CHANNEL))
    await do(house, "phase diagnose")
    assert len(house.said(CHANNEL)) == before, "entered again it is said no second time"


async def test_a_status_takes_the_phase_with_it(house: House) -> None:
    await declare(house)
    await do(house, "update monitoring: rolled back")
    assert phase_on_card(house) == "Resolve"
    assert "Ana began the phase Resolve, after Detect" in await do(house, "timeline")


async def test_the_form_of_an_update_offers_the_phases(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    assert initial(view, "phase")["value"] == "Detect"
    assert "Verify recovery" not in shown(view)
    answer = await submit(house, "U0ANA", view, phase="Stabilize", text="Failing over")
    assert answer.body is None
    assert (phase_on_card(house), (await house.show("INC-1"))["status"]) == ("Stabilize", "Mitigating")


async def test_a_form_whose_phase_was_left_alone_takes_nothing_back(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    await do(house, "phase stabilize", user="U0BEN")
    assert (await submit(house, "U0ANA", view, text="Still looking")).body is None
    assert (phase_on_card(house), (await house.show("INC-1"))["status"]) == ("Stabilize", "Mitigating")


async def test_a_form_with_a_phase_of_an_incident_that_is_resolved_meanwhile_says_so(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    await do(house, "resolve", user="U0BEN")
    assert "This incident is resolved." in str(errors(await submit(house, "U0ANA", view, phase="Stabilize", text="Failing over")))
    assert phase_on_card(house) == "Verify recovery"


async def test_the_phase_of_the_verification_ends_with_the_watch(house: House) -> None:
    await declare(house)
    await do(house, "resolve rolled back")
    assert phase_on_card(house) == "Verify recovery"
    await house.travel(minutes=60)
    assert phase_on_card(house) == "Learn"
    await do(house, "reopen it is back")
    assert phase_on_card(house) == "Detect"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("phase nowhere", "Name one of the phases: Detect, Diagnose, Stabilize, Resolve, Verify recovery, Learn."),
        ("phase learn", "Learn begins with the resolution; use `/incident resolve`."),
        ("phase", "INC-1 is in the phase Detect (Investigating). Phases: *Detect*, Diagnose"),
    ],
)
async def test_what_cannot_be_entered_says_what_can(house: House, typed: str, expected: str) -> None:
    await declare(house)
    assert expected in await do(house, typed)
    assert phase_on_card(house) == "Detect"


async def test_a_viewer_reads_the_phases_and_enters_none(house: House) -> None:
    await declare(house)
    assert "is in the phase Detect" in await do(house, "phase", user="U0VIC")
    assert "which cannot change incidents" in await do(house, "phase stabilize", user="U0VIC")
    assert phase_on_card(house) == "Detect"


async def test_the_api_enters_a_phase_and_says_why_it_does_not(house: House) -> None:
    await declare(house)
    assert await _api(house, "Stabilize") == (200, "Mitigating")
    assert await _api(house, "Verify recovery") == (409, "invalid_transition")
    await do(house, "resolve")
    assert await _api(house, "Stabilize") == (409, "invalid_transition")


async def _api(house: House, phase: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
    async with house.http.post(f"{house.bot.url}/api/v1/incidents/INC-1/phase", json={"phase": phase}, headers=headers) as response:
        body = await response.json()
    await house.settle()
    return response.status, body.get("status") or body.get("code")


async def test_a_policy_without_phases_says_so(database_url: str) -> None:
    async with open_house(database_url) as house:
        await declare(house)
        assert "The policy of this incident names no phases." in await do(house, "phase stabilize")
        assert "Phase" not in shown(card(house))
