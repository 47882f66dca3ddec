"""JSON in columns: what orjson refuses is kept all the same."""

from __future__ import annotations

from typing import Any

import pytest

from bot.store import json_text


@pytest.mark.parametrize("value", [{"title": "Ünïcode", "count": 3, "none": None}, "\ud83d half a pair", {"number": 2**70}, [1.5, True]])
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert json_text.read(json_text.write(value)) == value


def test_a_key_that_is_no_text_becomes_one_as_json_has_it() -> None:
    assert json_text.read(json_text.write({1: "one"})) == {"1": "one"}
