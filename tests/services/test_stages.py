"""Clocks, steps and roads under a severity that changes, told on real rows (J3, O7, O9, O11, S2)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.incidents import Incident, Role
from bot.domain.outbox import Kind
from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, Refused
from bot.services import extensions, incidents, promotions, resolutions
from bot.store import timeline
from bot.store.tables import outbox, timers
from tests.house import NOON
from tests.policies import ANA_MAIL, BEN_MAIL, make_policy
from tests.services.desk import Desk, open_desk

HIGH: dict[str, Any] = {
    "label": "HIGH",
    "rank": 0,
    "pages": True,
    "clocks": {"acknowledge": {"warn": "5m", "breach": "10m"}, "commander": {"breach": "15m", "tell": ["ben"]}, "update": "30m"},
    "roads": {"acknowledge": ["sms"], "commander": ["sms"], "update": []},
}
MIDDLE: dict[str, Any] = {
    "label": "MIDDLE",
    "rank": 1,
    "clocks": {"update": "1h", "resolve": "2h", "postmortem": {"breach": "24h", "tell": ["ben"]}},
    "roads": {"resolve": ["email"]},
    "tell": [{"who": ["engineering"], "by": ["email"]}],
    "escalate": [{"after": "1h", "who": ["ben", "commander"]}],
}
LOW: dict[str, Any] = {"label": "LOW", "rank": 2, "clocks": {"ticket": "24h"}}
SEVERITIES = [HIGH, MIDDLE, LOW]
_MORE = {"default_severity": "LOW", "routes": []}


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url, make_policy(severities=SEVERITIES, **_MORE)) as opened:
        yield opened


async def change(desk: Desk, incident: Incident, label: str, reason: str | None = "so it is") -> Incident:
    return await desk.run(incidents.change_severity, incident.id, desk.id_of("ana"), label, reason)


async def mails(desk: Desk, kind: Kind = Kind.NOTICE) -> list[tuple[str, str]]:
    """Whom mails were written to, with their subjects, oldest first."""
    rows = await desk.read(lambda work: work.tx.run(select(outbox.c.words).where(outbox.c.kind == kind.value).order_by(outbox.c.id)))
    return [(words["to"], words["subject"]) for (words,) in rows]


async def armed(desk: Desk, incident: Incident, kind: str) -> list[float]:
    """In how many minutes after noon the armed timers of a kind are due."""
    where = (timers.c.incident_id == incident.id, timers.c.kind == kind, timers.c.fired_at.is_(None), timers.c.cancelled_at.is_(None))
    rows = await desk.read(lambda work: work.tx.run(select(timers.c.due_at).where(*where)))
    return sorted((due_at - NOON) / timedelta(minutes=1) for (due_at,) in rows)


async def reasons(desk: Desk, incident: Incident) -> set[str | None]:
    """Why timers of the incident were cancelled."""
    where = (timers.c.incident_id == incident.id, timers.c.cancelled_at.is_not(None))
    rows = await desk.read(lambda work: work.tx.run(select(timers.c.reason).where(*where)))
    return {reason for (reason,) in rows}


async def test_o9_an_acknowledgement_is_warned_of_and_missed_to_the_minute(desk: Desk) -> None:
    incident = await desk.declare(severity="HIGH")
    await desk.travel(minutes=10)
    owed = (await desk.owed(incident))[ClockName.ACKNOWLEDGE]
    assert owed.missed_at == NOON + timedelta(minutes=10)
    said = [text for text in await desk.said(incident) if "an acknowledgement by" in text]
    assert len(said) == 2 and "in 5 min" in said[0] and "Promise missed" in said[1]


async def test_o11_a_commander_within_15_minutes_or_the_policy_s_people_are_told_and_the_chain_is_rung(desk: Desk) -> None:
    incident = await desk.declare(severity="HIGH")
    await desk.acknowledge(incident, "ana")
    await desk.travel(minutes=15)
    assert ("told", ["Ben"]) in [(entry.kind.value, entry.facts.get("names")) for entry in await entries(desk, incident)]
    assert (BEN_MAIL, f"[INC-1] HIGH {incident.title}: a commander is late") in await mails(desk)
    assert (await desk.rung(incident))[-1] == (15, "ana"), "the owner is called first"
    await desk.run(incidents.assign_role, incident.id, desk.id_of("ana"), Role.COMMANDER, desk.id_of("ben"))
    assert await desk.running(incident) == []
    kept = [promise for promise in await desk.promises(incident) if promise.clock is ClockName.COMMANDER and promise.kept_at]
    assert len(kept) == 1 and kept[0].missed_at is not None


async def entries(desk: Desk, incident: Incident) -> list[Any]:
    return await desk.read(lambda work: timeline.list_entries(work.tx, incident.id))


async def test_who_is_told_of_a_severity_has_a_mail_and_is_not_called(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    assert await mails(desk) == [(ANA_MAIL, f"[INC-1] MIDDLE {incident.title}"), (BEN_MAIL, f"[INC-1] MIDDLE {incident.title}")]
    assert await desk.pages(incident) == []
    private = await desk.declare("Somebody is in our database", severity="MIDDLE", token="p", private=True, declared_by=desk.id_of("ana"))
    assert private.private and len(await mails(desk)) == 2, "a private incident is told nobody"


async def test_who_is_told_of_a_private_incident_by_a_step_does_not_read_its_title(database_url: str) -> None:
    quiet = {**LOW, "escalate": [{"after": "1h", "who": ["ben"]}]}
    async with open_desk(database_url, make_policy(severities=[quiet], default_severity="LOW", routes=[])) as desk:
        await desk.declare("Somebody reads the payroll", severity="LOW", private=True)
        await desk.travel(hours=1)
        found = await desk.read(lambda work: work.tx.run(select(outbox.c.words).where(outbox.c.lane.startswith("person:"))))
        told = [str(words) for (words,) in found if "told, not called" in str(words)]
        assert len(told) == 1 and "a private incident" in told[0] and "payroll" not in told[0]


async def test_o11_nobody_resolved_it_in_an_hour_so_the_next_are_called_by_the_severity_s_roads(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.travel(minutes=59)
    assert await desk.pages(incident) == []
    await desk.travel(minutes=1)
    (page,) = await desk.pages(incident)
    assert (page.person_id, page.road, page.address) == (desk.id_of("ben"), "email", BEN_MAIL)
    said = await desk.said(incident)
    assert any("it is not resolved 1 h after it was opened, so Ben is paged" in text for text in said)
    assert any("commander should be called now" in text for text in said), "a role that nobody has is said, not passed over"
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    assert (await desk.pages(incident))[0].state is PageState.STOPPED


async def test_a_step_is_not_taken_of_what_is_resolved_and_counts_anew_after_a_reopening(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.travel(minutes=30)
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    assert (await armed(desk, incident, "step"), "resolved" in await reasons(desk, incident)) == ([], True)
    await desk.travel(minutes=10)
    await desk.run(resolutions.reopen, incident.id, desk.id_of("ana"))
    assert await armed(desk, incident, "step") == [100]


async def test_raising_moves_what_runs_begins_what_is_new_and_withdraws_the_rest_with_the_reason(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.travel(minutes=40)
    await change(desk, incident, "HIGH")
    owed = {clock: (promise.due_at - NOON) / timedelta(minutes=1) for clock, promise in (await desk.owed(incident)).items()}
    assert owed == {ClockName.ACKNOWLEDGE: 50, ClockName.COMMANDER: 55, ClockName.UPDATE: 60}
    reason = "the severity changed from MIDDLE to HIGH"
    assert [promise.reason for promise in await desk.promises(incident) if promise.withdrawn_at] == [reason]
    assert await reasons(desk, incident) == {reason}
    assert await armed(desk, incident, "step") == []
    assert await desk.rung(incident) == [(40, "tim")]


async def test_lowering_counts_from_the_old_beginning_and_stops_what_rings_no_more(desk: Desk) -> None:
    incident = await desk.declare(severity="HIGH")
    await desk.travel(minutes=1)
    await change(desk, incident, "MIDDLE")
    owed = {clock: (promise.due_at - NOON) / timedelta(minutes=1) for clock, promise in (await desk.owed(incident)).items()}
    assert owed == {ClockName.UPDATE: 60, ClockName.RESOLVE: 121}
    assert await desk.running(incident) == []
    assert {page.state for page in await desk.pages(incident)} == {PageState.STOPPED}
    assert await armed(desk, incident, "step") == [60], "an hour after the opening"
    assert [to for to, _ in await mails(desk)] == [ANA_MAIL, BEN_MAIL], "who is told of that severity is told now"


async def test_a_run_that_rings_goes_on_by_the_roads_of_the_new_severity(database_url: str) -> None:
    loud = {**HIGH, "label": "LOUD", "rank": 0, "roads": {"acknowledge": ["voice", "sms"]}}
    quiet = {**HIGH, "label": "QUIET", "rank": 1, "roads": {"acknowledge": ["email", "sms"]}}
    async with open_desk(database_url, make_policy(severities=[loud, quiet, LOW], **_MORE)) as desk:
        incident = await desk.declare(severity="QUIET")
        assert {page.road for page in await desk.pages(incident)} == {"email", "sms"}
        await desk.travel(minutes=1)
        await change(desk, incident, "LOUD")
        assert {page.road: page.state for page in await desk.pages(incident)} == {
            "email": PageState.STOPPED, "sms": PageState.PENDING, "voice": PageState.PENDING,
        }  # fmt: skip
        assert (await desk.entries(incident)).count(EntryKind.PAGE_STOPPED) == 1
        assert any("calls nobody by e-mail: those pages are stopped" in text for text in await desk.said(incident))
        assert len(await desk.running(incident)) == 1 and await armed(desk, incident, "ring") == [2], "it is the same ring"


async def test_a_provisional_severity_is_lowered_with_a_reason_only(desk: Desk) -> None:
    incident = await desk.declare(severity="LOW")
    assert await desk.run(promotions.promote, incident, "two monitors report it")
    with pytest.raises(Malformed, match="Say why INC-1 is less: `/incident severity LOW`"):
        await change(desk, incident, "LOW", None)
    assert (await change(desk, incident, "LOW", "one tenant only")).severity == "LOW"


async def test_a_promise_is_put_off_once_by_a_person_with_a_reason(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.travel(minutes=50)
    by = (desk.id_of("ana"), ClockName.UPDATE, timedelta(minutes=15))
    with pytest.raises(Malformed, match="Say why"):
        await desk.run(extensions.extend, incident.id, *by, " ")
    promise = await desk.run(extensions.extend, incident.id, *by, "waiting for the vendor")
    assert (promise.due_at, promise.reason) == (NOON + timedelta(minutes=75), "waiting for the vendor")
    assert (await desk.incident(incident)).next_update_at == promise.due_at
    assert 75 in await armed(desk, incident, "breach") and 60 not in await armed(desk, incident, "breach")
    assert "put off by Ana: waiting for the vendor" in await reasons(desk, incident)
    assert EntryKind.PROMISE_EXTENDED in await desk.entries(incident)
    with pytest.raises(Refused, match="put off once already"):
        await desk.run(extensions.extend, incident.id, *by, "again")
    with pytest.raises(Refused, match=r"owes a commander no longer. Running now: update, resolve"):
        await desk.run(extensions.extend, incident.id, desk.id_of("ana"), ClockName.COMMANDER, timedelta(minutes=5), "why not")


async def test_what_is_late_already_cannot_be_put_off(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.travel(minutes=61)
    with pytest.raises(Refused, match="late already"):
        await desk.run(extensions.extend, incident.id, desk.id_of("ana"), ClockName.UPDATE, timedelta(minutes=5), "busy")


async def test_a_late_write_up_tells_its_owner_and_the_manager_and_is_told_again_but_calls_nobody(desk: Desk) -> None:
    incident = await desk.declare(severity="MIDDLE")
    await desk.acknowledge(incident, "ana")
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    before = len(await mails(desk))
    await desk.travel(hours=48)
    late = [to for to, subject in (await mails(desk))[before:] if "the write-up is late" in subject]
    assert late == [ANA_MAIL, BEN_MAIL] * 2, "at 24 and at 48 hours"
    assert await desk.pages(incident) == []


async def test_only_what_a_person_calls_major_owes_a_write_up(database_url: str) -> None:
    severities = [HIGH, {**MIDDLE, "major_only": True}, LOW]
    async with open_desk(database_url, make_policy(severities=severities, **_MORE)) as desk:
        for token, major, owed in (("a", False, 0), ("b", True, 1)):
            incident = await desk.declare(f"Trouble {token}", severity="MIDDLE", token=token)
            await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"), major=major)
            assert len(await desk.owed(incident)) == owed


async def test_a_level_that_is_for_another_severity_is_passed_over_without_a_word(database_url: str) -> None:
    chain = [
        {"name": "first", "who": ["tim"], "delay": "2m", "severities": ["LOUDER"]},
        {"name": "second", "who": ["ana"], "delay": "2m", "repeat": 1},
        {"name": "third", "who": ["ben"], "delay": "2m", "severities": ["HIGH"]},
    ]
    louder = {**HIGH, "label": "LOUDER", "rank": 1}
    async with open_desk(database_url, make_policy(severities=[HIGH, louder, LOW], chain=chain, **_MORE)) as desk:
        incident = await desk.declare(severity="HIGH")
        await desk.travel(minutes=7)
        assert await desk.rung(incident) == [(0, "ana"), (2, "ana"), (4, "ben"), (6, "ana")]
        assert EntryKind.LEVEL_SKIPPED not in await desk.entries(incident)


CLOCKS = [clock.value for clock in ClockName]
ROADS = ["sms", "voice", "whatsapp", "email"]


def random_policy(chance: random.Random) -> list[dict[str, Any]]:
    """Three severities with clocks, roads, steps and tellings as they come."""
    found = []
    for rank in range(3):
        clocks = {clock: f"{chance.randint(2, 90)}m" for clock in CLOCKS if chance.random() < 0.4}
        roads = {clock: chance.sample(ROADS, chance.randint(0, 2)) for clock in CLOCKS if chance.random() < 0.6}
        steps = [{"after": f"{chance.randint(1, 90)}m", "who": ["ben", "commander"]} for _ in range(chance.randint(0, 2))]
        told = [{"who": ["ana"], "by": ["email", "slack"]}] if chance.random() < 0.3 else []
        pages = chance.random() < 0.6
        found.append({"label": f"S{rank}", "rank": rank, "pages": pages, "clocks": clocks, "roads": roads, "escalate": steps, "tell": told})
    return found


async def live(desk: Desk, incident: Incident, chance: random.Random) -> None:
    """One thing that happens to an incident."""
    now, person = await desk.incident(incident), desk.id_of(chance.choice(["tim", "ana", "ben"]))
    if not now.open:
        await desk.run(resolutions.reopen, incident.id, person)
        return
    match chance.randint(0, 5):
        case 0:
            await desk.run(resolutions.resolve, incident.id, person)
        case 1:
            await desk.update(incident, "ana", status=chance.choice([None, Status.MITIGATING]))
        case 2:
            await desk.acknowledge(incident, "ben")
        case _:
            await change(desk, incident, f"S{chance.randint(0, 2)}")


async def check(desk: Desk, incident: Incident) -> None:
    """No timer was armed in the past, and every open promise breaks or is chased some time; so does each that the severity owes."""
    rows = await desk.read(lambda work: work.tx.run(select(timers.c.due_at, timers.c.armed_at)))
    assert all(row.due_at >= row.armed_at for row in rows)
    now = await desk.incident(incident)
    kinds = {"breach", "chase"}
    waits = await desk.read(
        lambda work: work.tx.run(
            select(timers.c.promise_id).where(timers.c.kind.in_(kinds), timers.c.fired_at.is_(None), timers.c.cancelled_at.is_(None))
        )
    )
    owed = await desk.owed(incident)
    assert sorted(promise.id for promise in owed.values()) == sorted(row.promise_id for row in waits)
    rules = desk.services.policy.severity(now.severity).clocks
    always = {ClockName.UPDATE, ClockName.RESOLVE} if now.open else {ClockName.REPORT, ClockName.POSTMORTEM, ClockName.MEETING}
    assert always & set(rules) <= set(owed)


async def check_roads(desk: Desk, incident: Incident) -> None:
    """Nobody is rung now by a road that the severity does not name for that clock, or for the first one."""
    severity = desk.services.policy.severity((await desk.incident(incident)).severity)
    runs = {run.id: run for run in await desk.running(incident)}
    for page in await desk.pages(incident):
        run = runs.get(page.escalation_id)
        if page.state.alive and run is not None and (page.level >= 0 or run.clock is not ClockName.ACKNOWLEDGE):
            assert page.road in severity.roads_for(run.clock)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_no_timer_is_in_the_past_none_is_lost_and_no_other_road_rings(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with open_desk(database_url, make_policy(severities=random_policy(chance), default_severity="S1", routes=[])) as desk:
        incident = await desk.declare(severity=f"S{chance.randint(0, 2)}", opened_at=NOON - timedelta(minutes=chance.randint(0, 5)))
        for _ in range(8):
            await desk.travel(minutes=chance.choice([1, 5, 20, 60]))
            await live(desk, incident, chance)
            await check(desk, incident)
            await check_roads(desk, incident)
