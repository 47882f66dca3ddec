"""Reading a policy from YAML: a wrong one names file, line, field and what was expected; a file may extend another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.domain.heartbeats import unheard
from bot.domain.own import OWN
from bot.domain.policy import Policy
from bot.domain.routing import Channel, Matcher
from bot.errors import MusterError

Read = Callable[[str], tuple[str, str]]
"""Gives the label and the text of the file that a name or a path stands for; raises FileNotFoundError."""
Path = tuple[str | int, ...]
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TIME = 'a time of the day such as "09:00"'
_EXPECTED: Mapping[str, str] = {
    "tuple_type": "a text or a list; a number or true goes in quotes",
    "string_type": "a text; a number or true goes in quotes",
    "dict_type": "names with values, such as {service: checkout}",
    "mapping_type": "names with values, such as {service: checkout}",
    "model_type": "names with values, such as {name: checkout}",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "timezone_aware": "a moment with its zone, such as 2026-12-05T20:00:00Z",
    "datetime_type": "a moment such as 2026-12-05T20:00:00Z",
    "datetime_parsing": "a moment such as 2026-12-05T20:00:00Z",
    "datetime_from_date_parsing": "a moment such as 2026-12-05T20:00:00Z",
    "time_type": _TIME,
    "time_parsing": _TIME,
    "too_short": "at least one",
}
"""What pydantic wants, in the words of who writes a policy."""


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
class _Places:
    """Where every field came from: its path to file and line (counted from 1)."""

    lines: dict[Path, tuple[str, int]]
    file: str

    def problem(self, path: Path, expected: str) -> PolicyProblem:
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        file, line = self.lines.get(known, (self.file, 1))
        return PolicyProblem(file, line, _dotted(path), expected)


def load_policy(name: str, read: Read) -> Policy:
    """The policy of that name or path, with what it extends; raises PolicyError."""
    data, places = _load(name, read, ())
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        found = [dict(one) for one in error.errors()]
        raise PolicyError(_problem(places, one) for one in found if not _follows(one, found)) from error
    problems = [places.problem(path, expected) for path, expected in _cross_check(policy, data)]
    if problems:
        raise PolicyError(problems)
    return policy


def _load(name: str, read: Read, seen: tuple[str, ...]) -> tuple[dict[str, Any], _Places]:
    if name in seen:
        raise PolicyError([PolicyProblem(seen[-1], None, "extends", f"the chain {' → '.join((*seen, name))} goes round")])
    try:
        file, text = read(name)
    except FileNotFoundError as error:
        raise PolicyError([PolicyProblem(name, None, "", str(error) or "there is no such policy")]) from error
    data, lines = _parse(file, text)
    parent = data.pop("extends", None)
    if parent is None:
        return data, _Places(lines, file)
    base, places = _load(str(parent), read, (*seen, name))
    merged = _merged(base, data)
    return merged, _Places({**_kept(places.lines, data), **lines}, file)


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
    lines = {path: (file, line) for path, line in _lines(node, ())}
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
            yield (*path, str(key)), node.lc.key(key)[0] + 1  # type: ignore[attr-defined]
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
    """The parent's places but for lists that the child replaced."""
    replaced = {key for key, value in top.items() if not isinstance(value, Mapping)}
    return {path: place for path, place in lines.items() if path[0] not in replaced}


def _problem(places: _Places, found: Mapping[str, Any]) -> PolicyProblem:
    path = tuple(part for part in found["loc"] if part not in ("[key]",))
    whole = isinstance(found.get("input"), Mapping)
    given = "" if found["type"] == "missing" or whole else f", got {str(found.get('input'))[:60]!r}"
    return places.problem(path, f"{_expected(found)}{given}")


