"""What a reply from a phone does: to the right incident, once, and with a sentence that says so (B4, complaints 9, 16)."""

from __future__ import annotations

import pytest

from bot.domain.incidents import Incident
from bot.domain.pages import PageState
from bot.domain.timeline import EntryKind
from bot.services import resolutions
from bot.store import timeline
from tests.policies import ANA, BEN, TIM, make_policy, policy_data
from tests.services.desk import Desk


async def code_at(desk: Desk, incident: Incident, address: str) -> int:
    return next(page.code for page in reversed(await desk.pages(incident)) if page.address == address)


async def refusals(desk: Desk) -> list[str]:
    audit = await desk.read(lambda work: timeline.list_audit(work.tx, 20))
    return [entry.facts["why"] for entry in audit if entry.kind is EntryKind.REPLY_REFUSED]


@pytest.mark.parametrize("text", ["{}", " {} ", "ack {}", "{}a", "'{}'", "Ack", "{} a", "Ack {} ", "OK"])
async def test_a_reply_acknowledges_however_it_is_typed(desk: Desk, text: str) -> None:
    incident = await desk.declare()
    answer = await desk.reply(TIM, text.format(await code_at(desk, incident, TIM)))
    assert answer == "INC-1: you acknowledged it and the ringing has stopped. Post an update in its channel next."
    now = await desk.incident(incident)
    assert (now.owner_id, now.acknowledged_via) == (desk.id_of("tim"), "SMS")
    assert [page.state for page in await desk.pages(incident)] == [PageState.ANSWERED]
    assert await desk.running(incident) == []


async def test_a_reply_says_in_the_channel_who_and_by_which_road(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.reply(TIM, "ack")
    assert any("acknowledged by Tim by SMS" in text for text in await desk.said(incident))


async def test_the_code_says_which_of_two_incidents_and_a_bare_ack_asks(desk: Desk) -> None:
    first, second = await desk.declare("One", token="a"), await desk.declare("Two", token="b")
    codes = [await code_at(desk, incident, TIM) for incident in (first, second)]
    asked = await desk.reply(TIM, "ack")
    assert asked == f"Which one? Reply {codes[0]} for INC-1, {codes[1]} for INC-2."
    assert len(await desk.running(first)) == len(await desk.running(second)) == 1
    await desk.reply(TIM, str(codes[1]))
    assert [(await desk.incident(one)).acknowledged_at is None for one in (first, second)] == [True, False]
    assert "INC-1" in str(await desk.reply(TIM, "ack")), "one is left, so that a bare ack is clear again"


async def test_an_older_code_of_the_same_run_still_acknowledges(desk: Desk) -> None:
    incident = await desk.declare()
    first = await code_at(desk, incident, TIM)
    await desk.travel(minutes=2)
    assert await code_at(desk, incident, TIM) != first
    assert "you acknowledged it" in str(await desk.reply(TIM, str(first)))
    assert await desk.running(incident) == []


async def test_who_comes_second_is_told_who_was_first(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=4)
    await desk.reply(ANA, str(await code_at(desk, incident, ANA)))
    answer = await desk.reply(BEN, str(await code_at(desk, incident, BEN)))
    assert str(answer).startswith("INC-1 was acknowledged by Ana at 14:09 PT / 22:09 UTC.")
    assert (await desk.incident(incident)).owner_id == desk.id_of("ana")


async def test_the_same_reply_twice_has_one_effect(desk: Desk) -> None:
    incident = await desk.declare()
    code = str(await code_at(desk, incident, TIM))
    assert await desk.reply(TIM, code) == await desk.reply(TIM, code)
    assert (await desk.entries(incident)).count(EntryKind.ACKNOWLEDGED) == 1


@pytest.mark.parametrize("text", ["{}E", "{} e", "escalate {}", "e"])
async def test_e_rings_the_next_level_at_once_and_acknowledges_nothing(desk: Desk, text: str) -> None:
    incident = await desk.declare()
    answer = await desk.reply(TIM, text.format(await code_at(desk, incident, TIM)))
    assert "next level" in str(answer)
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]
    assert (await desk.incident(incident)).acknowledged_at is None


async def test_a_reply_after_the_resolution_does_nothing_and_says_so(desk: Desk) -> None:
    incident = await desk.declare()
    code = await code_at(desk, incident, TIM)
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    assert await desk.reply(TIM, str(code)) == "INC-1 is not waiting for an answer any more. You need not do anything."
    assert (await desk.incident(incident)).acknowledged_at is None


async def test_a_number_that_nobody_has_gets_silence_and_stands_in_the_audit(desk: Desk) -> None:
    incident = await desk.declare()
    code = await code_at(desk, incident, TIM)
    assert await desk.reply("+14155550199", str(code)) is None
    assert await refusals(desk) == ["unknown number"]
    assert len(await desk.running(incident)) == 1


async def test_who_was_not_paged_cannot_acknowledge_by_guessing_a_code(desk: Desk) -> None:
    incident = await desk.declare()
    answer = await desk.reply(BEN, str(await code_at(desk, incident, TIM)))
    assert "You were not paged" in str(answer)
    assert (await desk.incident(incident)).acknowledged_at is None
    assert await refusals(desk) == ["was not paged"]


@pytest.mark.parametrize(("text", "said"), [("what is it?", "Not understood"), ("98", "There is no page #98"), ("", "Not understood")])
async def test_a_reply_that_means_nothing_gets_the_sentence_that_helps(desk: Desk, text: str, said: str) -> None:
    incident = await desk.declare()
    assert said in str(await desk.reply(TIM, text))
    assert len(await desk.running(incident)) == 1


async def test_a_bare_ack_when_nothing_rings_any_more_says_so(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.acknowledge(incident, "ana")
    assert "Nothing is ringing for you" in str(await desk.reply(TIM, "ack"))


async def test_somebody_whose_access_was_taken_cannot_acknowledge_by_phone(desk: Desk) -> None:
    incident = await desk.declare()
    people = policy_data()["people"]
    people["tim"] = {**people["tim"], "access": "viewer"}
    await desk.activate(make_policy(people=people))
    answer = await desk.reply(TIM, str(await code_at(desk, incident, TIM)))
    assert "viewer" in str(answer)
    assert (await desk.incident(incident)).acknowledged_at is None
    assert len(await desk.running(incident)) == 1, "it goes on ringing"
    assert [page.state for page in await desk.pages(incident)] == [PageState.PENDING], "and the page waits for an answer still"
    await desk.activate(make_policy())
    assert "you acknowledged it" in str(await desk.reply(TIM, "ack"))


async def test_a_day_after_the_page_a_reply_is_one_of_somebody_who_was_not_paged(desk: Desk) -> None:
    incident = await desk.declare(severity="P0")
    await desk.acknowledge(incident, "ana")
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    await desk.travel(hours=24, minutes=1)
    assert "You were not paged" in str(await desk.reply(TIM, "ack"))


async def test_stop_and_start_are_answered_by_the_provider_and_not_by_us(desk: Desk) -> None:
    assert await desk.reply(TIM, "STOP") is None
    assert await desk.reply(TIM, "start") is None
    incident = await desk.declare()
    assert await desk.rung(incident) == [(0, "tim")]
