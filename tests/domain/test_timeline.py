"""The chain of the timeline: whatever is done to it afterwards is found, and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.timeline import GENESIS, EntryKind, TimelineEntry, entry_hash, find_flaw, words_digest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def chain(length: int) -> list[TimelineEntry]:
    entries, previous = [], GENESIS
    for seq in range(1, length + 1):
        at = NOON + timedelta(seconds=seq)
        bare = TimelineEntry(str(seq), "s", seq, None, at, at, EntryKind.NOTE, None, {"n": seq}, None, None, previous, "")
        entries.append(replace(bare, hash=entry_hash(previous, bare)))
        previous = entries[-1].hash
    return entries


def flaw(entries: list[TimelineEntry], whole: list[TimelineEntry]) -> int | None:
    found = find_flaw("s", entries, len(whole), whole[-1].hash)
    return None if found is None else found.seq


@given(st.integers(1, 12))
def test_an_untouched_chain_verifies(length: int) -> None:
    assert flaw(chain(length), chain(length)) is None


@given(st.integers(1, 12), st.data())
def test_a_changed_entry_is_named(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    changes: list[dict[str, Any]] = [
        {"kind": EntryKind.RESOLVED},
        {"actor_id": "x"},
        {"facts": {"n": 0}},
        {"at": NOON},
        {"digest": "x"},
        {"refers_to": "1"},
    ]
    changed = [*entries[:place], replace(entries[place], **data.draw(st.sampled_from(changes))), *entries[place + 1 :]]
    assert flaw(changed, entries) == place + 1


@given(st.integers(2, 12), st.data())
def test_a_removed_entry_and_a_cut_tail_are_named(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    assert flaw([*entries[:place], *entries[place + 1 :]], entries) == place + 1


def test_an_entry_that_was_added_by_hand_is_named() -> None:
    entries = chain(4)
    assert flaw(entries, entries[:3]) == 5


def test_a_digest_does_not_give_its_words_away_without_the_salt() -> None:
    assert words_digest("a", "yes") != words_digest("b", "yes")
