"""Bodies that people write themselves from a monitor's variables: whatever the fields are called, and whatever was left unfilled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MUSTACHE = re.compile(r"\{\{.*\}\}", re.DOTALL)
"""A text that is still a variable in double braces, as many monitors write them."""
_DEEP = 2


def fields_of(payload: Any, unfilled: re.Pattern[str]) -> dict[str, Any]:
    """What a body says, by names without case, underscores and dots (``alert_id`` and ``alert: {id: …}`` are both ``alertid``).

    A text that is still a variable (``unfilled``) is left out, and so is what is empty.
    """
    return {name: value for name, value in _walk(payload, "", _DEEP) if value not in (None, "") and not _is_unfilled(value, unfilled)}


def unwrapped(payload: Mapping[str, Any], unfilled: re.Pattern[str], wrappers: tuple[str, ...]) -> dict[str, Any]:
    """The same, and what stands in the objects ``wrappers`` also under its own name, unless that is taken; an ``id`` in one is not ours."""
    fields = fields_of(payload, unfilled)
    for inner in (fields_of(payload.get(name), unfilled) for name in wrappers):
        fields = {name: value for name, value in inner.items() if name != "id"} | fields
    return fields


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


def untouched(payload: Mapping[str, Any], fields: Mapping[str, Any], monitor: str) -> str:
    """Why a body is no alert when the monitor filled nothing into its template, in a sentence; nothing when it did."""
    if not payload or any(isinstance(value, str | int) for value in fields.values()):
        return ""
    return f"Every field is still a variable or empty: {monitor} filled nothing in, so this is no alert."
