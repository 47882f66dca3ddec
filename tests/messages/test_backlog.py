"""Words that waited, said in one message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.policy import Zone
from bot.messages import backlog
from bot.messages.backlog import Said
from bot.messages.texts import literal

AT = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
ZONES = (Zone(zone="America/Los_Angeles", label="PT"), Zone(zone="UTC", label="UTC"))


def waiting(count: int, words: str = "word", blocks: int = 1) -> list[Said]:
    shown = [literal(words)] * blocks
    return [Said(AT + timedelta(minutes=place), {"text": f"{words} {place}", "blocks": shown}) for place in range(count)]


def test_every_word_stands_in_its_order_with_its_time() -> None:
    words = backlog.joined(waiting(3), AT + timedelta(minutes=9), ZONES)
    why = "3 messages that could not be posted at their time, from 14:05 PT / 22:05 UTC to 14:07 PT / 22:07 UTC:"
    assert words["text"].splitlines() == [why, *[f"14:0{5 + n} PT / 22:0{5 + n} UTC: word {n}" for n in range(3)]]
    assert [block["type"] for block in words["blocks"]] == ["section", *["context", "section"] * 3]


def test_a_word_of_half_a_day_ago_carries_its_date() -> None:
    assert "2026-11-20 14:05 PT" in backlog.joined(waiting(2), AT + timedelta(days=1), ZONES)["text"]


def test_a_message_that_stands_for_several_takes_in_more_without_standing_in_itself() -> None:
    whole = backlog.joined(waiting(3), AT, ZONES)
    assert backlog.said(whole, AT) == waiting(3)
    assert backlog.said({"text": "alone"}, AT) == [Said(AT, {"text": "alone"})]


def test_words_without_blocks_are_shown_all_the_same() -> None:
    words = backlog.joined([Said(AT, {"text": "bare"}), *waiting(1)], AT, ZONES)
    assert words["blocks"][2]["text"]["text"] == "bare"


@pytest.mark.parametrize(("words", "blocks"), [("word", 1), ("word", 7), ("x" * 2_900, 1), ("y" * 800, 2)])
def test_one_message_holds_no_more_than_slack_takes(words: str, blocks: int) -> None:
    given = waiting(60, words, blocks)
    count = backlog.fitting(given)
    assert 1 <= count < 60
    made = backlog.joined(given[:count], AT, ZONES)
    assert len(made["blocks"]) <= 50
    assert sum(len(block["text"]["text"]) for block in made["blocks"] if "text" in block) <= 11_000


def test_a_word_that_fills_a_message_alone_is_joined_with_none() -> None:
    assert backlog.fitting(waiting(2, "z" * 9_500)) == 0
