"""Rows to nouns: a row of a table becomes the frozen dataclass or tuple of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

from sqlalchemy import Column, Row, RowMapping, Table

Noun = TypeVar("Noun")


@cache
def _readers(noun: type[Any]) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    return tuple((name, _enum_in(hint)) for name, hint in get_type_hints(noun).items())


def _enum_in(hint: Any) -> Callable[[Any], Any] | None:
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind
    return None


def as_noun(noun: type[Noun], row: RowMapping) -> Noun:
    """The row as ``noun``: fields by name, words that stand for an enumeration as its members."""
    values = {
        name: reader(row[name]) if reader is not None and row[name] is not None else row[name] for name, reader in _readers(cast(Any, noun))
    }
    return noun(**values)


def as_nouns(noun: type[Noun], rows: Iterable[RowMapping]) -> list[Noun]:
    """Every row as ``noun``, in order."""
    return [as_noun(noun, row) for row in rows]


def columns_of(noun: type[Any], table: Table) -> list[Column[Any]]:
    """The columns of a table that are fields of ``noun``, in their order, to be read by ``by_place``."""
    return [table.c[name] for name, _ in _readers(cast(Any, noun))]


def by_place(noun: type[Noun], rows: Iterable[Row[Any]]) -> list[Noun]:
    """Every row of ``columns_of`` as ``noun``, in order; of hundreds of rows in half the time that ``as_nouns`` takes."""
    enums = [(place, reader) for place, (_, reader) in enumerate(_readers(cast(Any, noun))) if reader is not None]
    found = []
    for row in rows:
        values = list(row)
        for place, reader in enums:
            values[place] = None if values[place] is None else reader(values[place])
        found.append(noun(*values))
    return found
