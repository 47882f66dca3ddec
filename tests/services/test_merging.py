"""Alerts and incidents in people's hands: the inbox, bulk moves and merging, with the history of both sides kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.alert import AlertStatus, Disposition
from bot.domain.incidents import Incident
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.errors import Malformed, NotFound, Refused
from bot.messages import card
from bot.services import follow_ups, inbox, meetings, merging, reports, resolutions, situations, tenants, tickets
from bot.services.work import UnitOfWork
from bot.store import alerts as alert_rows
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from tests.services.desk import Desk
from tests.services.reports import WAITS, report


async def wait_in_inbox(desk: Desk, *fingerprints: str) -> list[str]:
    """The ids of alerts that no route wants."""
    for fingerprint in fingerprints:
        await report(desk, fingerprint, WAITS)
    return [row.id for row in await desk.read(inbox.listed)]


async def fingerprints(desk: Desk, incident_id: str) -> set[str]:
    rows = await desk.read(lambda work: alert_rows.list_of_incident(work.tx, incident_id))
    return {row.fingerprint for row in rows}


async def test_the_inbox_lists_what_no_route_wanted_the_latest_first(desk: Desk) -> None:
    await report(desk, "f1", WAITS)
    await desk.travel(minutes=1)
    await report(desk, "f2", WAITS)
    assert [row.fingerprint for row in await desk.read(inbox.listed)] == ["f2", "f1"]


async def test_several_alerts_of_the_inbox_become_one_incident(desk: Desk) -> None:
    waiting = await wait_in_inbox(desk, "f1", "f2")
    incident = await desk.run(inbox.declare_from, desk.names["ana"], "token", waiting, None, "P1")
    assert (incident.severity, incident.declared_by) == ("P1", desk.id_of("ana"))
    assert await fingerprints(desk, incident.id) == {"f1", "f2"}
    assert await desk.read(inbox.listed) == []
    assert (await desk.entries(incident)).count(EntryKind.ALERT_JOINED) == 2
    with pytest.raises(Refused, match="belongs to an incident already"):
        await desk.run(inbox.declare_from, desk.names["ana"], "another", waiting)


async def test_alerts_go_from_one_incident_to_another_and_both_timelines_say_so(desk: Desk) -> None:
    one, other = await desk.declare("Checkout fails", token="a"), await desk.declare("Payments fail", token="b")
    waiting = await wait_in_inbox(desk, "f1", "f2")
    await desk.run(inbox.attach, desk.names["ana"], one.id, waiting)
    await desk.run(inbox.attach, desk.names["ben"], other.id, waiting)
    assert (await fingerprints(desk, one.id), await fingerprints(desk, other.id)) == (set(), {"f1", "f2"})
    assert (await desk.entries(one)).count(EntryKind.ALERT_DETACHED) == 2
    assert (await desk.entries(other)).count(EntryKind.ALERT_JOINED) == 2
    assert await desk.verifies()


async def test_what_is_taken_out_waits_in_the_inbox_with_the_reason(desk: Desk) -> None:
    incident = await desk.declare()
    waiting = await wait_in_inbox(desk, "f1")
    await desk.run(inbox.attach, desk.names["ana"], incident.id, waiting)
    await desk.run(inbox.detach, desk.names["ben"], incident.id, waiting)
    (row,) = await desk.read(inbox.listed)
    assert (row.disposition, row.reason) == (Disposition.INBOX, f"taken out of {incident.reference} by Ben")
    with pytest.raises(Refused, match="is no alert of"):
        await desk.run(inbox.detach, desk.names["ben"], incident.id, waiting)


async def test_what_is_dismissed_leaves_the_inbox_until_it_fires_anew(desk: Desk) -> None:
    waiting = await wait_in_inbox(desk, "f1", "f2")
    assert await desk.run(inbox.dismiss, desk.names["ana"], waiting) == 2
    await report(desk, "f1", WAITS)
    assert await desk.read(inbox.listed) == []
    await report(desk, "f1", WAITS, status="resolved")
    await desk.travel(minutes=60)
    await report(desk, "f1", WAITS, starts_after_minutes=60)
    assert [row.fingerprint for row in await desk.read(inbox.listed)] == ["f1"]
    assert await desk.verifies()


async def test_what_recovers_leaves_the_inbox_by_itself(desk: Desk) -> None:
    await wait_in_inbox(desk, "f1", "f2")
    await report(desk, "f1", WAITS, status="resolved")
    assert [row.fingerprint for row in await desk.read(inbox.listed)] == ["f2"]


async def test_an_incidents_alert_is_not_dismissed(desk: Desk) -> None:
    incident = await desk.declare()
    waiting = await wait_in_inbox(desk, "f1")
    await desk.run(inbox.attach, desk.names["ana"], incident.id, waiting)
    with pytest.raises(Refused, match="belongs to an incident"):
        await desk.run(inbox.dismiss, desk.names["ana"], waiting)


async def test_an_alert_that_does_not_exist_moves_none_of_the_others(desk: Desk) -> None:
    incident = await desk.declare()
    waiting = await wait_in_inbox(desk, "f1")
    with pytest.raises(NotFound):
        await desk.run(inbox.attach, desk.names["ana"], incident.id, [*waiting, "nothing"])
    with pytest.raises(Malformed):
        await desk.run(inbox.attach, desk.names["ana"], incident.id, [])
    assert await fingerprints(desk, incident.id) == set()


async def test_the_one_that_is_merged_ends_and_its_alerts_go_on_in_the_other(desk: Desk) -> None:
    gone, into = await desk.declare("Checkout fails", token="a"), await desk.declare("Payments fail", token="b")
    await desk.run(inbox.attach, desk.names["ana"], gone.id, await wait_in_inbox(desk, "f1", "f2"))
    merged = await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    ended = await desk.incident(gone)
    assert (merged.id, ended.status, ended.merged_into) == (into.id, Status.RESOLVED, into.id)
    assert await fingerprints(desk, into.id) == {"f1", "f2"}
    assert (await desk.owed(gone), await desk.running(gone), await desk.armed(gone)) == ({}, [], [])
    assert await desk.running(into), "the other one goes on ringing"
    assert EntryKind.MERGED in await desk.entries(gone) and EntryKind.MERGED in await desk.entries(into)
    assert any(f"merged {gone.reference} into {into.reference}" in text for text in await desk.said(gone))
    assert any("2 alerts came with it." in text for text in await desk.said(into))
    assert await desk.verifies()


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (tenants.write, "Paying fails, we are on it."),
        (reports.write, "The pool ran dry."),
        (tickets.link, "https://tracker.example.com/OPS-42"),
        (meetings.move, "tomorrow 15:00"),
        (follow_ups.add, "Alert on the age of the queue"),
    ],
)
async def test_what_was_merged_away_is_worked_on_where_it_goes_on(desk: Desk, verb: Callable[..., Any], text: str) -> None:
    gone, into = await desk.declare("Checkout fails", token="a"), await desk.declare("Payments fail", token="b")
    await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    with pytest.raises(Refused, match=f"{gone.reference} was merged into {into.reference}. Do it there."):
        await desk.run(verb, gone.id, desk.names["ana"], text)
    shown = await desk.read(lambda work: situations.situation(work, gone.id))
    assert f"Merged into {into.reference} by Ana" in str(card.details(shown))


async def test_what_is_reopened_after_a_merge_is_an_incident_of_its_own_again(desk: Desk) -> None:
    gone, into = await desk.declare("Checkout fails", token="a"), await desk.declare("Payments fail", token="b")
    await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    await desk.run(resolutions.reopen, gone.id, desk.id_of("ana"), "It was another trouble after all")
    assert (await desk.incident(gone)).merged_into is None
    assert (await desk.run(tickets.link, gone.id, desk.names["ana"], "https://tracker.example.com/OPS-42")).ticket is not None
    assert EntryKind.MERGED in await desk.entries(gone), "that it was merged stays on its timeline"


async def test_the_worse_severity_of_two_merged_incidents_is_kept(desk: Desk) -> None:
    worse, lesser = await desk.declare("Checkout fails", "P0", token="a"), await desk.declare("Slow pages", "P1", token="b")
    merged = await desk.run(merging.merge, desk.names["ana"], worse.id, lesser.id)
    assert (merged.id, merged.severity) == (lesser.id, "P0")


async def test_an_alert_of_the_merged_incident_joins_the_other_when_it_comes_back(desk: Desk) -> None:
    await report(desk, "f1")
    into = await desk.declare("Payments fail", token="b")
    (gone,) = [one for one in await desk.read(lambda work: incident_rows.list_open(work.tx)) if one.id != into.id]
    await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    await report(desk, "f1", status="resolved")
    await desk.travel(minutes=2)
    await report(desk, "f1", starts_after_minutes=2)
    assert {row.incident_id for row in await desk.read(lambda work: alert_rows.list_of_incident(work.tx, into.id))} == {into.id}
    assert len(await desk.read(lambda work: incident_rows.list_open(work.tx))) == 1


async def test_only_two_open_incidents_can_be_merged(desk: Desk) -> None:
    gone, into = await desk.declare("Checkout fails", token="a"), await desk.declare("Payments fail", token="b")
    with pytest.raises(Refused, match="into itself"):
        await desk.run(merging.merge, desk.names["ana"], into.id, into.id)
    await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    with pytest.raises(Refused, match="is resolved"):
        await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)


async def test_a_private_incident_is_not_merged_into_one_that_everybody_sees(desk: Desk) -> None:
    gone, into = await desk.declare("Keys leaked", token="a", private=True), await desk.declare("Payments fail", token="b")
    with pytest.raises(Refused, match="is private"):
        await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    kept = await desk.incident(gone)
    assert replace(kept, version=gone.version) == replace(gone, next_update_at=kept.next_update_at)


async def test_what_goes_on_in_private_is_not_named_where_everybody_reads(desk: Desk) -> None:
    gone, into = await desk.declare("Odd log-ins", token="a"), await desk.declare("Keys leaked", token="b", private=True)
    await desk.run(merging.merge, desk.names["ana"], gone.id, into.id)
    timeline = await desk.read(lambda work: timeline_rows.list_entries(work.tx, gone.id))
    assert [entry.facts["into"] for entry in timeline if entry.kind is EntryKind.MERGED] == [into.reference]
    assert not any("Keys leaked" in str((entry.text, entry.facts)) for entry in timeline)
    assert not any("Keys leaked" in text for text in await desk.said(gone))


async def test_an_alert_that_a_person_moves_while_it_recovers_stays_where_they_put_it(desk: Desk) -> None:
    await report(desk, "f1")
    (one,) = await desk.read(lambda work: incident_rows.list_open(work.tx))
    (row,) = await desk.read(lambda work: alert_rows.list_of_incident(work.tx, one.id))
    other = await desk.declare("Payments fail", token="b")
    attaching: list[asyncio.Task[Incident]] = []

    async def recover(work: UnitOfWork) -> None:
        (known,) = await alert_rows.list_known(work.tx, {(row.source, row.fingerprint)}, (), work.now)
        attaching.append(asyncio.create_task(desk.run(inbox.attach, desk.names["ana"], other.id, [row.id])))
        await asyncio.wait(attaching, timeout=0.3)
        await alert_rows.change_alerts(work.tx, [known._replace(status=AlertStatus.RESOLVED, resolved_at=work.now)])

    await desk.run(recover)
    await attaching[0]
    assert await fingerprints(desk, other.id) == {"f1"}
