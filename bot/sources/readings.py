"""What a source makes of a body whose parts may be odd: each good part counts, and an odd one waits in the inbox with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.errors import Malformed
from bot.sources.fields import fingerprint_of, object_of, path_of, text_of
from bot.sources.labels import is_secret_name

_DEEP = 8
"""Lists and objects inside each other that are looked through for secrets; what lies deeper is not shown."""


def unreadable(source: str, place: str, reason: str, raw: Any) -> Alert:
    """The alert that stands for a part of a body that could not be understood: it waits in the inbox with its raw words and the reason."""
    return Alert(
        source=source,
        fingerprint=fingerprint_of("unreadable", place, raw if isinstance(raw, Mapping) else {"raw": raw}),
        status=AlertStatus.FIRING,
        title=f"Unreadable alert from {source}",
        starts_at=None,
        annotations={"raw": text_of(_shown(source, raw)), "place": place},
        unreadable=reason,
    )


def _shown(source: str, raw: Any, depth: int = _DEEP) -> Any:
    """What may be shown of a body: nothing that is called as a secret is, no address of ours, where one may stand, and nothing too deep."""
    if not isinstance(raw, Mapping | list):
        return None if f"/alerts/{source}" in path_of(raw) else raw
    if not depth:
        return "…"
    if isinstance(raw, list):
        return [_shown(source, item, depth - 1) for item in raw]
    hidden = "value" if is_secret_name(text_of(raw.get("name") or raw.get("key"), 200)) else None
    kept = {name: value for name, value in raw.items() if name != hidden and not is_secret_name(text_of(name, 200))}
    return {name: _shown(source, value, depth - 1) for name, value in kept.items()}


def each(source: str, entries: Iterable[Any], place: str, read: Callable[[Mapping[str, Any], str], Alert]) -> Iterator[Alert]:
    """The alerts of the entries in order; an odd entry costs none of the others and becomes an unreadable one."""
    for number, entry in enumerate(entries):
        here = f"{place}[{number}]"
        try:
            yield read(object_of(entry, here), here)
        except Malformed as error:
            yield unreadable(source, here, str(error), entry)


def guarded(source: str, place: str, raw: Any, read: Callable[[], Reading]) -> Reading:
    """What ``read`` says about a part of a body; an unreadable alert where it raises Malformed."""
    try:
        return read()
    except Malformed as error:
        return Reading(alerts=(unreadable(source, place, str(error), raw),))


def single(source: str, body: Any, alert: Callable[[], Alert]) -> Reading:
    """The one alert that a body is; an unreadable one where ``alert`` raises Malformed."""
    return guarded(source, "body", body, lambda: Reading(alerts=(alert(),)))


def joined(readings: Iterable[Reading]) -> Reading:
    """What several parts of a body say together, in their order."""
    every = list(readings)
    return Reading(
        alerts=tuple(alert for one in every for alert in one.alerts),
        notes=tuple(note for one in every for note in one.notes),
        ignored=tuple(text for one in every for text in one.ignored),
        confirm=next((one.confirm for one in every if one.confirm), None),
    )
