"""Healing on a real database: what history shows is written down once, whatever events say before, meanwhile and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.healing import HistoryPage, Missed, Written
from bot.domain.incidents import Incident, Purpose
from bot.domain.polls import Poll, Received
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.errors import SendError
from bot.services import healing, polls, timeline
from bot.services.healing import Step
from bot.services.polls import Rule
from bot.services.timeline import Post
from bot.store import incidents as incident_rows
from bot.store import polls as poll_rows
from bot.store import timeline as rows
from tests.house import NOON
from tests.policies import TIM
from tests.services.desk import LEASE, Desk

CHANNEL = "C0INC1"
RULE = Rule("history", ("slack:conversations.history", "slack:conversations.replies"), hurried=False)
PHONES = Rule("receipts", ("twilio:reading",), hurried=True)
BASE = int(NOON.timestamp())
MESSAGES = (EntryKind.MESSAGE, EntryKind.MESSAGE_EDITED, EntryKind.MESSAGE_DELETED)


def ts(number: int) -> str:
    return f"{BASE + number}.000100"


def post(number: int, text: str = "hello", thread: int | None = None) -> Post:
    return Post(CHANNEL, "U0ANA", ts(number), text, NOON, None if thread is None else ts(thread))


def written(number: int, text: str = "hello", **more: object) -> Written:
    return Written(ts(number), "U0ANA", text, **more)  # type: ignore[arg-type]


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    declared = await desk.declare()
    await desk.run(lambda work: incident_rows.mark_channel(work.tx, declared.id, Purpose.INCIDENT, channel_id=CHANNEL))
    await desk.run(polls.prepare, [RULE, PHONES], [], NOON, alone=True)
    return declared


async def claim(desk: Desk) -> Poll:
    """The poll, taken over from whoever held it, as after a restart."""
    await desk.run(polls.prepare, [RULE], [], NOON, alone=True)
    await desk.run(polls.make_due, [RULE])
    poll = await desk.run(polls.claim, RULE, "desk", LEASE)
    assert isinstance(poll, Poll)
    return poll


async def next_step(desk: Desk, poll: Poll) -> Step:
    step = await desk.read(lambda work: healing.next_step(work, poll.cursor))
    assert isinstance(step, Step)
    return step


async def heal(desk: Desk, *pages: HistoryPage) -> list[Missed]:
    """Takes the pages in the order in which they are asked for, and looks whether that was all."""
    found = []
    for page in pages:
        poll = await claim(desk)
        found.append(await desk.run(healing.take, poll, await next_step(desk, poll), page))
    return found


async def entries(desk: Desk, incident: Incident) -> list[TimelineEntry]:
    found = await desk.read(lambda work: rows.list_entries(work.tx, incident.id))
    return [entry for entry in found if entry.kind in MESSAGES]


async def test_a_gap_is_healed_with_the_time_and_the_author_of_what_was_said(desk: Desk, incident: Incident) -> None:
    await desk.run(timeline.channel_message, post(1, "heard"))
    await heal(desk, HistoryPage([written(2, "missed &amp; <@U0TIM>"), written(1, "heard")]))
    heard, missed = await entries(desk, incident)
    assert (heard.text, missed.text) == ("heard", "missed & @Tim")
    assert missed.actor_id == desk.id_of("ana")
    assert missed.at == datetime.fromtimestamp(BASE + 2, UTC) + timedelta(microseconds=100)
    assert await desk.verifies()


async def test_healing_again_changes_nothing(desk: Desk, incident: Incident) -> None:
    await desk.run(timeline.channel_message, post(3))
    page = HistoryPage([written(2, "missed"), written(1, "changed", edited=True)])
    assert (await heal(desk, page))[0].counted() == {"added": 2, "edited": 0, "deleted": 1}
    assert not (await heal(desk, page))[0]
    assert [entry.kind for entry in await entries(desk, incident)].count(EntryKind.MESSAGE_DELETED) == 1


async def test_an_edit_and_a_deletion_that_come_late_by_event_are_not_written_twice(desk: Desk, incident: Incident) -> None:
    await desk.run(timeline.channel_message, post(1))
    await desk.run(timeline.channel_message, post(2))
    await heal(desk, HistoryPage([written(1, "changed", edited=True)]))
    assert not await desk.run(timeline.message_edited, CHANNEL, ts(1), "changed")
    assert not await desk.run(timeline.message_deleted, CHANNEL, ts(2))
    assert not await desk.run(timeline.channel_message, post(2))
    assert len(await entries(desk, incident)) == 4


async def test_what_events_bring_while_slack_is_asked_is_neither_doubled_nor_taken_back(desk: Desk, incident: Incident) -> None:
    await desk.run(timeline.channel_message, post(1))
    poll = await claim(desk)
    step = await next_step(desk, poll)
    await desk.run(timeline.message_edited, CHANNEL, ts(1), "newest")
    await desk.run(timeline.channel_message, post(2))
    found = await desk.run(healing.take, poll, step, HistoryPage([written(1, "older", edited=True)]))
    assert not found
    assert sorted(entry.text or "" for entry in await entries(desk, incident)) == ["hello", "hello", "newest"]


async def test_a_thread_is_read_after_its_page_and_its_place_outlives_a_restart(desk: Desk, incident: Incident) -> None:
    await desk.run(timeline.channel_message, post(1))
    await desk.run(timeline.channel_message, post(2, "reply", thread=1))
    parent = written(1, replies=2, latest_reply=ts(4))
    await heal(desk, HistoryPage([parent]))
    step = await next_step(desk, await claim(desk))
    assert (step.reading.channel_id, step.reading.thread_ts) == (CHANNEL, ts(1))
    (found,) = await heal(desk, HistoryPage([parent, written(3, "a", thread_ts=ts(1)), written(4, "b", thread_ts=ts(1))]))
    assert found.counted() == {"added": 2, "edited": 0, "deleted": 1}
    assert [entry.facts.get("thread_ts") for entry in await entries(desk, incident) if entry.text in ("a", "b")] == [ts(1), ts(1)]


async def test_words_of_another_channel_are_never_called_deleted(desk: Desk, incident: Incident) -> None:
    elsewhere = Post("C0ELSE", "U0ANA", ts(1), "kept from elsewhere", NOON)
    await desk.run(timeline.keep_message, incident.id, desk.id_of("ana"), elsewhere)
    assert not (await heal(desk, HistoryPage([written(5, spoken=False)])))[0]


async def test_a_channel_that_cannot_be_read_does_not_hold_up_the_next(desk: Desk, incident: Incident) -> None:
    other = await desk.declare(title="Search is slow", token="u")
    await desk.run(lambda work: incident_rows.mark_channel(work.tx, other.id, Purpose.INCIDENT, channel_id="C0INC2"))
    poll = await claim(desk)
    refused = SendError("Slack refuses", code="channel_not_found", permanent=True)
    await desk.run(healing.leave_out, poll, await next_step(desk, poll), refused)
    assert (await next_step(desk, await claim(desk))).reading.channel_id == "C0INC2"


async def test_a_place_that_slack_forgot_has_the_channel_read_from_its_start(desk: Desk, incident: Incident) -> None:
    await heal(desk, HistoryPage([written(9)], cursor="next"))
    poll = await claim(desk)
    step = await next_step(desk, poll)
    assert step.reading.next_cursor == "next"
    await desk.run(healing.leave_out, poll, step, SendError("Slack refuses", code="invalid_cursor", permanent=True))
    again = (await next_step(desk, await claim(desk))).reading
    assert (again.channel_id, again.next_cursor) == (CHANNEL, None)


async def test_a_limit_closes_the_gate_of_that_method_and_nothing_is_asked_behind_it(desk: Desk, incident: Incident) -> None:
    poll = await claim(desk)
    limit = SendError("slow down", code="ratelimited", retry_after=timedelta(seconds=60), gate="slack:conversations.replies")
    await desk.run(polls.fail, RULE, poll, limit)
    await desk.run(polls.make_due, [RULE])
    assert await desk.run(polls.claim, RULE, "desk", LEASE) is None
    assert await desk.read(lambda work: polls.due(work, [RULE, PHONES])) == ["receipts"]


async def test_phones_are_asked_in_a_hurry_while_a_page_is_alive_only(desk: Desk, incident: Incident) -> None:
    poll = await desk.run(polls.claim, PHONES, "desk", LEASE)
    assert poll is not None
    await desk.run(lambda work: poll_rows.mark_polled(work.tx, poll, None, timedelta(seconds=50)))
    assert await desk.read(lambda work: polls.due(work, [PHONES])) == ["receipts"]
    await desk.acknowledge(incident, "tim")
    assert await desk.read(lambda work: polls.due(work, [PHONES])) == []


async def test_a_reply_is_taken_once_whichever_way_it_comes(desk: Desk, incident: Incident) -> None:
    await desk.send_pages()
    reply = Received("SM1", TIM, "1", NOON)
    assert await desk.run(polls.take_reply, reply)
    assert not await desk.run(polls.take_reply, reply)
    assert (await desk.incident(incident)).acknowledged_by == desk.id_of("tim")
    answers = [message for message in await desk.claim() if message.page_id is None]
    assert [(message.words["to"], message.words["body"][:5]) for message in answers] == [(TIM, "INC-1")]
