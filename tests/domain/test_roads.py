"""Roads to a person: in their own order, with their own delays, and never none where one is possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.access import Access
from bot.domain.people import Member
from bot.domain.policy import Person, RoadStep
from bot.domain.roads import address_of, instead_of, steps
from bot.domain.severity import Road

PHONE, EMAIL = "+14155550101", "tim@example.com"
ALL = (Road.WHATSAPP, Road.SMS, Road.VOICE, Road.EMAIL)


def member(**changes: Any) -> Member:
    values: dict[str, Any] = {
        "id": "p1", "key": "tim", "name": "Tim", "slack_user_id": "U0TIM", "phone": PHONE, "email": EMAIL,
        "access": Access.RESPONDER, "opted_out_at": None, "phone_verified_at": None,
    }  # fmt: skip
    return Member(**values | changes)


def wished(*names: Any) -> tuple[RoadStep, ...]:
    return tuple(RoadStep.model_validate(name) for name in names)


def taken(*found: Any) -> list[tuple[str, int]]:
    return [(step.road.value, int(step.after.total_seconds())) for step in found]


def test_somebody_without_wishes_is_called_by_every_road_of_the_severity_at_once() -> None:
    assert taken(*steps(member(), (Road.WHATSAPP, Road.SMS), ())) == [("whatsapp", 0), ("sms", 0)]


def test_wishes_give_the_order_and_the_delays() -> None:
    found = steps(member(), ALL, wished("sms", {"voice": "1m"}, {"email": "90s"}))
    assert taken(*found) == [("sms", 0), ("voice", 60), ("email", 90)]
    assert [step.address for step in found] == [PHONE, PHONE, EMAIL]


def test_the_first_road_that_is_left_is_taken_at_once() -> None:
    stopped = member(opted_out_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert taken(*steps(stopped, ALL, wished("sms", {"voice": "1m"}, {"email": "3m"}))) == [("voice", 0), ("email", 120)]


def test_wishes_that_leave_nothing_possible_give_way_to_what_is() -> None:
    assert taken(*steps(member(email=None), (Road.SMS,), wished({"voice": "1m"}))) == [("sms", 0)]


def test_nobody_is_called_by_a_road_that_leads_nowhere() -> None:
    assert steps(member(phone=None, email=None), ALL, ()) == ()
    assert steps(member(phone=None), (Road.SMS, Road.VOICE), ()) == ()


@pytest.mark.parametrize("road", [Road.SMS, Road.WHATSAPP])
def test_stop_closes_the_roads_that_text_and_no_other(road: Road) -> None:
    stopped = member(opted_out_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert address_of(stopped, road) is None
    assert address_of(stopped, Road.VOICE) == PHONE


def test_sms_stands_in_for_whatsapp_by_itself() -> None:
    planned = steps(member(), (Road.WHATSAPP,), ())
    found = instead_of(Road.WHATSAPP, member(), planned, {Road.WHATSAPP})
    assert found is not None and taken(found) == [("sms", 0)]
    assert instead_of(Road.WHATSAPP, member(), planned, {Road.WHATSAPP, Road.SMS}) is None


def test_the_next_road_of_the_plan_comes_before_any_substitute() -> None:
    planned = steps(member(), ALL, wished("whatsapp", {"email": "5m"}))
    found = instead_of(Road.WHATSAPP, member(), planned, {Road.WHATSAPP})
    assert found is not None and found.road is Road.EMAIL and found.after == timedelta(minutes=5)


def test_a_road_without_its_address_is_refused_by_the_policy() -> None:
    with pytest.raises(ValueError, match="email"):
        Person(name="Tim", phone=PHONE, roads=wished("email"))
