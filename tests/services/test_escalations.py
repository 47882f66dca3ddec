"""The chain: who is rung when, what is passed over at once, and what makes it move on (B4, complaints 5, 6, 22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.incidents import Incident, Purpose
from bot.domain.outbox import Receipt
from bot.domain.pages import Page, PageState
from bot.domain.timeline import EntryKind
from bot.errors import SendError
from bot.services import deliveries, replies
from tests.policies import ANA, BEN, TIM, make_policy, policy_data
from tests.services.desk import LEASE, Desk, open_desk

NOBODY = [{"who": ["vic"], "delay": "2m"}, {"who": ["vic"], "delay": "2m"}]


def without_clocks(**changes: Any) -> dict[str, Any]:
    """A P0 that rings but owes nothing, so that only the chain moves."""
    severities = [{**severity, "clocks": {}} for severity in policy_data()["severities"]]
    return {"severities": severities} | changes


async def state_of(desk: Desk, incident: Incident, place: int = 0) -> PageState:
    return (await desk.pages(incident))[place].state


async def test_the_chain_is_rung_level_by_level_and_begins_again_loudly(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=11)
    assert await desk.rung(incident) == [
        (0, "tim"),
        (2, "tim"),
        (4, "ana"),
        (4, "ben"),
        (6, "tim"),
        (8, "tim"),
        (10, "ana"),
        (10, "ben"),
    ]
    assert (await desk.entries(incident)).count(EntryKind.CHAIN_EXHAUSTED) == 1
    for purpose in Purpose:
        assert any("NOBODY HAS ANSWERED" in text for text in await desk.said(incident, purpose))


async def test_a_level_in_which_nobody_can_be_reached_is_passed_over_at_once(database_url: str) -> None:
    chain = [{"who": ["vic"], "delay": "9m"}, {"who": ["vic"], "delay": "9m"}, {"who": ["ana"], "delay": "2m"}]
    async with open_desk(database_url, make_policy(chain=chain)) as desk:
        incident = await desk.declare()
        assert await desk.rung(incident) == [(0, "ana")]
        assert (await desk.entries(incident)).count(EntryKind.LEVEL_SKIPPED) == 2
        assert any("level 2 was passed over" in text for text in await desk.said(incident))


async def test_a_chain_in_which_nobody_can_be_reached_says_so_and_is_tried_again_after_a_pause(database_url: str) -> None:
    async with open_desk(database_url, make_policy(**without_clocks(chain=NOBODY))) as desk:
        incident = await desk.declare()
        for rounds in (1, 2, 3):
            assert (await desk.entries(incident)).count(EntryKind.CHAIN_EXHAUSTED) == rounds
            assert await desk.armed(incident) == ["ring"]
            await desk.travel(minutes=5)
        assert await desk.pages(incident) == []


async def test_somebody_who_can_be_reached_again_is_rung_in_the_next_round(database_url: str) -> None:
    async with open_desk(database_url, make_policy(**without_clocks(chain=[{"who": ["tim"], "delay": "2m"}]))) as desk:
        await desk.reply(TIM, "STOP")
        incident = await desk.declare()
        assert await desk.rung(incident) == []
        await desk.reply(TIM, "START")
        await desk.travel(minutes=5)
        assert await desk.rung(incident) == [(5, "tim")]


async def test_who_wrote_stop_is_passed_over_and_the_others_of_the_level_are_rung(desk: Desk) -> None:
    await desk.reply(ANA, "STOP")
    incident = await desk.declare()
    await desk.travel(minutes=4)
    assert await desk.rung(incident) == [(0, "tim"), (2, "tim"), (4, "ben")]


async def test_stop_while_it_rings_moves_on_at_once(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.send_pages()
    await desk.reply(TIM, "STOP")
    assert await state_of(desk, incident) is PageState.FAILED
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]


async def test_a_page_that_was_not_delivered_moves_on_at_once_and_is_said(desk: Desk) -> None:
    incident = await desk.declare()
    assert await desk.send_pages() == [TIM]
    await desk.receipt((await desk.pages(incident))[0], "undelivered", "30003")
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]
    assert any("30003" in text for text in await desk.said(incident))
    await desk.travel(minutes=1, seconds=59)
    assert len(await desk.pages(incident)) == 3, "the new level has its whole delay, the old timer is gone"


async def test_one_of_two_who_cannot_be_reached_leaves_the_other_the_time_to_answer(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=4)
    await desk.send_pages()
    failed, other = (await desk.pages(incident))[2:]
    await desk.receipt(failed, "failed", "30005")
    assert len(await desk.pages(incident)) == 4
    await desk.receipt(other, "undelivered", "30005")
    assert (await desk.entries(incident)).count(EntryKind.CHAIN_EXHAUSTED) == 1
    assert len(await desk.pages(incident)) == 4, "a new round waits, so that dead numbers are not rung without end"
    await desk.travel(minutes=5)
    assert len(await desk.pages(incident)) == 5


async def test_a_page_that_the_provider_refuses_for_good_moves_on_at_once(desk: Desk) -> None:
    incident = await desk.declare()
    (message,) = await desk.claim()
    await desk.run(deliveries.fail, message, SendError("not a mobile number", code="21614", permanent=True), 0.0)
    assert await state_of(desk, incident) is PageState.FAILED
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]


async def test_a_page_that_fails_for_a_while_is_tried_again_and_does_not_move_on(desk: Desk) -> None:
    incident = await desk.declare()
    (message,) = await desk.claim()
    await desk.run(deliveries.fail, message, SendError("no answer", ambiguous=True), 0.0)
    assert await state_of(desk, incident) is PageState.PENDING
    await desk.run(deliveries.fail, replace(message, attempts=8), SendError("no answer"), 0.0)
    assert await state_of(desk, incident) is PageState.PENDING, "who lost the claim records nothing"


async def test_receipts_may_come_in_any_order_and_never_lead_back(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.send_pages()
    (page,) = await desk.pages(incident)
    await desk.receipt(page, "delivered")
    for word in ("sent", "queued", "delivered", "a word of tomorrow"):
        await desk.receipt(page, word)
    assert await state_of(desk, incident) is PageState.DELIVERED
    assert (await desk.entries(incident)).count(EntryKind.PAGE_DELIVERED) == 1
    await desk.acknowledge(incident, "tim")
    await desk.receipt(page, "undelivered", "30003")
    assert await state_of(desk, incident) is PageState.STOPPED
    assert len(await desk.pages(incident)) == 1, "an incident that was acknowledged rings nobody"


async def test_a_receipt_that_comes_before_we_recorded_the_sending_is_matched_later(desk: Desk) -> None:
    incident = await desk.declare()
    (message,) = await desk.claim()
    await desk.run(deliveries.prepare, [message], LEASE)
    await desk.run(replies.receive_receipt, "SM-early", "undelivered", "30003")
    assert len(await desk.pages(incident)) == 1
    await desk.run(deliveries.record, message, Receipt("SM-early", {}))
    assert await state_of(desk, incident) is PageState.FAILED
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]


async def test_several_incidents_ring_one_phone_with_codes_of_their_own(desk: Desk) -> None:
    opened = [await desk.declare(f"Trouble {n}", token=f"t{n}") for n in range(3)]
    await desk.travel(minutes=2)
    pages: list[Page] = [page for incident in opened for page in await desk.pages(incident)]
    assert len(pages) == len({page.code for page in pages}) == 6
    assert sorted(await desk.send_pages()) == [TIM] * 6


async def test_people_are_rung_as_the_incidents_own_policy_says_whatever_is_in_force_now(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.activate(make_policy(chain=[{"who": ["ben"], "delay": "1m"}]))
    await desk.travel(minutes=4)
    assert await desk.rung(incident) == [(0, "tim"), (2, "tim"), (4, "ana"), (4, "ben")]


async def test_nobody_is_rung_any_more_by_a_number_that_left_the_policy(desk: Desk) -> None:
    incident = await desk.declare()
    people = policy_data()["people"]
    people["ana"] = {**people["ana"], "phone": "+14155550110"}
    await desk.activate(make_policy(people=people))
    await desk.travel(minutes=4)
    assert sorted(page.address for page in (await desk.pages(incident))[2:]) == sorted(["+14155550110", BEN])


async def test_the_delay_is_counted_from_the_ring_that_fired_late(desk: Desk) -> None:
    incident = await desk.declare()
    desk.clock.advance(timedelta(minutes=4, seconds=30))
    await desk.tick()
    await desk.travel(minutes=1)
    assert await desk.rung(incident) == [(0, "tim"), (4.5, "tim")]
