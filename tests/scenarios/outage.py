"""What scenarios of a bad day share: an incident, its channels, and real time that passes without being waited for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.outbox import LIVE_STATES, Kind, OutboxMessage
from bot.sandbox.workspace import Channel, Message
from bot.services.work import UnitOfWork
from bot.store.rows import as_noun
from bot.store.tables import outbox, rate_gates
from tests.house import House, alert

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"
NEXT_CHANNEL = f"{CHANNEL}-2"
BOT = "U0MUSTER"
OUTWARD = pytest.mark.parametrize("house", [False], ids=["http"], indirect=True)
"""For what the bot says to Slack alone: by which road Slack speaks to the bot makes no difference there."""


async def open_incident(house: House) -> Channel:
    """The channel of a fresh P0 that Ana has acknowledged, with everything in it."""
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.slack.command("U0ANA", "ack", channel=CHANNEL)
    await house.settle()
    return house.sandbox.slack.channel(CHANNEL)


async def update(house: House, text: str, channel: str = CHANNEL) -> None:
    """Has Ana write a status update."""
    answer = await house.sandbox.slack.command("U0ANA", f"update {text}", channel=channel)
    assert answer.status == 200


async def pass_real_time(house: House, **span: float) -> None:
    """Makes what waits in real time, by backoff or at a gate, due so much sooner, and lets the bot do it."""
    passed = timedelta(**span)

    async def shift(work: UnitOfWork) -> None:
        live = outbox.c.state.in_([state.value for state in LIVE_STATES])
        for row in (await work.tx.run(work.tx.select(outbox, live))).mappings().all():
            values = {"due_real_at": row["due_real_at"] - passed}
            await work.tx.run(work.tx.update(outbox, outbox.c.id == row["id"]).values(**values))
        for row in (await work.tx.run(work.tx.select(rate_gates))).mappings().all():
            values = {"closed_until": row["closed_until"] - passed}
            await work.tx.run(work.tx.update(rate_gates, rate_gates.c.key == row["key"]).values(**values))

    await house.settle()
    await house.bot.services.run(shift)
    for lane in ("outbox", "pages"):
        house.bot.database.wakes.set(lane)
    await house.settle()


async def waiting(house: House) -> list[OutboxMessage]:
    """What is in the outbox and not over: nothing may wait for ever."""

    async def look(work: UnitOfWork) -> list[OutboxMessage]:
        live = outbox.c.state.in_([state.value for state in LIVE_STATES])
        rows = await work.tx.run(work.tx.select(outbox, live).order_by(outbox.c.id))
        return [as_noun(OutboxMessage, row) for row in rows.mappings()]

    return await house.bot.services.read(look)


async def failures(house: House, kind: Kind | None = None) -> list[str]:
    """Why messages were given up."""

    async def look(work: UnitOfWork) -> list[str]:
        found = select(outbox.c.last_error).where(work.tx.within(outbox), outbox.c.state == "dead").order_by(outbox.c.id)
        wanted = found if kind is None else found.where(outbox.c.kind == kind.value)
        return [str(error) for error in (await work.tx.connection.execute(wanted)).scalars()]

    return await house.bot.services.read(look)


def incident_channels(house: House) -> list[str]:
    """The names of the incident channels in the workspace, the oldest first."""
    return [channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]


def cards(channel: Channel) -> list[Message]:
    """The status cards that stand in a channel."""
    return [message for message in channel.messages if message.text.startswith("[P0]") and "Acknowledge" in str(message.blocks)]


def complete(channel: Channel) -> bool:
    """Whether the status card stands in the channel once, pinned and bookmarked."""
    found = cards(channel)
    titles = [bookmark["title"] for bookmark in channel.bookmarks]
    return len(found) == 1 and channel.pins == [found[0].ts] and titles == ["Status card"]


def places(texts: Sequence[str], *words: str) -> list[int]:
    """Where each of these words is said; fails unless each is said exactly once."""
    found = [[place for place, text in enumerate(texts) if word in text] for word in words]
    assert [len(one) for one in found] == [1] * len(words), (words, list(texts))
    return [one[0] for one in found]


def requests(house: House, *names: str, peer: str = "slack") -> list[str]:
    """The names of the requests that the bot made to a peer, of these methods or of all."""
    return [one.name for one in house.sandbox.requests if one.peer == peer and (not names or one.name in names)]
