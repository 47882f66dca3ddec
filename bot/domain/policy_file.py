"""Reading a policy from YAML: a wrong one names file, line, field and what was expected; a file may extend another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.domain.policy import Policy
from bot.domain.policy_checks import Path, cross_check
from bot.domain.policy_words import expected
from bot.errors import MusterError

Read = Callable[[str], tuple[str, str]]
"""Gives the label and the text of the file that a name or a path stands for; raises FileNotFoundError.

A path is its own label. What lies beside something that has another name, such as a shipped policy, is read as ``NAME/FILE``.
"""
_LONGEST_TEXT = 100_000
_MOST_FIELDS = 50_000
"""Of one file: more than a policy can need, and few enough to be read at once however its aliases multiply."""


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One thing that is wrong: where it stands, and what was expected there."""

    file: str
    line: int | None
    field: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.expected}" if self.field else f"{place}: {self.expected}"


class PolicyError(MusterError):
    """A policy is wrong; one problem a line."""

    def __init__(self, problems: Iterable[PolicyProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Places:
    """Where every field came from: its path to file and line (counted from 1).

    ``names`` are the names by which the files were read, ``order`` the places in the file of the severities of the policy.
    """

    lines: Mapping[Path, tuple[str, int]]
    file: str
    names: Mapping[str, str]
    order: tuple[int, ...] = ()

    def written(self, path: Path) -> Path:
        """The path in the file of a path in the policy, whose severities are sorted by their ranks."""
        if len(path) < 2 or path[0] != "severities" or not isinstance(path[1], int) or path[1] >= len(self.order):
            return path
        return ("severities", self.order[path[1]], *path[2:])

    def find(self, path: Path) -> tuple[str, int] | None:
        """The file and the line of a field, or of what it stands in; None when no file says anything of it."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known)

    def problem(self, path: Path, wanted: str) -> PolicyProblem:
        """What was expected at that path."""
        file, line = self.find(path) or (self.file, 1)
        return PolicyProblem(file, line, _dotted(path), wanted)

    def beside(self, path: Path, name: str) -> str:
        """The name by which to read a file in the folder of the file that has the field."""
        label, _ = self.find(path) or (self.file, 1)
        own = self.names.get(label, label)
        if own != label:
            return f"{own}/{name}"
        folder = PurePath(label).parent
        return str(folder / name) if folder.is_absolute() else f"./{folder / name}"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy that can be used, and where everything in it came from."""

    policy: Policy
    places: Places

    def note(self, path: Path, sentence: str) -> str:
        """A sentence about a path in the policy, behind its file and line."""
        file, line = self.places.find(self.places.written(path)) or (self.places.file, 1)
        return f"{file}:{line}: {sentence}"


def load_policy(name: str, read: Read) -> Policy:
    """The policy of that name or path, with what it extends; raises PolicyError. It is either whole or not there at all."""
    return open_policy(name, read).policy


def open_policy(name: str, read: Read) -> PolicyFile:
    """The policy of that name or path, with what it extends and the texts of its runbooks; raises PolicyError."""
    data, places = _load(name, read, ())
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        found = [dict(one) for one in error.errors()]
        raise PolicyError(_problem(places, one, data) for one in found if not _follows(one, found)) from error
    ranks = [int(severity["rank"]) for severity in data["severities"]]
    places = replace(places, order=tuple(sorted(range(len(ranks)), key=ranks.__getitem__)))
    problems = [places.problem(places.written(path), wanted) for path, wanted in cross_check(policy)]
    policy = _with_texts(policy, places, read, problems)
    if problems:
        raise PolicyError(problems)
    return PolicyFile(policy, places)


def _with_texts(policy: Policy, places: Places, read: Read, problems: list[PolicyProblem]) -> Policy:
    """The policy with the content of its runbooks' files; what cannot be read is added to the problems."""
    texts = {}
    for key, runbook in policy.runbooks.items():
        if runbook.file is None or runbook.text:
            continue
        path = ("runbooks", key, "file")
        try:
            _, texts[key] = read(places.beside(path, runbook.file))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(places.problem(path, f"expected a text beside the policy that can be read: {error}"))
        if len(texts.get(key, "")) > _LONGEST_TEXT:
            problems.append(places.problem(path, f"expected a text of at most {_LONGEST_TEXT} characters"))
    runbooks = {key: one.model_copy(update={"text": texts.get(key, one.text)}) for key, one in policy.runbooks.items()}
    return policy.model_copy(update={"runbooks": runbooks}) if texts else policy


def _load(name: str, read: Read, seen: tuple[str, ...]) -> tuple[dict[str, Any], Places]:
    try:
        file, text = read(name)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError([PolicyProblem(name, None, "", str(error) or "there is no such policy")]) from error
    data, lines = _parse(file, text)
    parent, seen = data.pop("extends", None), (*seen, name)
    places = Places(lines, file, {file: name})
    if parent is None:
        return data, places
    if str(parent) in seen:
        chain = " → ".join((*seen, str(parent)))
        raise PolicyError([places.problem(("extends",), f"the chain {chain} goes round; expected a policy that does not extend this one")])
    try:
        base, below = _load(str(parent), read, seen)
    except PolicyError as error:
        raise PolicyError(
            places.problem(("extends",), p.expected) if p.file == str(parent) and not p.line else p for p in error.problems
        ) from error
    kept = {**_kept(below.lines, data), **lines}
    return _merged(base, data), Places(kept, file, {**below.names, **places.names})


def _parse(file: str, text: str) -> tuple[dict[str, Any], dict[Path, tuple[str, int]]]:
    try:
        node = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise PolicyError([PolicyProblem(file, line, "", f"expected YAML: {error.problem}")]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise PolicyError([PolicyProblem(file, None, "", f"expected YAML: {str(error)[:200]}")]) from error
    if not isinstance(node, Mapping):
        raise PolicyError([PolicyProblem(file, 1, "", "expected names and values, such as name: acme")])
    try:
        lines = {path: (file, line) for path, line in islice(_lines(node, ()), _MOST_FIELDS + 1)}
    except RecursionError as error:
        raise PolicyError([PolicyProblem(file, None, "", "expected YAML whose aliases do not nest so deep")]) from error
    if len(lines) > _MOST_FIELDS:
        raise PolicyError([PolicyProblem(file, None, "", f"expected at most {_MOST_FIELDS} fields, those behind aliases counted in")])
    plain = _plain(node)
    assert isinstance(plain, dict), "a mapping stays one"
    return plain, lines


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    return next((kind(node) for kind in (int, float, str) if isinstance(node, kind)), str(node))


def _lines(node: Any, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            own = node.lc.data or {}  # type: ignore[attr-defined]
            yield (*path, str(key)), own[key][0] + 1 if key in own else node.lc.line + 1  # type: ignore[attr-defined]
            yield from _lines(value, (*path, str(key)))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield (*path, place), node.lc.item(place)[0] + 1  # type: ignore[attr-defined]
            yield from _lines(value, (*path, place))


def _merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _kept(lines: Mapping[Path, tuple[str, int]], top: Mapping[str, Any]) -> dict[Path, tuple[str, int]]:
    """The parent's places but for what the child replaced."""
    replaced = set(_replaced(top, ()))
    return {path: place for path, place in lines.items() if not any(path[:length] in replaced for length in range(1, len(path) + 1))}


def _replaced(top: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for key, value in top.items():
        if isinstance(value, Mapping):
            yield from _replaced(value, (*path, key))
        else:
            yield (*path, key)


def _problem(places: Places, found: Mapping[str, Any], data: Mapping[str, Any]) -> PolicyProblem:
    path = tuple(part for part in found["loc"] if part not in ("[key]",))
    if path[-1:] == ("during",) and isinstance(found.get("input"), str):
        known = ", ".join(map(str, data.get("windows") or {})) or "none yet"
        return places.problem(path, f"expected a window of this policy ({known}), got {found['input'][:60]!r}")
    return places.problem(path, expected(found, path))


def _follows(found: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list is only called too short because something in it is wrong, which is said already."""
    inside = (other["loc"][: len(found["loc"])] == found["loc"] and len(other["loc"]) > len(found["loc"]) for other in others)
    return found["type"] == "too_short" and any(inside)


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
