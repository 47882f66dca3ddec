"""JSON that travels as a text inside a delivery."""

from __future__ import annotations

import pytest

from bot.errors import Malformed
from bot.sources.fields import text_of
from bot.sources.labels import tags_of
from bot.sources.nested import DEPTH, parse, parsed


@pytest.mark.parametrize("text", ["[1, 2", "[" * 900 + "]" * 900, "plain", 7])
def test_text_that_is_no_json_or_too_deep_stays_as_it_is(text: object) -> None:
    assert parsed(text) == text


def test_a_list_or_object_in_a_text_is_read_and_a_bare_value_is_not() -> None:
    assert parsed(' {"a": [1]}') == {"a": [1]}
    assert parsed("7") == "7"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": ', "payload: the JSON is broken at line 1"),
        ('"\ud800"', "payload: the JSON is broken"),
        ("[" * (DEPTH + 2) + "]" * (DEPTH + 2), "payload: the JSON is nested deeper than 64"),
    ],
)
def test_a_text_that_cannot_be_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse(text, "payload")


def test_nothing_that_is_nested_too_deeply_breaks_a_reading() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert text_of(deep) == "(nested too deeply to be shown)"
    assert tags_of("[" * 900 + "]" * 900) == {"tags": "[" * 200}
