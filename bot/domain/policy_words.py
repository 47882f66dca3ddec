"""What is expected in a policy, in the words of who writes one: what pydantic found wrong, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from bot.domain.policy import Policy

_TIME = 'a time of the day such as "09:00"'
_MOMENT = "a moment such as 2026-12-05T20:00:00Z"
_NAMED = "names with values, such as {service: checkout}"
_EXPECTED: Mapping[str, str] = {
    "tuple_type": "a text or a list; a number or true goes in quotes",
    "string_type": "a text; a number or true goes in quotes",
    "dict_type": _NAMED,
    "mapping_type": _NAMED,
    "model_type": "names with values, such as {name: checkout}",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "timezone_aware": "a moment with its zone, such as 2026-12-05T20:00:00Z",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "date_type": "a day such as 2026-12-05",
    "date_from_datetime_parsing": "a day such as 2026-12-05",
    "time_type": _TIME,
    "time_parsing": _TIME,
    "too_short": "at least one",
}
"""What pydantic wants, by the type of its error."""
_PATTERNS: Mapping[str, str] = {
    "env:": "env:NAME, so that no secret stands in the file",
    "@": "a mail address",
    r"\.md": "the name of a file beside the policy such as queue.md",
    "https?:": "an address such as https://wiki.example.com",
    "[UW]": "a user id of Slack such as U012ABCDEF",
    r"\S": "a word without spaces",
}
"""What a text has to look like, by what its pattern has in it."""


def expected(found: Mapping[str, Any], path: tuple[str | int, ...]) -> str:
    """What was expected at the path where pydantic found that error, and what stands there."""
    given = found.get("input")
    said = "" if found["type"] == "missing" or isinstance(given, Mapping) else f", got {str(given)[:60]!r}"
    return f"{_wanted(found, path, given)}{said}"


def _wanted(found: Mapping[str, Any], path: tuple[str | int, ...], given: Any) -> str:
    kind, context = found["type"], found.get("ctx") or {}
    if kind == "missing":
        return "expected a value, and there is none"
    if kind == "extra_forbidden":
        return f"expected no such field{meant(path[-1], _fields_beside(path))}"
    if kind == "enum":
        words = str(context["expected"])
        return f"expected one of {words}{meant(given, words.replace(' or ', ', ').replace(chr(39), '').split(', '))}"
    if kind == "tuple_type" and isinstance(given, str):
        return f"expected a list, such as [{given[:40]}]"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    if kind == "value_error":
        return str(context.get("error", found["msg"])).split(", got ")[0]
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return f"expected {next((words for part, words in _PATTERNS.items() if part in pattern), 'letters, digits and - only')}"
    return f"expected {str(found['msg']).removeprefix('Input should be ').removeprefix('a valid ')}"


def meant(given: Any, known: Iterable[str]) -> str:
    """A question about what is named nearly like that; nothing where nothing is."""
    near = get_close_matches(str(given), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _fields_beside(path: tuple[str | int, ...]) -> list[str]:
    """The fields that may stand where the path ends, as a policy writes them."""
    model: type[BaseModel] | None = Policy
    for part in path[:-1]:
        fields = {} if model is None else {field.alias or name: field for name, field in model.model_fields.items()}
        if part in fields:
            model = next(iter(_models_in(fields[str(part)].annotation)), None)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _models_in(hint: Any) -> list[type[BaseModel]]:
    own = [hint] if isinstance(hint, type) and issubclass(hint, BaseModel) else []
    return own + [model for inner in get_args(hint) for model in _models_in(inner)]
