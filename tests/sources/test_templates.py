"""Bodies that people write themselves: names, and what nobody filled in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.sources.templates import fields_of, first

UNFILLED = re.compile(r"\$[A-Z_]+")


@pytest.mark.parametrize("payload", [{"alert_id": 7}, {"ALERT_ID": 7}, {"alertId": 7}, {"alert": {"id": 7}}, {"Alert": {"Id": 7}}])
def test_a_field_is_found_however_it_is_written(payload: dict[str, Any]) -> None:
    assert fields_of(payload, UNFILLED)["alertid"] == 7


@pytest.mark.parametrize("value", ["$ALERT_ID", " $ALERT_ID ", "", None])
def test_what_was_not_filled_in_is_not_there(value: str | None) -> None:
    fields = fields_of({"alert_id": value, "id": "kept"}, UNFILLED)
    assert first(fields, "alertid", "id") == "kept"
    assert first(fields, "nothing") is None
