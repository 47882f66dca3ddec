"""Whatever is done to a sample, its source reads it, or says in a sentence that the whole of it cannot be understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import SourceKind
from bot.errors import Malformed
from bot.sources import SOURCES
from bot.sources.forms import decode, form_of
from bot.sources.samples import load
from bot.sources.source import Delivery, Form
from tests.sources.deliveries import RECEIVED_AT

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    2**63,
    "",
    " ",
    "\x00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-11-20T22:05:00+99:99",
    "\u202eevil <!channel> <script>alert(1)</script>",
    "javascript:alert(1)",
    "👩‍👩‍👧" * 300,
    "x" * 100_000,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"b": [1, "c"]}},
    ["x", 1, {}],
)
KINDS = pytest.mark.parametrize("kind", list(SourceKind), ids=lambda kind: kind.value)


def sample_of(kind: SourceKind, state: str = "firing") -> Delivery | None:
    sample = load(kind, state, RECEIVED_AT, "secret")
    if sample is None:
        return None
    payload = decode(form_of(sample.method, sample.content_type) or Form.JSON, sample.content_type, sample.query, sample.body)
    headers = {name.lower(): value for name, value in sample.headers.items()}
    return Delivery(
        source=kind.value,
        payload=payload,
        body=sample.body,
        received_at=RECEIVED_AT,
        method=sample.method,
        tail=sample.tail,
        content_type=sample.content_type,
        query=sample.query,
        headers={name: headers[name] for name in SOURCES[kind].keeps if name in headers},
    )


def paths(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places in a payload, its own first."""
    yield here
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from paths(child, (*here, step))


def changed(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    """The payload with something else in a place; ``...`` takes it away."""
    if not path:
        return to
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and to is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], to)
    return copy


def check(reading: Reading) -> None:
    """What every reading promises to whoever takes it in."""
    for alert in reading.alerts:
        assert alert.fingerprint and len(alert.fingerprint) <= 200
        assert alert.title and len(alert.title) <= 200
        assert alert.starts_at is None or 2000 <= alert.starts_at.year < 2100
        assert alert.url is None or alert.url.startswith(("http://", "https://"))
        assert "\x00" not in alert.title
        for texts in (alert.labels, alert.annotations):
            assert all(isinstance(name, str) and isinstance(text, str) and "\x00" not in text for name, text in texts.items())
    orjson.dumps([(alert.title, alert.fingerprint, dict(alert.labels), dict(alert.annotations), alert.url) for alert in reading.alerts])


def try_to_read(kind: SourceKind, delivery: Delivery) -> None:
    try:
        reading = SOURCES[kind].read(delivery)
    except Malformed as error:
        assert str(error).strip()
        return
    check(reading)


@KINDS
@pytest.mark.parametrize("state", ["firing", "resolved"])
def test_one_odd_thing_anywhere_is_read_or_said_to_be_unreadable(kind: SourceKind, state: str) -> None:
    delivery = sample_of(kind, state)
    if delivery is None:
        return
    for path in paths(delivery.payload):
        for odd in (..., *ODD):
            if path or odd is not ...:
                try_to_read(kind, delivery._replace(payload=changed(delivery.payload, path, odd)))


@KINDS
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_several_odd_things_at_once_are_read_or_said_to_be_unreadable(kind: SourceKind, data: st.DataObject) -> None:
    delivery = sample_of(kind)
    assert delivery is not None
    payload = delivery.payload
    for _ in range(data.draw(st.integers(1, 6))):
        path = data.draw(st.sampled_from(list(paths(payload))))
        odd = data.draw(st.one_of(st.sampled_from(ODD), st.text(max_size=40), st.integers(), st.just(...) if path else st.nothing()))
        payload = changed(payload, path, odd)
    tail = data.draw(st.sampled_from([delivery.tail, "", "a/b/c", "v2/alerts/%00/close"]))
    try_to_read(kind, delivery._replace(payload=payload, tail=tail, headers={} if data.draw(st.booleans()) else delivery.headers))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def same(alert: Alert) -> tuple[str, AlertStatus, str]:
    return alert.fingerprint, alert.status, alert.title


SEVERAL: dict[SourceKind, tuple[str | int, ...]] = {
    SourceKind.ALERTMANAGER: ("alerts",),
    SourceKind.PROMETHEUS: (),
    SourceKind.GRAFANA: ("alerts",),
    SourceKind.UPDOWN: (),
    SourceKind.GENERIC: ("alerts",),
}
"""The kinds of which one delivery may hold several alerts, and where in it they stand."""


@pytest.mark.parametrize("kind", SEVERAL, ids=lambda kind: kind.value)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_good_alert_beside_odd_ones_is_never_lost(kind: SourceKind, data: st.DataObject) -> None:
    delivery = sample_of(kind)
    assert delivery is not None
    if isinstance(delivery.payload, dict) and SEVERAL[kind] not in list(paths(delivery.payload))[1:]:
        delivery = delivery._replace(payload={"alerts": [delivery.payload]} if SEVERAL[kind] else [delivery.payload])
    (good,) = SOURCES[kind].read(delivery).alerts
    entries = at(delivery.payload, SEVERAL[kind])
    odd = []
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(paths(entries[0]))))
        odd.append(changed(entries[0], path, data.draw(st.sampled_from(ODD))))
    place = data.draw(st.integers(0, len(odd)))
    mixed = [*odd[:place], entries[0], *odd[place:]]
    reading = SOURCES[kind].read(delivery._replace(payload=changed(delivery.payload, SEVERAL[kind], mixed)))
    check(reading)
    assert same(good) in [same(alert) for alert in reading.alerts]
    assert len(reading.alerts) == len(mixed)
