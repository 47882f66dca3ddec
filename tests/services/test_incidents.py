"""What can be done to an incident: one effect each, whoever asks and however often."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.declaration import Declaration
from bot.domain.incidents import Road, Role
from bot.domain.outbox import Kind
from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.errors import InvalidTransition, Malformed, NotAllowed, NotFound, Refused
from bot.services import callouts, declarations, deliveries, incidents, postmortems, resolutions
from bot.store import postmortems as postmortem_rows
from tests.house import NOON
from tests.services.desk import LEASE, TITLE, Desk

ACKNOWLEDGE, MITIGATE, UPDATE, POSTMORTEM = ClockName.ACKNOWLEDGE, ClockName.MITIGATE, ClockName.UPDATE, ClockName.POSTMORTEM


async def test_a_declaration_starts_every_clock_and_rings_the_first_level(desk: Desk) -> None:
    incident = await desk.declare()
    assert (incident.reference, incident.status, incident.owner_id) == ("INC-1", Status.INVESTIGATING, None)
    due = {clock: promise.due_at - NOON for clock, promise in (await desk.owed(incident)).items()}
    assert due == {ACKNOWLEDGE: timedelta(minutes=5), MITIGATE: timedelta(minutes=15), UPDATE: timedelta(minutes=15)}
    assert incident.next_update_at == NOON + timedelta(minutes=15)
    assert await desk.rung(incident) == [(0, "tim")]


async def test_an_alerts_clocks_count_from_its_receipt_and_not_from_when_it_was_worked_off(desk: Desk) -> None:
    received_at = NOON - timedelta(minutes=3)
    incident = await desk.declare(opened_at=received_at)
    assert (await desk.owed(incident))[ACKNOWLEDGE].due_at == received_at + timedelta(minutes=5)


async def test_a_severity_that_pages_nobody_and_owes_one_clock_does_just_that(desk: Desk) -> None:
    incident = await desk.declare(severity="P1")
    assert set(await desk.owed(incident)) == {UPDATE}
    assert await desk.pages(incident) == []


async def test_one_token_opens_one_incident_however_late_it_comes_again(desk: Desk) -> None:
    first = await desk.declare(token="a")
    await desk.travel(hours=1)
    again = await desk.run(declarations.declare, Declaration("a", TITLE, "P0"))
    assert (again.incident.id, again.joined) == (first.id, False)
    assert (await desk.entries(first)).count(EntryKind.DECLARED) == 1


async def test_declarations_of_one_token_that_race_open_one_incident(desk: Desk) -> None:
    opened = await asyncio.gather(*(desk.declare(token="a", even_if_same=True) for _ in range(5)))
    assert {incident.number for incident in opened} == {1}


async def test_declarations_that_race_get_numbers_of_their_own(desk: Desk) -> None:
    opened = await asyncio.gather(*(desk.declare(f"Trouble {n}", "P1", f"t{n}") for n in range(5)))
    assert sorted(incident.number for incident in opened) == [1, 2, 3, 4, 5]


async def test_the_same_title_within_two_minutes_joins_and_later_does_not(desk: Desk) -> None:
    first = await desk.declare("Checkout is down", token="a")
    desk.clock.advance(timedelta(minutes=2))
    met = await desk.run(declarations.declare, Declaration("b", " checkout IS  down", "P0"))
    assert (met.incident.id, met.joined) == (first.id, True)
    desk.clock.advance(timedelta(seconds=1))
    later = await desk.declare("Checkout is down", token="c")
    assert later.number == 2


async def test_who_insists_gets_an_incident_of_the_same_title(desk: Desk) -> None:
    await desk.declare(token="a")
    assert (await desk.declare(token="b", even_if_same=True)).number == 2


async def test_a_resolved_incident_of_the_same_title_is_not_joined(desk: Desk) -> None:
    first = await desk.declare(token="a")
    await desk.run(resolutions.resolve, first.id, desk.id_of("ana"))
    assert (await desk.declare(token="b")).number == 2


@pytest.mark.parametrize(("title", "severity", "error"), [("  ", "P0", Malformed), (TITLE, "P9", NotFound)])
async def test_a_declaration_that_cannot_be_read_opens_nothing(desk: Desk, title: str, severity: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await desk.declare(title, severity)
    assert (await desk.declare()).number == 1, "no number was used up"


async def test_an_acknowledgement_stops_everything_that_rings_in_one_transaction(desk: Desk) -> None:
    incident = await desk.declare()
    done = await desk.acknowledge(incident, "ana")
    assert (done.first, done.incident.owner_id) == (True, desk.id_of("ana"))
    assert [page.state for page in await desk.pages(incident)] == [PageState.STOPPED]
    assert await desk.states(Kind.SMS) == {"cancelled": 1}
    assert await desk.running(incident) == []
    assert ACKNOWLEDGE not in await desk.owed(incident)
    assert "ring" not in await desk.armed(incident)
    assert await desk.send_pages() == []


async def test_a_page_that_was_claimed_already_is_not_sent_after_the_acknowledgement(desk: Desk) -> None:
    incident = await desk.declare()
    (message,) = await desk.claim()
    await desk.acknowledge(incident, "ana")
    assert await desk.run(deliveries.prepare, [message], LEASE) == {}
    assert await desk.states(Kind.SMS) == {"cancelled": 1}


async def test_the_first_acknowledgement_counts_and_a_second_one_learns_whose_it_was(desk: Desk) -> None:
    incident = await desk.declare()
    raced = await asyncio.gather(desk.acknowledge(incident, "ana"), desk.acknowledge(incident, "ben"))
    assert sorted(done.first for done in raced) == [False, True]
    assert len({(done.name, done.incident.owner_id) for done in raced}) == 1
    assert (await desk.entries(incident)).count(EntryKind.ACKNOWLEDGED) == 1


async def test_a_late_acknowledgement_keeps_the_promise_with_its_lateness(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=7)
    await desk.acknowledge(incident, "ana")
    promise = next(p for p in await desk.promises(incident) if p.clock is ACKNOWLEDGE)
    assert (promise.missed_at, promise.lateness) == (NOON + timedelta(minutes=5), timedelta(minutes=2))


async def test_who_may_only_read_changes_nothing(desk: Desk) -> None:
    incident = await desk.declare()
    vic = desk.id_of("vic")
    for use_case, *more in (
        (incidents.acknowledge, Road.SLACK),
        (incidents.update, "x"),
        (resolutions.resolve,),
        (incidents.note, "x"),
        (incidents.change_severity, "P1"),
        (postmortems.save, "x"),
    ):
        with pytest.raises(NotAllowed):
            await desk.run(use_case, incident.id, vic, *more)
    assert (await desk.incident(incident)).version == incident.version


async def test_only_a_persons_update_resets_the_update_clock(desk: Desk) -> None:
    incident = await desk.declare()
    desk.clock.advance(timedelta(minutes=4))
    await desk.run(incidents.note, incident.id, desk.id_of("ana"), "looking at the graphs")
    await desk.acknowledge(incident, "ana")
    await desk.run(incidents.assign_role, incident.id, desk.id_of("ana"), Role.COMMANDER, desk.id_of("ben"))
    assert (await desk.owed(incident))[UPDATE].due_at == NOON + timedelta(minutes=15)
    updated = await desk.update(incident, "ana")
    promise = (await desk.owed(incident))[UPDATE]
    assert (promise.cycle, promise.due_at) == (2, NOON + timedelta(minutes=19))
    assert updated.next_update_at == promise.due_at


async def test_a_first_mitigation_keeps_its_promise_once_and_a_step_back_owes_none(desk: Desk) -> None:
    incident = await desk.declare()
    desk.clock.advance(timedelta(minutes=3))
    moved = await desk.update(incident, "ana", status=Status.MITIGATING)
    assert (moved.status, moved.mitigated_at) == (Status.MITIGATING, NOON + timedelta(minutes=3))
    assert MITIGATE not in await desk.owed(incident)
    back = await desk.update(incident, "ana", status=Status.INVESTIGATING)
    assert (back.status, back.mitigated_at) == (Status.INVESTIGATING, NOON + timedelta(minutes=3))
    assert MITIGATE not in await desk.owed(incident)


async def test_an_update_can_neither_resolve_nor_be_empty(desk: Desk) -> None:
    incident = await desk.declare()
    with pytest.raises(InvalidTransition, match="/incident resolve"):
        await desk.update(incident, "ana", status=Status.RESOLVED)
    with pytest.raises(Malformed):
        await desk.update(incident, "ana", "   ")
    assert EntryKind.UPDATED not in await desk.entries(incident)


async def test_another_severity_replaces_the_clocks_and_rings_when_it_pages(desk: Desk) -> None:
    incident = await desk.declare(severity="P1")
    desk.clock.advance(timedelta(minutes=10))
    raised = await desk.run(incidents.change_severity, incident.id, desk.id_of("ana"), "critical", "card payments fail")
    due = {clock: promise.due_at - desk.clock.now() for clock, promise in (await desk.owed(incident)).items()}
    assert due == {ACKNOWLEDGE: timedelta(minutes=5), MITIGATE: timedelta(minutes=15), UPDATE: timedelta(minutes=15)}
    assert (raised.severity, raised.next_update_at) == ("P0", NOON + timedelta(minutes=25))
    assert await desk.rung(incident) == [(10, "tim")]
    assert any("card payments fail" in text for text in await desk.said(incident))


async def test_a_lower_severity_ends_the_ringing_and_what_is_no_longer_owed(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.run(incidents.change_severity, incident.id, desk.id_of("ana"), "P1")
    assert set(await desk.owed(incident)) == {UPDATE}
    assert await desk.running(incident) == []
    assert await desk.send_pages() == []


async def test_the_severity_that_it_has_already_changes_nothing_and_an_unknown_one_names_the_choices(desk: Desk) -> None:
    incident = await desk.declare()
    same = await desk.run(incidents.change_severity, incident.id, desk.id_of("ana"), "p0")
    assert same.version == incident.version
    with pytest.raises(NotFound, match="Choose one of P0, P1"):
        await desk.run(incidents.change_severity, incident.id, desk.id_of("ana"), "P9")


async def test_the_owner_is_one_person_and_a_role_is_taken_from_who_had_it(desk: Desk) -> None:
    incident = await desk.declare()
    ana, ben = desk.id_of("ana"), desk.id_of("ben")
    owned = await desk.run(incidents.assign_role, incident.id, ana, Role.OWNER, ben)
    assert owned.owner_id == ben
    for person in (ana, ben):
        await desk.run(incidents.assign_role, incident.id, ana, Role.COMMANDER, person)
    assert (await desk.acknowledge(incident, "ana")).incident.owner_id == ben, "an owner stays the owner"


async def test_a_resolution_ends_every_ring_and_clock_and_begins_the_write_up(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=16)
    assert len(await desk.running(incident)) > 1, "several chains ring"
    resolved = await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"), "rolled back")
    assert (resolved.status, resolved.resolved_by, resolved.next_update_at) == (Status.RESOLVED, desk.id_of("ana"), None)
    assert await desk.running(incident) == []
    assert not [page for page in await desk.pages(incident) if page.state.alive]
    assert set(await desk.owed(incident)) == {POSTMORTEM}
    assert await desk.armed(incident) == ["breach", "warn"], "those of the write-up"
    assert (await desk.owed(incident))[POSTMORTEM].due_at == desk.clock.now() + timedelta(hours=24)
    assert await desk.send_pages() == []
    draft = await desk.read(lambda work: postmortem_rows.find_latest(work.tx, incident.id))
    assert draft is not None
    assert "rolled back" in draft[1]


async def test_a_resolved_incident_takes_no_more_steps(desk: Desk) -> None:
    incident = await desk.declare()
    ana = desk.id_of("ana")
    await desk.run(resolutions.resolve, incident.id, ana)
    for use_case, *more in (
        (incidents.acknowledge, Road.API),
        (incidents.update, "x"),
        (resolutions.resolve,),
        (incidents.change_severity, "P1"),
    ):
        with pytest.raises(InvalidTransition, match="resolved"):
            await desk.run(use_case, incident.id, ana, *more)
    assert (await desk.entries(incident)).count(EntryKind.RESOLVED) == 1


async def test_what_a_person_saves_keeps_the_write_up_promise(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    text = "# What happened\nA bad deploy.\n# User impact\nNobody could pay.\n# Root cause\nTwo versions wrote one row."
    saved = await desk.run(postmortems.save, incident.id, desk.id_of("ben"), text)
    assert (saved.version, saved.kept, saved.empty) == (2, True, ())
    assert await desk.owed(incident) == {}
    assert await desk.armed(incident) == []


async def test_a_reopened_incident_owes_everything_anew_and_rings_again(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.acknowledge(incident, "ana")
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    desk.clock.advance(timedelta(hours=2))
    opened = await desk.run(resolutions.reopen, incident.id, desk.id_of("ben"), "it is back")
    assert (opened.status, opened.acknowledged_at, opened.resolved_at) == (Status.INVESTIGATING, None, None)
    assert opened.owner_id == desk.id_of("ana"), "its owner stays"
    owed = await desk.owed(incident)
    assert set(owed) == {ACKNOWLEDGE, MITIGATE, UPDATE}
    assert owed[ACKNOWLEDGE].due_at == desk.clock.now() + timedelta(minutes=5)
    assert await desk.rung(incident) == [(0, "tim"), (120, "tim")]
    with pytest.raises(InvalidTransition, match="open already"):
        await desk.run(resolutions.reopen, incident.id, desk.id_of("ben"))


async def test_after_a_whole_life_the_timeline_verifies(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.travel(minutes=20)
    await desk.acknowledge(incident, "ana")
    await desk.update(incident, "ana", status=Status.MONITORING)
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    await desk.run(resolutions.reopen, incident.id, desk.id_of("ana"))
    assert await desk.verifies()


async def test_one_person_cannot_declare_without_end_and_an_alert_always_can(desk: Desk) -> None:
    for number in range(10):
        await desk.run(declarations.declare, Declaration(f"t{number}", f"Trouble {number}", "P1", declared_by=desk.id_of("ana")))
    one_more = Declaration("t10", "Trouble 10", "P1", declared_by=desk.id_of("ana"))
    with pytest.raises(Refused, match="10 incidents within 10 minutes"):
        await desk.run(declarations.declare, one_more)
    assert not (await desk.run(declarations.declare, Declaration("a", "From an alert", "P0"))).joined
    desk.clock.advance(timedelta(minutes=10, seconds=1))
    assert (await desk.run(declarations.declare, one_more)).incident.number == 12


async def test_nobody_is_called_by_hand_without_end(desk: Desk) -> None:
    incident = await desk.declare()
    ben = [desk.names["ben"]]
    for _ in range(12):
        await desk.run(callouts.page, incident.id, desk.id_of("ana"), ben)
    with pytest.raises(Refused, match="called 12 times"):
        await desk.run(callouts.page, incident.id, desk.id_of("ana"), ben)
