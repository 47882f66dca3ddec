"""Many alerts at once: few incidents, few lines, few statements, and none is lost (C2)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.alert import Alert, AlertStatus, Disposition
from bot.domain.outbox import Kind
from bot.domain.routing import Channel
from bot.domain.situation import AlertCounts
from bot.domain.timeline import EntryKind
from bot.messages import postmortem
from bot.messages.evidence import Evidence
from bot.services import alerts, resolutions, situations
from tests.house import NOON
from tests.services.deliveries import (
    alerts_of,
    all_incidents,
    delivered,
    ended,
    fired,
    hear,
    hear_one,
    incident,
    minutes,
    rows,
    under,
)
from tests.services.desk import Desk


async def test_too_many_incidents_are_folded_into_one_and_nothing_is_dropped(desk: Desk) -> None:
    await under(desk, correlation={"at_most": {"incidents": 3, "within": "10m"}})
    outcomes = await hear(desk, *(fired(f"f{number}", severity="warning") for number in range(9)))
    assert [outcome.incident for outcome in outcomes] == ["INC-1", "INC-2", "INC-3", *["INC-4"] * 6]
    assert "so that it is folded into INC-4" in outcomes[-1].reason
    storm = await incident(desk, "INC-4")
    assert storm.title == "Alert storm: more than 3 incidents of P1 within 10 min"
    assert len(await alerts_of(desk, storm.id)) == 6
    worse = await hear_one(desk, fired("p0"))
    assert (worse.incident, worse.disposition) == ("INC-5", Disposition.DECLARED), "a worse one is not lost among them"
    await desk.travel(minutes=11)
    assert (await hear_one(desk, fired("late", severity="warning"))).incident == "INC-6"


async def test_a_flood_into_one_incident_is_told_in_a_few_lines(desk: Desk) -> None:
    await under(desk)
    for batch in range(10):
        await hear(desk, *(fired(f"{batch}-{number}", service="checkout") for number in range(100)))
    found = await incident(desk)
    assert len(await alerts_of(desk, found.id)) == 1000
    situation = await desk.read(lambda work: situations.read(work, found))
    assert (len(situation.alerts), situation.counts) == (200, AlertCounts(1000, 0, 1000)), "nobody reads a thousand"
    assert "\n\n800 more came between the first and the latest of them." in postmortem.markdown(Evidence(situation, (), ()))
    states = await desk.states(Kind.POST)
    assert states["pending"] <= 8
    assert any("1000 alerts have joined by now" in text for text in await desk.said(found))
    assert (await desk.entries(found)).count(EntryKind.ALERT_JOINED) == 5 + 10
    assert await desk.verifies()
    desk.clock.advance(minutes(11))
    await hear_one(desk, fired("calm", service="checkout"))
    assert "another alert joined: Trouble calm" in (await desk.said(found))[-1], "afterwards each is said again"


async def test_a_batch_costs_few_statements_however_many_alerts_it_brings(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired("first", service="checkout"))
    counted = []
    for size in (50, 500):
        with counting(desk) as seen:
            await hear(desk, *(fired(f"{size}-{number}", service="checkout") for number in range(size)))
        counted.append(len(seen))
    assert counted[1] <= counted[0] + 5 <= 120


async def test_recoveries_of_a_flood_are_told_in_a_few_lines_and_the_last_one_always(desk: Desk) -> None:
    await under(desk)
    await hear(desk, *(fired(f"f{number}", service="checkout") for number in range(40)))
    await hear(desk, *(ended(f"f{number}") for number in range(39)))
    await hear_one(desk, ended("f39"))
    said = [text for text in await desk.said(await incident(desk)) if "recovered" in text]
    assert len(said) <= 7
    assert "40 alerts recovered by now, none is firing any more" in said[-1]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_monitors_say_in_whatever_order_every_alert_is_kept_or_ignored_for_a_reason(desk: Desk, seed: int) -> None:
    await under(desk, correlation={"at_most": {"incidents": 3, "within": "10m"}, "flapping": {"changes": 4, "within": "5m"}})
    dice, said = random.Random(seed), 0
    for _ in range(40):
        desk.clock.advance(minutes(dice.choice([0, 0.1, 1, 20])))
        batch = [
            delivered(desk, *(_thrown(desk, dice) for _ in range(dice.randint(0, 4))), channel=dice.choice(list(Channel))) for _ in range(2)
        ]
        outcomes = [outcome for each in await desk.run(alerts.ingest, batch) for outcome in each]
        read = [alert for one in batch for alert in one.reading.alerts]
        assert [outcome.fingerprint for outcome in outcomes] == [alert.fingerprint for alert in read]
        assert all(outcome.reason for outcome in outcomes)
        firing = [alert.status is AlertStatus.FIRING for alert in read]
        said += sum(fires and one.disposition is not Disposition.IGNORED for fires, one in zip(firing, outcomes, strict=True))
        if dice.random() < 0.2 and (open_ones := [one for one in await all_incidents(desk) if one.open]):
            await desk.run(resolutions.resolve, dice.choice(open_ones).id, desk.id_of("ana"))
    assert sum(row.count for row in await rows(desk)) == said
    keys = [one.correlation_key for one in await all_incidents(desk) if one.open]
    assert len(keys) == len(set(keys))
    assert await desk.verifies()


def _thrown(desk: Desk, dice: random.Random) -> Alert:
    """An alert of a few that are about a few services, firing or over, with a start or without."""
    fingerprint, now = f"f{dice.randint(0, 6)}", desk.clock.now()
    starts_at = dice.choice([None, NOON, now, now - minutes(dice.randint(0, 30))])
    if dice.random() < 0.4:
        return ended(fingerprint, starts_at, dice.choice([None, now]))
    return fired(fingerprint, starts_at, severity=dice.choice(["critical", "warning"]), service=dice.choice(["a", "b", ""]))


class counting:
    """The statements that a desk's database runs within the block."""

    def __init__(self, desk: Desk) -> None:
        self.engine = desk.services.database._writer.sync_engine
        self.seen: list[str] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.seen.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)
