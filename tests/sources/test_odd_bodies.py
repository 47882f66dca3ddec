"""No body breaks a source, whatever stands in its fields: what cannot be understood is Malformed, or an alert that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import Malformed
from bot.sources import SOURCES
from bot.sources.source import Delivery, Source
from tests.sources.deliveries import PAYLOADS, RECEIVED_AT

WORDS: list[Any] = ["", "\x00\ud800", "[1,", "{}", "http://[bad", "x" * 5000, "2026-13-45T99:99"]
ODD: list[Any] = [*WORDS, None, True, 0, -1, 10**25, 1e308, [], {}, [None], [[]], {"": None}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything inside a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in entries:
        yield (*path, step)
        yield from places(item, (*path, step))


def replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """A copy of the value with something else at the path."""
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], odd)
    return copy


def bodies(source: Source) -> list[Any]:
    return [json.loads(path.read_bytes()) for path in sorted((PAYLOADS / source.kind.value).glob("*.json"))] or [{}]


@pytest.mark.parametrize("source", SOURCES.values(), ids=[kind.value for kind in SOURCES])
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_field_is_only_malformed_is_raised(source: Source, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(bodies(source)))
    for _ in range(data.draw(st.integers(1, 3))):
        body = replaced(body, data.draw(st.sampled_from([*places(body), ()])), data.draw(st.sampled_from(ODD)))
    try:
        reading = source.read(Delivery("shop", body, b"{}", RECEIVED_AT))
    except Malformed as error:
        assert str(error)
        return
    assert all(alert.fingerprint and alert.title and "\n" not in alert.title for alert in reading.alerts)
    assert all(note.fingerprint and note.text for note in reading.notes)
    assert all(reading.ignored)
