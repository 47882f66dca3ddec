"""What the timeline missed while nobody listened, told from Slack's history; pure, so that it can be tried with anything (C6).

History shows the final text only, a deletion only by absence, and no time of a reaction: a :pushpin: that was set or taken away while
nobody listened is not healed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

FROM_THE_START = "0"
"""Before every message of a channel."""
LOOK_BACK_SECONDS = 24 * 3600
"""How far before the last known message a usual reading goes, for edits and deletions; one after downtime reads the whole channel."""


@dataclass(frozen=True, slots=True)
class Known:
    """A channel message that the timeline holds, as its newest entry (``seq``) left it.

    ``text`` is None once it was erased. ``thread_ts`` is the message's own ts outside of threads, None when nobody told us its place.
    """

    ts: str
    text: str | None
    deleted: bool
    thread_ts: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Written:
    """A message as history shows it, its text as Slack sends it.

    ``spoken`` by a person (no bot, no line of Slack's own); ``gone`` when only its place is left.
    """

    ts: str
    user_id: str
    text: str
    spoken: bool = True
    edited: bool = False
    gone: bool = False
    thread_ts: str | None = None
    latest_reply: str | None = None
    replies: int = 0
    files: tuple[str, ...] = ()

    @property
    def thread_mark(self) -> str:
        """What changes when its thread does."""
        return f"{self.latest_reply} {self.replies}"


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One answer of Slack: messages of a channel, newest first, or of a thread, oldest first; ``cursor`` leads to the next.

    ``limited`` when Slack hides what is older (its free plan does).
    """

    messages: Sequence[Written]
    cursor: str | None = None
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was read without a gap: every message of the channel, or of one thread, strictly between two moments (None: no end)."""

    messages: Sequence[Written]
    after: str = FROM_THE_START
    before: str | None = None
    thread_ts: str | None = None

    def covers(self, ts: str) -> bool:
        """Whether a message of that ts would have been seen."""
        return order(self.after) < order(ts) and (self.before is None or order(ts) < order(self.before))


@dataclass(frozen=True, slots=True)
class Missed:
    """What has to be written into the timeline: new messages and edits oldest first, and the ts of deleted ones."""

    added: tuple[Written, ...] = ()
    edited: tuple[Written, ...] = ()
    deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.edited or self.deleted)

    def counted(self) -> dict[str, int]:
        """How much there was of each, for a log."""
        return {"added": len(self.added), "edited": len(self.edited), "deleted": len(self.deleted)}


def order(ts: str) -> tuple[int, int]:
    """What sorts a ts exactly; as a float its last digits would be lost."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds or 0), int(fraction.ljust(6, "0")[:6] or 0)


def missed(known: Iterable[Known], stretch: Stretch, as_of: int) -> Missed:
    """What the timeline lacks of a stretch that was read after its entry ``as_of`` was written.

    A message with a newer entry is left alone: an event was faster than our reading, which may be out of date.
    """
    held = {message.ts: message for message in known}
    shown = {message.ts: message for message in sorted(stretch.messages, key=lambda message: order(message.ts))}
    settled = [message for message in held.values() if message.seq <= as_of and not message.deleted]
    return Missed(
        added=tuple(message for ts, message in shown.items() if message.spoken and not message.gone and ts not in held),
        edited=tuple(shown[message.ts] for message in settled if _was_edited(message, shown.get(message.ts))),
        deleted=tuple(message.ts for message in settled if _was_deleted(message, stretch, shown)),
    )


def _was_edited(message: Known, shown: Written | None) -> bool:
    if shown is None or shown.gone or not shown.edited:
        return False
    return message.text is not None and message.text != shown.text


def _was_deleted(message: Known, stretch: Stretch, shown: Mapping[str, Written]) -> bool:
    if message.ts in shown:
        return shown[message.ts].gone
    if message.thread_ts is None:
        return False
    if stretch.thread_ts is not None:
        return message.thread_ts == stretch.thread_ts != message.ts and stretch.covers(message.ts)
    parent = shown.get(message.thread_ts)
    return stretch.covers(message.thread_ts) if parent is None else parent.replies == 0


class Reading(BaseModel):
    """How far a reading of several channels has come, one call to Slack a step; kept in a row, so that it outlives us and any pause.

    ``channels`` are still to be read, the first one now; its ``threads`` (ts and mark) before its next page. ``edge`` is where the last
    page of the channel ended, ``thread_edge`` that of the thread. ``heard`` remembers the marks of threads that were read, by channel.
    """

    model_config = ConfigDict(frozen=True)

    channels: tuple[str, ...] = ()
    whole: bool = False
    oldest: str | None = None
    cursor: str | None = None
    edge: str | None = None
    last_page: bool = False
    threads: tuple[tuple[str, str], ...] = ()
    thread_cursor: str | None = None
    thread_edge: str = FROM_THE_START
    heard: Mapping[str, Mapping[str, str]] = {}

    @property
    def channel_id(self) -> str | None:
        """The channel to read now; None when everything was read."""
        return self.channels[0] if self.channels else None

    @property
    def thread_ts(self) -> str | None:
        """The thread to read now; None when it is the channel's turn."""
        return self.threads[0][0] if self.threads else None

    @property
    def next_cursor(self) -> str | None:
        """Where in the thread or the channel to read on."""
        return self.thread_cursor if self.threads else self.cursor

    def begun(self, known: Iterable[Known]) -> Reading:
        """The same, with the place decided at which this channel's reading will end."""
        if self.oldest is not None:
            return self
        newest = max((message.ts for message in known), key=order, default=FROM_THE_START)
        oldest = FROM_THE_START if self.whole else str(max(0, order(newest)[0] - LOOK_BACK_SECONDS))
        return self.model_copy(update={"oldest": oldest})

    def stretch(self, page: HistoryPage) -> Stretch:
        """What a page covers, told from where the one before it ended; nothing, when it is as empty as no channel of ours can be."""
        if self.thread_ts is not None:
            before = None if page.cursor is None else self._thread_edge_after(page)
            return Stretch(page.messages, self.thread_edge, before, self.thread_ts)
        edge = self._edge_after(page)
        if edge is None:
            return Stretch((), before=FROM_THE_START)
        whole = page.cursor is None and not page.limited
        return Stretch(page.messages, FROM_THE_START if whole else edge, self.edge)

    def _edge_after(self, page: HistoryPage) -> str | None:
        return min((message.ts for message in page.messages), key=order, default=self.edge)

    def _thread_edge_after(self, page: HistoryPage) -> str:
        return max((message.ts for message in page.messages if message.ts != self.thread_ts), key=order, default=self.thread_edge)

    def after(self, page: HistoryPage) -> Reading:
        """How far the reading has come with that page."""
        if self.thread_ts is not None:
            return self._after_thread(page)
        reading = self._after_channel(page)
        return reading.without_channel() if reading.last_page and not reading.threads else reading

    def _after_thread(self, page: HistoryPage) -> Reading:
        if page.cursor is not None:
            return self.model_copy(update={"thread_cursor": page.cursor, "thread_edge": self._thread_edge_after(page)})
        channel_id, (thread_ts, mark) = self.channels[0], self.threads[0]
        heard = {**self.heard, channel_id: {**self.heard.get(channel_id, {}), thread_ts: mark}}
        return self.without_thread().model_copy(update={"heard": heard})

    def _after_channel(self, page: HistoryPage) -> Reading:
        edge = self._edge_after(page)
        far_enough = edge is not None and order(edge) < order(self.oldest or FROM_THE_START)
        known = self.heard.get(self.channels[0], {})
        parents = [message for message in page.messages if message.replies and message.thread_ts in (None, message.ts)]
        threads = tuple((p.ts, p.thread_mark) for p in parents if self.whole or known.get(p.ts) != p.thread_mark)
        last_page = page.cursor is None or far_enough
        return self.model_copy(update={"cursor": page.cursor, "edge": edge, "threads": threads, "last_page": last_page})

    def without_thread(self) -> Reading:
        """The reading with its present thread left out."""
        if self.last_page and len(self.threads) == 1:
            return self.without_channel()
        return self.model_copy(update={"threads": self.threads[1:], "thread_cursor": None, "thread_edge": FROM_THE_START})

    def without_channel(self) -> Reading:
        """The reading with its present channel left out."""
        return Reading(channels=self.channels[1:], whole=self.whole, heard=self.heard)

    def again(self) -> Reading:
        """The reading with its present channel begun anew, for a place in it that Slack does not know any more."""
        return Reading(channels=self.channels, whole=self.whole, heard=self.heard)

    def of(self, channels: Sequence[str], *, whole: bool) -> Reading:
        """A new reading of those channels that remembers what is known of their threads."""
        heard = {channel_id: marks for channel_id, marks in self.heard.items() if channel_id in channels}
        return Reading(channels=tuple(channels), whole=whole, heard=heard)
