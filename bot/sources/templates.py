"""Bodies that people write themselves from a monitor's variables: whatever the fields are called, and whatever was left unfilled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.sources.labels import is_secret_name
from bot.sources.source import Delivery

MUSTACHE = re.compile(r"(?:\{{2,3}[^{}]*\}{2,3}[\s,]*)+")
"""A text that is still a variable in double braces, or several of them, as many monitors write them."""
_DEEP = 2


def fields_of(payload: Any, unfilled: re.Pattern[str], deep: int = _DEEP) -> dict[str, Any]:
    """What a body says, by names without case, underscores and dots (``alert_id`` and ``alert: {id: …}`` are both ``alertid``).

    A text that is still a variable (``unfilled``) is left out, and so is what is empty; ``deep`` counts the levels below the body's own.
    """
    return {name: value for name, value in _walk(payload, "", deep) if value not in (None, "") and not _is_unfilled(value, unfilled)}


def unwrapped(payload: Mapping[str, Any], unfilled: re.Pattern[str], wrappers: tuple[str, ...]) -> dict[str, Any]:
    """What a body says, and what its objects ``wrappers`` say also under their own names, unless one is taken; their ``id`` is not ours."""
    fields = fields_of(payload, unfilled)
    for inner in (fields_of(payload.get(name), unfilled) for name in wrappers):
        fields = {name: value for name, value in inner.items() if name != "id"} | fields
    return fields


def layers_of(payload: Mapping[str, Any], unfilled: re.Pattern[str], wrappers: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """What a body says, from outside to inside: its own names, also those of its objects (``alert.id``), and all of it, unwrapped."""
    return fields_of(payload, unfilled, 0), fields_of(payload, unfilled), unwrapped(payload, unfilled, wrappers)


def outermost(layers: Iterable[Mapping[str, Any]], *names: str) -> Any:
    """The value of the first of the names in the first layer that has one, so that what stands deeper overrules nothing; None without."""
    return next((value for layer in layers if (value := first(layer, *names)) is not None), None)


def _walk(value: Any, before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, item in value.items() if isinstance(value, Mapping) else ():
        plain = before + "".join(letter for letter in str(name).casefold() if letter.isalnum())
        yield plain, item
        if depth:
            yield from _walk(item, plain, depth - 1)


def _is_unfilled(value: Any, unfilled: re.Pattern[str]) -> bool:
    return isinstance(value, str) and unfilled.fullmatch(value.strip()) is not None


def first(fields: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of the names that is there; None when none is."""
    return next((fields[name] for name in names if name in fields), None)


def untouched(delivery: Delivery, unfilled: re.Pattern[str], monitor: str) -> str:
    """Why a delivery is no alert when the monitor filled nothing into its template, in a sentence; nothing when body or query say anything.

    What is not there at all is no template: at least one text has to be a variable still.
    """
    said = [value for value in _leaves([delivery.query, delivery.payload]) if value not in (None, "")]
    if not said or not all(_is_unfilled(value, unfilled) for value in said):
        return ""
    return f"Every field is still a variable or empty: {monitor} filled nothing in, so this is no alert."


def _leaves(value: Any) -> Iterator[Any]:
    """What stands in lists and objects, however deep, but for the secrets that a sender is known by."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting += [inner for name, inner in item.items() if not is_secret_name(str(name))]
        elif isinstance(item, list):
            waiting += item
        else:
            yield item
