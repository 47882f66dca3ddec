"""The order of a person's roads, with their delays: the next one is taken in time, at once after a failure, never after an answer (C5)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.policies import ANA, TIM
from tests.scenarios.roads import CHANNEL, assert_acknowledged, called, calling, ring

ALL = ("sms", "whatsapp", "voice", "email")
STEPS = ["whatsapp", {"sms": "30s"}, {"voice": "1m"}]


@pytest.fixture
async def patient(database_url: str) -> AsyncIterator[House]:
    """A house where Tim wishes for WhatsApp, a text half a minute later, and a call after a whole one."""
    async with calling(database_url, *ALL, wishes={"tim": STEPS, "ana": ["sms"], "ben": ["email"]}) as house:
        yield house


async def test_each_road_is_taken_when_its_delay_is_over(patient: House) -> None:
    await ring(patient)
    assert called(patient, "tim") == ["whatsapp"]
    await patient.travel(seconds=29)
    assert called(patient, "tim") == ["whatsapp"]
    await patient.travel(seconds=1)
    assert called(patient, "tim") == ["sms", "whatsapp"]
    await patient.travel(seconds=30)
    assert called(patient, "tim") == ["sms", "voice", "whatsapp"]
    assert [text for text in patient.said(CHANNEL) if "ringing Tim by voice call (level 1)" in text]
    assert len(patient.said("U0TIM")) == 1, "in Slack a person is told once a ring"


async def test_the_second_ring_takes_the_same_roads_in_the_same_order(patient: House) -> None:
    patient.sandbox.phones.behave(TIM, "human", channel="voice")
    await ring(patient)
    await patient.travel(minutes=2)
    assert called(patient, "tim") == ["sms", "voice", "whatsapp", "whatsapp"]
    await patient.travel(seconds=30)
    assert called(patient, "tim") == ["sms", "sms", "voice", "whatsapp", "whatsapp"]


async def test_who_answers_in_time_is_never_rung_by_the_later_road(patient: House) -> None:
    await ring(patient)
    await patient.travel(seconds=45)
    await patient.sandbox.phones.reply(TIM, "ack")
    await assert_acknowledged(patient, "SMS")
    await patient.travel(minutes=10)
    assert called(patient, "tim") == ["sms", "whatsapp"]
    assert patient.sandbox.phones.calls == []


async def test_a_road_that_fails_is_replaced_by_the_next_at_once_and_that_one_is_not_taken_twice(patient: House) -> None:
    patient.sandbox.phones.behave(TIM, "undelivered", 63024, channel="whatsapp")
    await ring(patient)
    assert called(patient, "tim") == ["sms", "whatsapp"]
    assert any("did not arrive" in text and "63024" in text for text in patient.said(CHANNEL))
    await patient.travel(seconds=59)
    assert called(patient, "tim") == ["sms", "whatsapp"]
    await patient.travel(seconds=1)
    assert called(patient, "tim") == ["sms", "voice", "whatsapp"]


async def test_when_every_road_has_failed_the_next_person_is_called_at_once(patient: House) -> None:
    phones = patient.sandbox.phones
    phones.behave(TIM, "undelivered", 30005)
    phones.behave(TIM, "failed", channel="voice")
    await ring(patient)
    assert called(patient, "tim") == ["sms", "voice", "whatsapp"]
    assert [called(patient, key) for key in ("ana", "ben")] == [["sms"], ["email"]]


async def test_each_of_a_level_is_called_as_they_wish(patient: House) -> None:
    await ring(patient)
    await patient.travel(minutes=4)
    assert [called(patient, key) for key in ("ana", "ben")] == [["sms"], ["email"]]


async def test_a_severity_rules_out_the_roads_that_it_does_not_name(database_url: str) -> None:
    async with calling(database_url, "sms", "email", wishes={"tim": ["voice", {"email": "1m"}]}) as house:
        await ring(house)
        assert called(house, "tim") == ["email"], "the first road that is allowed is taken at once"


async def test_wishes_that_cannot_be_fulfilled_give_way_to_what_is_possible(database_url: str) -> None:
    async with calling(database_url, "sms", wishes={"tim": ["voice"]}) as house:
        await ring(house)
        assert called(house, "tim") == ["sms"]


async def test_a_level_may_have_roads_of_its_own(database_url: str) -> None:
    chain = [{"who": ["tim"], "delay": "1m", "roads": ["email"]}, {"who": ["ana"], "delay": "1m", "roads": ["voice", "sms"]}]
    async with calling(database_url, "sms", "voice", "email", chain=chain) as house:
        await ring(house)
        assert (called(house, "tim"), called(house, "ana")) == (["email"], [])
        await house.travel(minutes=1)
        assert (called(house, "tim"), called(house, "ana")) == (["email"], ["sms", "voice"])


async def test_a_level_whose_roads_the_severity_does_not_name_is_passed_over_and_said(database_url: str) -> None:
    chain = [{"who": ["tim"], "delay": "1m", "roads": ["voice"]}, {"who": ["ana"], "delay": "1m"}]
    async with calling(database_url, "sms", chain=chain) as house:
        await ring(house)
        assert (called(house, "tim"), called(house, "ana")) == ([], ["sms"])
        assert any("level 1 was passed over at once: the severity names no road for it" in text for text in house.said(CHANNEL))


async def test_a_delay_that_is_longer_than_the_ring_waits_for_no_road_of_the_ring_before(database_url: str) -> None:
    async with calling(database_url, "sms", "email", wishes={"tim": ["sms", {"email": "10m"}]}) as house:
        await ring(house)
        await house.travel(minutes=5)
        assert called(house, "tim") == ["sms", "sms"]
        assert house.texts(ANA), "the chain has gone on"
