"""Refused requests that are many are told of once, for as long as they go on (W6)."""

from __future__ import annotations

from bot.domain.alert import Disposition
from bot.domain.security import Suspect, Suspicion
from bot.services import security
from tests.services.desk import Desk
from tests.services.own_alerts import Told, rows, told

MALLORY = Suspect(Suspicion.ADDRESS, "203.0.113.9")
FORGED = Suspect(Suspicion.SIGNATURE, "prometheus")


async def test_an_address_and_a_source_are_alerts_of_their_own(desk: Desk) -> None:
    await desk.run(security.note, [MALLORY, FORGED])
    assert await told(desk) == [Told("security:address:203.0.113.9", 0, None), Told("security:signature:prometheus", 0, None)]
    address, source = await rows(desk)
    assert address.title == "At least 20 requests within 5 min were refused from 203.0.113.9"
    assert source.title == "At least 20 requests within 5 min in the name of prometheus with a wrong secret or signature"
    assert (address.labels, source.labels) == (
        {"signal": "security", "address": "203.0.113.9"},
        {"signal": "security", "of": "prometheus"},
    )
    assert {address.disposition, source.disposition} == {Disposition.INBOX}


async def test_it_is_said_once_for_as_long_as_it_goes_on_and_ends_after_quiet(desk: Desk) -> None:
    for _ in range(4):
        await desk.run(security.note, [MALLORY])
        await desk.travel(minutes=9)
    assert await told(desk) == [Told("security:address:203.0.113.9", 0, None)]
    await desk.travel(minutes=9)
    assert await told(desk) == [Told("security:address:203.0.113.9", 0, 37)]


async def test_who_comes_back_is_told_of_again(desk: Desk) -> None:
    await desk.run(security.note, [MALLORY])
    await desk.travel(minutes=30)
    await desk.run(security.note, [MALLORY])
    assert await told(desk) == [Told("security:address:203.0.113.9", 0, 10), Told("security:address:203.0.113.9", 30, None)]


async def test_whoever_has_many_addresses_gets_one_alert_for_all_the_others(desk: Desk) -> None:
    crowd = [Suspect(Suspicion.ADDRESS, f"198.51.100.{number}") for number in range(60)]
    for suspect in crowd:
        await desk.run(security.note, [suspect])
    said = [one.fingerprint for one in await told(desk)]
    assert len(said) == security.AT_ONCE + 1
    assert "security:address:others" in said
    assert (await rows(desk))[-1].title == "At least 20 requests within 5 min were refused from many more addresses"