def _follows(found: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list is only called too short because something in it is wrong, which is said already."""
    inside = (other["loc"][: len(found["loc"])] == found["loc"] and len(other["loc"]) > len(found["loc"]) for other in others)
    return found["type"] == "too_short" and any(inside)


def _expected(found: Mapping[str, Any]) -> str:
    kind, context = found["type"], found.get("ctx") or {}
    if kind == "missing":
        return "expected a value, and there is none"
    if kind == "extra_forbidden":
        return "expected no such field"
    if kind == "enum":
        return f"expected one of {context['expected']}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    if kind == "value_error":
        return str(context.get("error", found["msg"])).split(", got ")[0]
    if kind == "string_pattern_mismatch" and "env:" in str(context.get("pattern")):
        return "expected env:NAME, so that no secret stands in the file"
    return f"expected {str(found['msg']).removeprefix('Input should be ').removeprefix('a valid ')}"


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _cross_check(policy: Policy, data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    yield from _check_severities(policy, data)
    yield from _check_names(policy)
    yield from _check_sources(policy)
    yield from _check_heartbeats(policy)
    phones = Counter(person.phone for person in policy.people.values() if person.phone)
    for key, person in policy.people.items():
        if person.phone and phones[person.phone] > 1:
            yield ("people", key, "phone"), "expected a number of its own: replies could not be told apart"


def _check_severities(policy: Policy, data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    ranks: set[int] = set()
    for place, raw in enumerate(data["severities"]):
        names = [str(raw["label"]), *(str(alias) for alias in raw.get("aliases") or ())]
        for name in names:
            if name.casefold() in seen:
                yield ("severities", place), f"expected labels and aliases that are there once, {name!r} is there twice"
            seen.add(name.casefold())
        if int(raw["rank"]) in ranks:
            yield ("severities", place, "rank"), f"expected a rank of its own, {raw['rank']} is there twice"
        ranks.add(int(raw["rank"]))
    wanted: list[tuple[Path, str]] = [(("default_severity",), policy.default_severity)]
    wanted += [(("routes", place, "severity"), route.severity or "") for place, route in enumerate(policy.routes)]
    wanted += [(("systems", key, "severity"), system.severity or "") for key, system in policy.systems.items()]
    wanted += [(("heartbeats", name, "severity"), rule.severity or "") for name, rule in policy.heartbeats.items()]
    for path, label in wanted:
        if label and policy.find_severity(label) is None:
            yield path, f"expected one of {', '.join(s.label for s in policy.severities)}, got {label!r}"


def _check_names(policy: Policy) -> Iterator[tuple[Path, str]]:
    known = set(policy.people) | set(policy.groups)
    for name in set(policy.people) & set(policy.groups):
        yield ("groups", name), "expected a name that no person has"
    uses: list[tuple[Path, str]] = [(("invite",), name) for name in policy.invite]
    uses += [(("chain", place, "who"), name) for place, level in enumerate(policy.chain) for name in level.who]
    for path, name in uses:
        if name not in known:
            yield path, f"expected people or groups of this policy, got {name!r}"
    people: list[tuple[Path, str]] = [(("groups", group), name) for group, names in policy.groups.items() for name in names]
    people += [(("tokens", place, "person"), token.person) for place, token in enumerate(policy.tokens) if token.person]
    people += [(("routes", place, "owner"), route.owner) for place, route in enumerate(policy.routes) if route.owner]
    people += [(("systems", key, "owner"), system.owner) for key, system in policy.systems.items() if system.owner]
    for path, name in people:
        if name not in policy.people:
            yield path, f"expected somebody of people, got {name!r}"


def _check_sources(policy: Policy) -> Iterator[tuple[Path, str]]:
    for name in policy.sources:
        if not name.replace("-", "").isalnum() or name != name.lower() or not name.isascii() or len(name) > 64 or name in ("receipts", OWN):
            yield ("sources", name), f"expected a name of a-z, 0-9 and -, at most 64 characters, that is neither receipts nor {OWN}"
    for key in policy.systems:
        if not _KEY.fullmatch(key):
            yield ("systems", key), "expected a name of a-z, 0-9 and -, at most 64 characters"
    for path, match in _matchers(policy):
        for glob in match.get("source", ()):
            if not set(glob) & set("*?[") and glob not in policy.sources and glob != OWN:
                yield (*path, "source"), f"expected a source of this policy or {OWN}, got {glob!r}"
        for glob in match.get("channel", ()):
            if not set(glob) & set("*?[") and glob not in tuple(Channel):
                yield (*path, "channel"), f"expected one of {', '.join(Channel)}, got {glob!r}"


def _check_heartbeats(policy: Policy) -> Iterator[tuple[Path, str]]:
    routed = {route.heartbeat: place for place, route in enumerate(policy.routes) if route.heartbeat is not None}
    for name in policy.heartbeats:
        if not _KEY.fullmatch(name):
            yield ("heartbeats", name), "expected a name of a-z, 0-9 and -, at most 64 characters"
    for name in unheard(policy.heartbeats, routed):
        yield ("heartbeats", name), "expected secret: env:NAME, unsigned: true, or a route with action: heartbeat that names it"
    for name, place in routed.items():
        if name not in policy.heartbeats:
            yield ("routes", place, "heartbeat"), f"expected a heartbeat of this policy, got {name!r}"


def _matchers(policy: Policy) -> Iterator[tuple[Path, Matcher]]:
    for place, route in enumerate(policy.routes):
        yield ("routes", place, "match"), route.match
    for key, system in policy.systems.items():
        for place, match in enumerate(system.match):
            yield ("systems", key, "match", place), match
