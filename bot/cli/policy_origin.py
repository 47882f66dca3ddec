"""A policy in effect as YAML, and behind every value where it came from: a line of a file, or the default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from bot.domain.policy_checks import Path
from bot.domain.policy_file import Places, PolicyFile

_COLUMN = 56
_PLAIN = re.compile(r"(?:[A-Za-z](?:[\w ./@-]*[\w/])?|(?:\d+[dhms])+)\Z", re.ASCII)
_MEAN_OTHERS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML takes for something else than a text."""
Rows = Iterator[tuple[str, str]]
"""Lines of YAML, each with what is said behind it."""


def render(opened: PolicyFile, *, origin: bool) -> str:
    """The whole policy; with ``origin``, where each value came from stands behind it as a comment."""
    dumped = json.loads(opened.policy.to_json())
    rows = _map(_children(opened.policy, dumped, (), opened.places, known=True), "")
    return "".join(f"{line:<{_COLUMN}}  # {where}\n" if origin and where else f"{line}\n" for line, where in rows)


class _Node:
    """A value of the policy: how it is dumped, and where it came from (None: a default)."""

    def __init__(self, value: Any, dumped: Any, path: Path, places: Places, *, known: bool) -> None:
        self._value, self._path, self._places, self._known = value, path, places, known
        self.dumped = dumped

    @property
    def where(self) -> str:
        """The file and the line, or the word for a default."""
        found = self._places.find(self._places.written(self._path)) if self._known else None
        return "default" if found is None else f"{found[0]}:{found[1]}"

    @property
    def flat(self) -> bool:
        """Whether it is printed in one line."""
        if isinstance(self.dumped, dict):
            return not self.dumped
        return not isinstance(self.dumped, list) or not any(isinstance(one, dict) and one for one in self.dumped)

    def children(self) -> dict[str | int, _Node]:
        """What is in it, by name or place."""
        return _children(self._value, self.dumped, self._path, self._places, known=self._known)


def _children(value: Any, dumped: Any, path: Path, places: Places, *, known: bool) -> dict[str | int, _Node]:
    if isinstance(value, BaseModel):
        return {name: _field(value, name, dumped[name], path, places, known=known) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _Node(one, dumped[str(key)], (*path, str(key)), places, known=known) for key, one in value.items()}
    return {place: _Node(one, dumped[place], (*path, place), places, known=known) for place, one in enumerate(value)}


def _field(model: BaseModel, name: str, dumped: Any, path: Path, places: Places, *, known: bool) -> _Node:
    alias = type(model).model_fields[name].alias
    written = alias if alias is not None and (*places.written(path), alias) in places.lines else name
    return _Node(getattr(model, name), dumped, (*path, written), places, known=known and name in model.model_fields_set)


def _map(children: Mapping[str | int, _Node], indent: str) -> Rows:
    for key, node in children.items():
        name = f"{indent}{_scalar(key)}:"
        if node.flat:
            yield f"{name} {_scalar(node.dumped)}", node.where
        else:
            yield name, ""
            inner = node.children()
            yield from _map(inner, f"{indent}  ") if isinstance(node.dumped, dict) else _list(inner, f"{indent}  ")


def _list(children: Mapping[str | int, _Node], indent: str) -> Rows:
    for node in children.values():
        if node.flat:
            yield f"{indent}- {_scalar(node.dumped)}", node.where
            continue
        rows = _map(node.children(), f"{indent}  ")
        line, where = next(rows)
        yield f"{indent}- {line.removeprefix(f'{indent}  ')}", where
        yield from rows


def _scalar(value: Any) -> str:
    """A value in one line, in quotes where YAML would take it for something else."""
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and _PLAIN.match(value) and value.casefold() not in _MEAN_OTHERS:
        return value
    return json.dumps(value, ensure_ascii=False)
