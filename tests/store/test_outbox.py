"""The outbox: order, leases, fencing, gates; on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.outbox import Kind, MessageState, OutboxMessage
from bot.store import outbox
from bot.store.database import Database

LEASE = timedelta(seconds=30)
GONE = timedelta(seconds=-1)


async def add(database: Database, kind: Kind = Kind.POST, lane: str = "a", **more: Any) -> str:
    async with database.transaction() as tx:
        return await outbox.add_message(tx, kind, {"text": "x"}, lane=lane, created_at=database.clock.now(), **more)


async def claim(database: Database, *, pages: bool = False, lease: timedelta = LEASE, limit: int = 10) -> list[OutboxMessage]:
    async with database.transaction() as tx:
        return await outbox.claim_due(tx, "me", lease, limit, pages=pages)


async def sent(database: Database, message: OutboxMessage) -> bool:
    async with database.transaction() as tx:
        return await outbox.mark_sent(tx, message, "1.1", database.clock.now())


async def test_messages_of_a_lane_are_sent_in_the_order_they_were_said(database: Database) -> None:
    first, second = await add(database, ordered=True), await add(database, ordered=True)
    other = await add(database, lane="b", ordered=True)
    claimed = await claim(database)
    assert {message.id for message in claimed} == {first, other}
    assert await sent(database, next(message for message in claimed if message.id == first))
    assert [message.id for message in await claim(database)] == [second]


async def test_what_is_added_behind_one_that_was_never_sent_is_given_up_with_all_that_waits_for_it(database: Database) -> None:
    lost = await add(database, Kind.CHANNEL)
    async with database.transaction() as tx:
        await outbox.mark_dead(tx, lost, "the channel cannot be made", database.clock.now())
        about: outbox.About = {"lane": "a", "created_at": database.clock.now()}
        card: outbox.New = (Kind.CARD, {}, {**about, "id": "card", "after_id": lost})
        pin: outbox.New = (Kind.PIN, {}, {**about, "id": "pin", "after_id": "card"})
        alone: outbox.New = (Kind.POST, {"text": "x"}, {**about, "id": "alone"})
        await outbox.add_messages(tx, [card, pin, alone])
    async with database.reading() as tx:
        dead = {message.id: reason for message, reason in await outbox.list_dead(tx, 10)}
    assert dead.keys() == {lost, "card", "pin"} and dead["pin"] == "waits for slack.card, which was not sent"
    assert [message.id for message in await claim(database)] == ["alone"]


async def test_pages_have_a_lane_of_their_own(database: Database) -> None:
    for _ in range(20):
        await add(database)
    page = await add(database, Kind.SMS)
    assert [message.id for message in await claim(database, pages=True)] == [page]
    assert page not in {message.id for message in await claim(database, limit=50)}


async def test_a_message_waits_for_the_one_it_needs_and_for_nothing_else(database: Database) -> None:
    needed = await add(database, Kind.CHANNEL)
    waiting = await add(database, after_id=needed)
    free = await add(database, lane="b")
    claimed = await claim(database)
    assert {message.id for message in claimed} == {needed, free}
    await sent(database, next(message for message in claimed if message.id == needed))
    assert [message.id for message in await claim(database)] == [waiting]


async def test_what_needs_a_message_that_is_dead_is_dead_and_what_does_not_need_it_goes_on(database: Database) -> None:
    needed = await add(database, Kind.CHANNEL)
    (claimed,) = await claim(database)
    async with database.transaction() as tx:
        await outbox.mark_ended(tx, claimed, MessageState.DEAD, "refused", database.clock.now())
    await add(database, after_id=needed)
    free = await add(database, after_id=needed, needs_success=False)
    assert [message.id for message in await claim(database)] == [free]
    async with database.reading() as tx:
        assert len(await outbox.list_dead(tx, 10)) == 2


async def test_an_expired_lease_makes_the_message_due_again_with_a_new_token_and_in_doubt(database: Database) -> None:
    await add(database)
    (first,) = await claim(database, lease=GONE)
    (second,) = await claim(database)
    assert (second.token, second.attempts, second.ambiguous) == (first.token + 1, 2, True)
    assert await claim(database) == []


async def test_who_holds_an_old_token_can_neither_send_nor_record(database: Database) -> None:
    await add(database)
    (first,) = await claim(database, lease=GONE)
    (second,) = await claim(database)
    async with database.transaction() as tx:
        assert await outbox.confirm(tx, [first], LEASE) == set()
        assert await outbox.confirm(tx, [first, second], LEASE) == {second.id}
    assert not await sent(database, first)
    assert await sent(database, second)


async def test_who_slept_past_the_lease_may_not_send_although_nobody_else_has_come(database: Database) -> None:
    await add(database)
    (message,) = await claim(database, lease=GONE)
    async with database.transaction() as tx:
        assert await outbox.confirm(tx, [message], LEASE) == set()


async def test_a_gate_holds_back_its_lane_and_no_other(database: Database) -> None:
    await add(database, lane="a")
    other = await add(database, lane="b")
    async with database.transaction() as tx:
        await outbox.close_gate(tx, "slack:chat.postMessage:a", LEASE, "asked to wait")
        await outbox.close_gate(tx, "slack:chat.postMessage:a", GONE, "a shorter one does not open it")
    assert [message.id for message in await claim(database)] == [other]
    async with database.transaction() as tx:
        await outbox.close_gate(tx, "slack", LEASE, "the token is refused")
    await add(database, lane="c")
    assert await claim(database) == []


async def test_a_newer_word_takes_an_unsent_older_one_back(database: Database) -> None:
    await add(database, Kind.CARD_EDIT, replace_key="card")
    newest = await add(database, Kind.CARD_EDIT, replace_key="card")
    assert [message.id for message in await claim(database)] == [newest]


async def test_a_message_put_back_waits_for_its_backoff(database: Database) -> None:
    await add(database)
    (message,) = await claim(database)
    async with database.transaction() as tx:
        assert await outbox.mark_again(tx, message, LEASE, "failed", ambiguous=True)
    assert await claim(database) == []


async def test_leases_of_a_dead_process_are_taken_back_at_the_start(database: Database) -> None:
    await add(database)
    await claim(database)
    async with database.transaction() as tx:
        assert await outbox.expire_leases(tx) == 1
    assert len(await claim(database)) == 1


async def test_a_claim_never_takes_more_than_it_asked_for_however_the_database_plans_it(database: Database) -> None:
    for place in range(6):
        await add(database, lane=f"lane {place}")
    async with database.transaction() as tx:
        if not database.is_sqlite:
            for plan in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                await tx.connection.exec_driver_sql(f"SET LOCAL enable_{plan} = off")
        claimed = await outbox.claim_due(tx, "me", LEASE, 2, pages=False)
    assert len(claimed) == 2


async def test_claimers_that_race_never_share_a_message(database: Database) -> None:
    for _ in range(40):
        await add(database)
    claimed = await asyncio.gather(*(claim(database, limit=10) for _ in range(8)))
    identities = [message.id for batch in claimed for message in batch]
    assert len(identities) == len(set(identities))
    rest = await claim(database, limit=100)
    assert len(identities) + len(rest) == 40


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_kind_of_message_can_be_claimed(database: Database, kind: Kind) -> None:
    identity = await add(database, kind)
    assert [m.id for m in [*await claim(database), *await claim(database, pages=True)]] == [identity]
