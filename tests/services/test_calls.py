"""What a call and a link do: a key or a button answers, being picked up does not (B4, C5)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.incidents import Incident
from bot.domain.outbox import Receipt
from bot.domain.pages import Page, PageState
from bot.domain.timeline import EntryKind
from bot.services import calls, deliveries, replies, resolutions
from bot.services.calls import Acknowledged, Linked, Spoken
from bot.services.replies import Button
from bot.store import timeline
from tests.policies import TIM, calling_by, make_policy
from tests.services.desk import LEASE, Desk, open_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """A house whose P0 calls."""
    async with open_desk(database_url, make_policy(**calling_by("voice"))) as opened:
        yield opened


async def first_page(desk: Desk, incident: Incident) -> Page:
    return (await desk.pages(incident))[0]


async def press(desk: Desk, page: Page, digits: str, asked: int = 0, sid: str = "CA1") -> Spoken:
    spoken: Spoken = await desk.run(calls.press, page.id, digits, sid, asked)
    return spoken


async def look(desk: Desk, page: Page) -> Linked | None:
    found: Linked | None = await desk.read(lambda work: calls.linked_page(work, page.id))
    return found


async def rung(desk: Desk) -> tuple[Incident, Page]:
    """An incident whose first call was placed, as ``SM`` and the page's id."""
    incident = await desk.declare()
    assert await desk.send_pages() == [TIM]
    return incident, await first_page(desk, incident)


async def test_a_call_says_what_is_broken_and_asks_for_a_key(desk: Desk) -> None:
    _, page = await rung(desk)
    assert await desk.read(lambda work: calls.voice_words(work, page.id)) == Spoken("P0. Incident 1. Checkout returns 500.", asks=True)


async def test_one_acknowledges_and_the_road_stands_in_the_incident(desk: Desk) -> None:
    incident, page = await rung(desk)
    spoken = await press(desk, page, "1")
    assert spoken == Spoken("incident 1: you acknowledged it and the ringing has stopped. Post an update in its channel next.")
    now = await desk.incident(incident)
    assert (now.acknowledged_by, now.acknowledged_via) == (desk.id_of("tim"), "voice call")
    assert await desk.running(incident) == []
    assert any("acknowledged by Tim by voice call" in text for text in await desk.said(incident))


async def test_two_rings_the_next_level_at_once_and_acknowledges_nothing(desk: Desk) -> None:
    incident, page = await rung(desk)
    spoken = await press(desk, page, "2")
    assert "next level" in spoken.words
    assert not spoken.asks
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]
    assert (await desk.incident(incident)).acknowledged_at is None


@pytest.mark.parametrize(("digits", "said"), [("", "No key was pressed."), ("9", "That key means nothing here."), ("*", "That key")])
async def test_a_wrong_key_or_none_is_asked_again_twice_and_acknowledges_nothing(desk: Desk, digits: str, said: str) -> None:
    incident, page = await rung(desk)
    answers = [await press(desk, page, digits, asked) for asked in range(3)]
    assert [answer.asks for answer in answers] == [True, True, False]
    assert all(answer.words.startswith(said) for answer in answers[:2])
    assert "Nothing is acknowledged" in answers[2].words
    assert (await desk.incident(incident)).acknowledged_at is None
    assert (await first_page(desk, incident)).state is PageState.SENT
    audit = await desk.read(lambda work: timeline.list_audit(work.tx, 20))
    assert [entry.facts["why"] for entry in audit if entry.kind is EntryKind.REPLY_REFUSED] == ["wrong key" if digits else "no key"] * 3


async def test_a_call_is_answered_once_whatever_is_pressed_after_that(desk: Desk) -> None:
    incident, page = await rung(desk)
    first = await press(desk, page, "1")
    assert await press(desk, page, "1") == first
    assert await press(desk, page, "2") == first
    assert (await desk.entries(incident)).count(EntryKind.ACKNOWLEDGED) == 1
    assert await desk.rung(incident) == [(0, "tim")]


async def test_a_call_that_is_picked_up_too_late_says_who_was_first_and_asks_nothing(desk: Desk) -> None:
    incident, page = await rung(desk)
    await desk.acknowledge(incident, "ana")
    spoken = await desk.read(lambda work: calls.voice_words(work, page.id))
    assert spoken == Spoken("incident 1 was acknowledged by Ana at 14:05 PT / 22:05 UTC. You need not do anything.")
    assert (await press(desk, page, "")).asks is False
    assert "by Ana" in (await press(desk, page, "2", sid="CA2")).words
    assert (await desk.incident(incident)).acknowledged_by == desk.id_of("ana")


