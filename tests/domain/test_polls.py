"""The inbox of a number: what is new in a listing, however often and however late it is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.polls import Inbox, Received

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def received(sid: str, minutes: float | None = 0, text: str = "1") -> Received:
    return Received(sid, "+14155550101", text, None if minutes is None else NOON + timedelta(minutes=minutes))


def sids(messages: list[Received]) -> list[str]:
    return [message.sid for message in messages]


def test_what_was_seen_is_not_new_again() -> None:
    listed = [received("SM1"), received("SM2")]
    inbox = Inbox(since=NOON).after(listed, NOON)
    assert sids(inbox.unseen([*listed, received("SM3"), received("SM3")])) == ["SM3"]


def test_what_was_sent_before_we_listened_is_not_for_us() -> None:
    assert sids(Inbox(since=NOON).unseen([received("SM1", -1), received("SM2", 1), received("SM3", None)])) == ["SM2", "SM3"]


def test_what_twilio_answers_itself_is_not_for_us() -> None:
    assert sids(
        Inbox(since=NOON).unseen([received("SM1", text=" Help "), received("SM2", text="info"), received("SM3", text="helped")])
    ) == ["SM3"]


def test_after_downtime_the_days_of_the_downtime_are_listed() -> None:
    inbox = Inbox(since=NOON)
    assert inbox.day == date(2026, 11, 20)
    assert sids(inbox.unseen([received("SM1", 60 * 24 * 3)])) == ["SM1"]


def test_midnight_hides_nothing() -> None:
    inbox = Inbox(since=NOON).after([], datetime(2026, 11, 21, 0, 10, tzinfo=UTC))
    assert inbox.day == date(2026, 11, 20)


def test_a_clock_that_was_set_back_brings_nothing_up_again() -> None:
    assert Inbox(since=NOON).after([], NOON - timedelta(days=2)).since == NOON


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 50)), max_size=20), st.lists(st.integers(1, 90), max_size=30))
def test_every_message_is_new_exactly_once(sent: list[tuple[int, int]], waits: list[int]) -> None:
    """Messages are listed up to 50 minutes after they were sent, by whole days; we ask at any pace."""
    listed_at = [(at + late, received(f"SM{number}", at)) for number, (at, late) in enumerate(sent)]
    inbox, now, taken = Inbox(since=NOON), 0, list[str]()
    for wait in [*waits, 700]:
        now += wait
        moment = NOON + timedelta(minutes=now)
        listed = [message for at, message in listed_at if at <= now and message.sent_at is not None and message.sent_at.date() >= inbox.day]
        taken += sids(inbox.unseen(listed))
        inbox = Inbox.model_validate(inbox.after(listed, moment).model_dump(mode="json"))
    assert sorted(taken) == sorted(f"SM{number}" for number in range(len(sent)))
