"""What the timeline missed, told from history: any gap is healed once, and nothing that is still there is called deleted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.healing import HistoryPage, Known, Missed, Reading, Stretch, Written, missed, order

T0 = 1_780_000_000


def ts(number: int) -> str:
    return f"{T0 + number}.{number:06d}"


def known(number: int, text: str = "as it was", *, thread: int | None = None, deleted: bool = False, seq: int = 1) -> Known:
    return Known(ts(number), text, deleted, ts(number if thread is None else thread), seq)


def written(number: int, text: str = "as it was", *, edited: bool = False, gone: bool = False, spoken: bool = True) -> Written:
    return Written(ts(number), "U0ANA", text, spoken=spoken, edited=edited, gone=gone)


def test_a_message_that_nobody_told_us_is_added() -> None:
    found = missed([known(1)], Stretch([written(3), written(2), written(1)]), as_of=1)
    assert [message.ts for message in found.added] == [ts(2), ts(3)]
    assert not found.edited
    assert not found.deleted


def test_words_of_bots_and_lines_of_slack_are_not_added() -> None:
    assert not missed([], Stretch([written(1, spoken=False), written(2, gone=True)]), as_of=0)


def test_an_edit_is_told_by_its_mark_and_its_text() -> None:
    shown = [written(1, "changed", edited=True), written(2, edited=True), written(3, "formatted otherwise")]
    assert [message.ts for message in missed([known(1), known(2), known(3)], Stretch(shown), as_of=1).edited] == [ts(1)]


def test_words_that_were_erased_do_not_come_back_by_an_edit() -> None:
    assert not missed([replace(known(1), text=None)], Stretch([written(1, "changed", edited=True)]), as_of=1)


def test_what_is_missing_between_two_messages_was_deleted() -> None:
    assert missed([known(1), known(2), known(3)], Stretch([written(3), written(1)]), as_of=1).deleted == (ts(2),)


def test_what_lies_outside_of_what_was_read_was_not_deleted() -> None:
    stretch = Stretch([written(3)], after=ts(2), before=ts(4))
    assert not missed([known(1), known(2), known(3), known(4)], stretch, as_of=1)


def test_a_reply_is_not_missed_in_the_channel_but_in_its_thread() -> None:
    reply, parent = known(2, thread=1), replace(written(1), replies=1)
    assert not missed([known(1), reply], Stretch([parent]), as_of=1)
    assert missed([known(1), reply], Stretch([written(1)], thread_ts=ts(1)), as_of=1).deleted == (ts(2),)


def test_replies_are_gone_with_a_parent_that_left_no_trace() -> None:
    assert set(missed([known(1), known(2, thread=1)], Stretch([written(9)]), as_of=1).deleted) == {ts(1), ts(2)}


def test_a_parent_that_left_its_place_behind_was_deleted_alone() -> None:
    parent = replace(written(1, gone=True), replies=1)
    assert missed([known(1), known(2, thread=1)], Stretch([parent]), as_of=1).deleted == (ts(1),)


def test_the_last_reply_of_a_thread_is_missed_by_its_count() -> None:
    assert missed([known(1), known(2, thread=1)], Stretch([written(1)]), as_of=1).deleted == (ts(2),)


def test_a_message_of_another_place_is_never_called_deleted() -> None:
    assert not missed([replace(known(1), thread_ts=None)], Stretch([written(2, spoken=False)]), as_of=1)


def test_what_an_event_said_meanwhile_is_newer_than_what_was_read() -> None:
    fresh = [known(1, "newest", seq=8), known(2, seq=9)]
    assert not missed(fresh, Stretch([written(1, "older", edited=True)]), as_of=7)


def test_an_empty_answer_deletes_nothing() -> None:
    reading = Reading(channels=("C1",)).begun([])
    assert not missed([known(1)], reading.stretch(HistoryPage(())), as_of=1)


def test_what_slack_hides_on_its_free_plan_was_not_deleted() -> None:
    reading = Reading(channels=("C1",)).begun([])
    assert not missed([known(1)], reading.stretch(HistoryPage([written(5)], limited=True)), as_of=1).deleted


def test_a_usual_reading_ends_a_day_before_the_newest_message() -> None:
    day = 24 * 3600
    reading = Reading(channels=("C1",)).begun([known(3 * day)])
    assert reading.after(HistoryPage([written(3 * day), written(2 * day + 10)], "more")).channel_id == "C1"
    assert reading.after(HistoryPage([written(3 * day), written(2 * day - 10)], "more")).channel_id is None


def test_a_thread_is_read_again_when_it_changed() -> None:
    parent = replace(written(1, spoken=False), latest_reply=ts(2), replies=1)
    reading = Reading(channels=("C1",)).begun([]).after(HistoryPage([parent]))
    assert reading.thread_ts == ts(1)
    again = reading.after(HistoryPage([parent, written(2)])).of(["C1"], whole=False).begun([])
    assert again.after(HistoryPage([parent])).channel_id is None
    assert again.after(HistoryPage([replace(parent, latest_reply=ts(3), replies=2)])).thread_ts == ts(1)
    whole = again.of(["C1"], whole=True).begun([])
    assert whole.after(HistoryPage([parent])).thread_ts == ts(1)


@dataclass
class Channel:
    """A channel as Slack holds it, and a timeline that heard of a part of what happened there."""

    top: dict[str, Written] = field(default_factory=dict)
    threads: dict[str, dict[str, Written]] = field(default_factory=dict)
    held: dict[str, Known] = field(default_factory=dict)

    def read(self, reading: Reading, size: int) -> HistoryPage:
        if reading.thread_ts is None:
            items = sorted((self._shown(message) for message in self.top.values()), key=lambda m: order(m.ts), reverse=True)
        else:
            items = [self._shown(self.top[reading.thread_ts]), *sorted(self.threads[reading.thread_ts].values(), key=lambda m: order(m.ts))]
        start = int(reading.next_cursor or 0)
        return HistoryPage(items[start : start + size], str(start + size) if start + size < len(items) else None)

    def _shown(self, message: Written) -> Written:
        replies = self.threads.get(message.ts, {})
        return replace(message, replies=len(replies), latest_reply=max(replies, key=order, default=None))

    def write_down(self, found: Missed) -> None:
        for message in found.added:
            self.held[message.ts] = Known(message.ts, message.text, False, message.thread_ts or message.ts, 1)
        for message in found.edited:
            self.held[message.ts] = replace(self.held[message.ts], text=message.text)
        for gone in found.deleted:
            assert not self.held[gone].deleted, "deleted once"
            self.held[gone] = replace(self.held[gone], deleted=True)

    def truth(self) -> dict[str, str]:
        every = [*self.top.values(), *(message for thread in self.threads.values() for message in thread.values())]
        return {message.ts: message.text for message in every if message.spoken and not message.gone}

    def told(self) -> dict[str, str | None]:
        return {message.ts: message.text for message in self.held.values() if not message.deleted}


FATES = st.lists(
    st.tuples(
        st.booleans(),  # the event was heard
        st.sampled_from(["stays", "edited", "deleted"]),
        st.booleans(),  # it starts a thread
        st.booleans(),  # a bot wrote it
    ),
    max_size=14,
)


def channel_of(fates: list[tuple[bool, str, bool, bool]]) -> Channel:
    channel, parent = Channel(), None
    channel.top[ts(0)] = written(0, spoken=False)
    for number, (heard, fate, starts, bot) in enumerate(fates, start=1):
        message = written(number, spoken=not bot)
        if not starts and parent is not None:
            message = replace(message, thread_ts=parent)
        if heard and not bot:
            channel.held[message.ts] = Known(message.ts, message.text, False, message.thread_ts or message.ts, 1)
        place = channel.top if message.thread_ts is None else channel.threads.setdefault(message.thread_ts, {})
        if message.thread_ts is None:
            parent = message.ts
        if fate == "edited":
            place[message.ts] = replace(message, text="changed", edited=True)
        elif fate == "stays" or (fate == "deleted" and message.thread_ts is None and starts):
            place[message.ts] = replace(message, gone=fate == "deleted")
        elif message.thread_ts is None:
            parent = None
    return channel


@given(FATES, st.integers(1, 5))
def test_a_whole_reading_heals_any_gap_and_a_second_one_finds_nothing(fates: list[tuple[bool, str, bool, bool]], size: int) -> None:
    channel = channel_of(fates)
    brought = []
    for _ in range(2):
        reading, found_any = Reading().of(["C1"], whole=True), False
        while reading.channel_id is not None:
            reading = Reading.model_validate(reading.begun(channel.held.values()).model_dump(mode="json"))
            page = channel.read(reading, size)
            found = missed(channel.held.values(), reading.stretch(page), as_of=1)
            channel.write_down(found)
            found_any = found_any or bool(found)
            reading = reading.after(page)
        assert channel.told() == channel.truth()
        brought.append(found_any)
    assert not brought[1]


@given(FATES, st.integers(1, 5))
def test_a_usual_reading_says_nothing_that_is_not_so(fates: list[tuple[bool, str, bool, bool]], size: int) -> None:
    channel = channel_of(fates)
    reading = Reading().of(["C1"], whole=False)
    before = channel.told()
    while reading.channel_id is not None:
        reading = reading.begun(channel.held.values())
        page = channel.read(reading, size)
        channel.write_down(missed(channel.held.values(), reading.stretch(page), as_of=1))
        reading = reading.after(page)
    truth = channel.truth()
    assert {message for message in before if message in truth} <= set(channel.told())