async def test_a_call_after_the_resolution_does_nothing_and_says_so(desk: Desk) -> None:
    incident, page = await rung(desk)
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    assert "not waiting for an answer" in (await press(desk, page, "1")).words
    assert (await desk.incident(incident)).acknowledged_at is None


async def test_a_call_of_a_page_that_is_not_known_says_goodbye(desk: Desk) -> None:
    assert not (await desk.read(lambda work: calls.voice_words(work, "01NOBODY"))).asks
    assert (await desk.run(calls.press, "01NOBODY", "1", "CA1")).asks is False


async def test_somebody_whose_access_was_taken_cannot_acknowledge_by_a_key(desk: Desk) -> None:
    incident, page = await rung(desk)
    data = calling_by("voice")
    data["people"]["tim"]["access"] = "viewer"
    await desk.activate(make_policy(**data))
    assert "viewer" in (await press(desk, page, "1")).words
    assert len(await desk.running(incident)) == 1


@pytest.mark.parametrize(
    ("status", "answered_by", "why"),
    [
        ("busy", None, "the line is busy"),
        ("no-answer", None, "nobody picked up"),
        ("failed", None, "could not be put through"),
        ("canceled", None, "could not be put through"),
        ("completed", "machine_start", "a machine picked up"),
        ("in-progress", "machine_end_beep", "a machine picked up"),
        ("completed", "fax", "a machine picked up"),
    ],
)
async def test_who_was_not_reached_makes_the_chain_go_on_at_once(desk: Desk, status: str, answered_by: str | None, why: str) -> None:
    incident, page = await rung(desk)
    for _ in range(2):
        await desk.run(calls.call_ended, f"SM{page.id}", status, answered_by)
    assert (await first_page(desk, incident)).state is PageState.FAILED
    assert any(why in text for text in await desk.said(incident))
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]
    assert (await desk.incident(incident)).acknowledged_at is None


@pytest.mark.parametrize("answered_by", [None, "human", "unknown"])
async def test_a_call_that_was_taken_without_a_key_leaves_the_page_alive_until_its_ring_is_over(
    desk: Desk, answered_by: str | None
) -> None:
    incident, page = await rung(desk)
    for status in ("queued", "ringing", "in-progress", "completed", "frobnicated"):
        await desk.run(calls.call_ended, f"SM{page.id}", status, answered_by)
    assert (await first_page(desk, incident)).state is PageState.DELIVERED
    assert (await desk.entries(incident)).count(EntryKind.PAGE_DELIVERED) == 1
    await desk.travel(minutes=2)
    assert await desk.rung(incident) == [(0, "tim"), (2, "tim")]


async def test_a_call_that_was_over_before_it_was_written_down_is_matched_afterwards(desk: Desk) -> None:
    incident = await desk.declare()
    [message] = await desk.claim()
    await desk.run(calls.call_ended, "CA7", "no-answer", None)
    assert message.id in await desk.run(deliveries.prepare, [message], LEASE)
    await desk.run(deliveries.record, message, Receipt("CA7", {}))
    assert (await first_page(desk, incident)).state is PageState.FAILED
    assert await desk.rung(incident) == [(0, "ana"), (0, "ben"), (0, "tim")]


async def test_a_call_that_took_no_keys_is_answered_by_text(desk: Desk) -> None:
    incident, _ = await rung(desk)
    assert "you acknowledged it" in str(await desk.reply(TIM, "ack"))
    assert (await desk.incident(incident)).acknowledged_via == "SMS"


async def test_a_link_acknowledges_once_and_says_so_the_second_time(desk: Desk) -> None:
    await desk.activate(make_policy(**calling_by("email")))
    incident = await desk.declare()
    page = await first_page(desk, incident)
    assert page.address == "tim@example.com"
    for _ in range(2):
        assert await look(desk, page) == Linked("INC-1", "P0", "Checkout returns 500")
    first = await desk.run(calls.acknowledge_by_link, page.id)
    assert first == Acknowledged("INC-1: you acknowledged it and the ringing has stopped. Post an update in its channel next.", done=True)
    assert (await desk.incident(incident)).acknowledged_via == "e-mail link"
    over = "INC-1 was acknowledged by Tim at 14:05 PT / 22:05 UTC. You need not do anything."
    assert await desk.run(calls.acknowledge_by_link, page.id) == Acknowledged(over, ended=True)
    assert (await desk.entries(incident)).count(EntryKind.ACKNOWLEDGED) == 1
    assert (await look(desk, page)) == Linked("INC-1", "P0", "Checkout returns 500", over)


