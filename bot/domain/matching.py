"""Matchers: names with globs, of which one has to match the whole of a value (complaint 18)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import translate
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), WithJsonSchema(_ONE_OR_MORE)]
WORDS = frozenset({"title", "text"})
"""What of an alert is prose: its globs match whatever the case."""
_REMEMBERED = 256
_Found = TypeVar("_Found")
Matcher = Mapping[str, Names]
Tests = tuple[tuple[str, bool, tuple[Callable[[str], bool], ...]], ...]
"""A matcher made ready: each name, whether it is prose, and the tests of its globs, of which one has to pass."""


@lru_cache(16)
def _fold(prose: str) -> str:
    return prose.casefold()


@lru_cache(4096)
def _test(glob: str) -> Callable[[str], bool]:
    """What tells whether a value matches: words between stars in their order, which no pattern finds as quickly."""
    if "?" in glob or "[" in glob:
        pattern = re.compile(translate(glob))
        return lambda value: pattern.match(value) is not None
    return _plain_test(glob.split("*"))


def _plain_test(parts: Sequence[str]) -> Callable[[str], bool]:
    if len(parts) == 1:
        return lambda value: value == parts[0]
    if len(parts) == 2 and not parts[1]:
        return lambda value: value.startswith(parts[0])
    if parts[0]:
        return lambda value: _are_in(value, parts)
    first = parts[1]  # of most texts not even this is said, and that is known at once
    return lambda value: first in value and _are_in(value, parts)


def _are_in(value: str, parts: Sequence[str]) -> bool:
    """Whether the value begins with the first part, ends with the last and has the others between them, in their order."""
    if not value.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return value.endswith(parts[-1]) and len(value) - len(parts[-1]) >= at


def tests_of(match: Matcher) -> Tests:
    """The matcher made ready."""
    plain = {name: tuple(map(_fold, globs)) if name in WORDS else tuple(globs) for name, globs in match.items()}
    return tuple((name, name in WORDS, tuple(map(_test, globs))) for name, globs in plain.items())


def passes(tests: Tests, values: Mapping[str, str]) -> bool:
    """Whether they pass, in plain loops: every alert goes through here for every route and every system."""
    for name, prose, any_of in tests:
        value = values.get(name)
        if value is None:
            return False
        if prose:
            value = _fold(value)
        for test in any_of:
            if test(value):
                break
        else:
            return False
    return True


def matches(match: Matcher, values: Mapping[str, str]) -> bool:
    """Whether every named value is there and one of its globs matches the whole of it (complaint 18)."""
    return passes(tests_of(match), values)


def remembering(find: Callable[[Mapping[str, str]], _Found], names: Iterable[str]) -> Callable[[Mapping[str, str]], _Found]:
    """``find``, which looks at the values of those names alone, remembered by them: in a storm they are the same time after time."""
    looked_at = sorted(set(names))

    @lru_cache(_REMEMBERED)
    def found(*said: str | None) -> _Found:
        return find({name: value for name, value in zip(looked_at, said, strict=True) if value is not None})

    return lambda values: found(*map(values.get, looked_at))


def _as_matchers(value: Any) -> Any:
    return (value,) if isinstance(value, Mapping) else value


class Matching(BaseModel):
    """What names the alerts that are about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Annotated[tuple[Matcher, ...], BeforeValidator(_as_matchers)] = Field(
        min_length=1, description="The alerts that are about it; one of the matchers is enough"
    )

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether the alert with those values is about it."""
        return any(map(passes, self._tests, repeat(values)))

    @cached_property
    def _tests(self) -> tuple[Tests, ...]:
        return tuple(tests_of(matcher) for matcher in self.match)
