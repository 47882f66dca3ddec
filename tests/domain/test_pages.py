"""Replies are read forgivingly (complaint 9), and short codes are never given twice while alive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pages import CODES, Answer, Reply, next_code, parse_reply

ACK, UP = Answer.ACKNOWLEDGE, Answer.ESCALATE


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("7", Reply(ACK, 7)),
        (" 7 ", Reply(ACK, 7)),
        ("ack 7", Reply(ACK, 7)),
        ("7a", Reply(ACK, 7)),
        ("1 a", Reply(ACK, 1)),
        ("'7'", Reply(ACK, 7)),
        ("#7", Reply(ACK, 7)),
        ("Ack", Reply(ACK)),
        ("Ack 4 ", Reply(ACK, 4)),
        ("ACKNOWLEDGED", Reply(ACK)),
        ("7E", Reply(UP, 7)),
        ("7 e", Reply(UP, 7)),
        ("escalate 12", Reply(UP, 12)),
        ("e", Reply(UP)),
        ("STOP", Reply(Answer.OPT_OUT)),
        ("unsubscribe", Reply(Answer.OPT_OUT)),
        ("start", Reply(Answer.OPT_IN)),
        ("", Reply(Answer.UNCLEAR)),
        ("hello", Reply(Answer.UNCLEAR)),
        ("1;resolve", Reply(Answer.UNCLEAR)),
        ("a7e", Reply(Answer.UNCLEAR)),
        ("🙈", Reply(Answer.UNCLEAR)),
    ],
)
def test_a_reply_means_what_its_writer_meant(text: str, reply: Reply) -> None:
    assert parse_reply(text) == reply


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert parse_reply(text).answer in Answer


@given(st.one_of(st.none(), st.integers(1, CODES)), st.frozensets(st.integers(1, CODES)))
def test_a_new_code_is_not_alive(last: int | None, taken: frozenset[int]) -> None:
    assert next_code(last, taken) not in taken


def test_codes_go_round_before_one_is_used_again() -> None:
    seen, last = [], None
    for _ in range(CODES):
        last = next_code(last, frozenset())
        seen.append(last)
    assert sorted(seen) == list(range(1, CODES + 1))