async def test_a_link_to_nothing_does_nothing(desk: Desk) -> None:
    assert await desk.read(lambda work: calls.linked_page(work, "01NOBODY")) is None
    assert await desk.run(calls.acknowledge_by_link, "01NOBODY") is None


@pytest.mark.parametrize("answer", ["ack", "{}", "a {}"])
async def test_whatsapp_answers_as_a_text_does_and_its_road_is_kept(desk: Desk, answer: str) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    incident = await desk.declare()
    page = await first_page(desk, incident)
    assert "you acknowledged it" in str(await desk.reply(f"whatsapp:{TIM}", answer.format(page.code)))
    assert (await desk.incident(incident)).acknowledged_via == "WhatsApp"


@pytest.mark.parametrize(
    ("payload", "text"), [("ack:INC-1", "Acknowledge"), ("", "Acknowledge"), ("{}", "Bestätigen"), ("acknowledge", "")]
)
async def test_a_button_acknowledges_the_page_under_which_it_stands(desk: Desk, payload: str, text: str) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    first, second = await desk.declare("One", token="a"), await desk.declare("Two", token="b")
    await desk.send_pages()
    page = await first_page(desk, first)
    button = Button(payload.format(page.code), text, f"SM{page.id}")
    answer = await desk.run(replies.receive, f"whatsapp:{TIM}", text, button)
    assert "INC-1: you acknowledged it" in str(answer)
    assert [(await desk.incident(one)).acknowledged_at is None for one in (first, second)] == [False, True]


async def test_a_button_escalates(desk: Desk) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    incident = await desk.declare()
    await desk.send_pages()
    page = await first_page(desk, incident)
    answer = await desk.run(replies.receive, f"whatsapp:{TIM}", "Escalate", Button("", "Escalate", f"SM{page.id}"))
    assert "next level" in str(answer)
    assert (await desk.incident(incident)).acknowledged_at is None


async def test_a_button_under_somebody_elses_page_acts_on_nothing_of_theirs(desk: Desk) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    first = await desk.declare("One", token="a")
    await desk.travel(minutes=4)
    await desk.send_pages()
    of_ana = next(page for page in await desk.pages(first) if page.person_id == desk.id_of("ana"))
    second = await desk.declare("Two", token="b")
    answer = await desk.run(replies.receive, f"whatsapp:{TIM}", "Acknowledge", Button("", "Acknowledge", f"SM{of_ana.id}"))
    assert str(answer).startswith("Which one?")
    assert [(await desk.incident(one)).acknowledged_at for one in (first, second)] == [None, None]


async def test_a_code_that_is_typed_says_more_than_the_message_it_is_typed_under(desk: Desk) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    first, second = await desk.declare("One", token="a"), await desk.declare("Two", token="b")
    await desk.send_pages()
    under, meant = await first_page(desk, first), await first_page(desk, second)
    await desk.run(replies.receive, f"whatsapp:{TIM}", str(meant.code), Button(under=f"SM{under.id}"))
    assert [(await desk.incident(one)).acknowledged_at is None for one in (first, second)] == [True, False]


async def test_stop_by_whatsapp_moves_on_and_leaves_texts_allowed(desk: Desk) -> None:
    await desk.activate(make_policy(**calling_by("whatsapp")))
    incident = await desk.declare()
    await desk.send_pages()
    assert await desk.reply(f"whatsapp:{TIM}", "STOP") is None
    pages = [(page.road, page.state) for page in await desk.pages(incident) if page.address == TIM]
    assert pages == [("whatsapp", PageState.FAILED), ("sms", PageState.PENDING)]


async def test_stop_by_text_does_not_end_a_call(desk: Desk) -> None:
    incident, _ = await rung(desk)
    await desk.reply(TIM, "STOP")
    assert (await first_page(desk, incident)).state is PageState.SENT


@pytest.mark.parametrize("text", ["", "👍", "決済", "ok!" * 5000, "\u202e7", "٧" * 400, "\x00", "x" * 20000])
async def test_whatever_is_written_is_answered_in_one_short_sentence(desk: Desk, text: str) -> None:
    incident, _ = await rung(desk)
    for sender in (TIM, f"whatsapp:{TIM}"):
        answer = await desk.reply(sender, text)
        assert answer is not None
        assert len(answer) <= 306
    assert (await desk.incident(incident)).acknowledged_at is None
