"""The JSON schema of a policy file, as an editor completes and checks with it: what people may write, short forms included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from bot.domain.durations import format_short
from bot.domain.policy import Policy
from bot.domain.severity import Road, Span

_PROMISES = re.compile(r" \((?:[A-Z]\d{1,2}(?:, |-)?)+(?:, complaint \d+)?\)")
_ISO_SPAN = re.compile(r"^P(?:\d+D)?(?:T[\dHMS.]+)?$")
_SPANS: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_SPAN: Mapping[str, Any] = TypeAdapter(Span).json_schema()
_TEXT = {"type": "string"}
_CLOCK = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$", "examples": ["09:00"]}
_SHORT: Mapping[str, Any] = {
    "ClockRule": _SPAN,
    "Section": _TEXT,
    "RoadStep": {
        "anyOf": [
            {"enum": [road.value for road in Road]},
            {
                "type": "object",
                "properties": {road.value: _SPAN for road in Road},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]
    },
    "SourceKind": _TEXT,
    "Day": _TEXT,
    "RouteAction": {"const": "join"},
}
"""What may stand in place of the whole, by the name of the definition."""
_ONE_OR_MORE = (("CheckRule", "match"), ("System", "match"), ("Window", "days"))
COMPUTED: Mapping[tuple[str, str], str] = {("ClockRule", "warn"): "80 % of `breach`"}
"""The fields that are worked out where they are not written, and from what."""


def plain(text: str, code: str = "") -> str:
    """A docstring as people read it: without the ids of promises, and with ``code`` around what is code."""
    return " ".join(_PROMISES.sub("", text).replace("``", code).split())


def schema() -> dict[str, Any]:
    """The schema of a policy file, in the draft that editors understand."""
    whole = Policy.model_json_schema(mode="validation")
    for part in _parts(whole):
        _tidy(part, whole["$defs"])
    _merge(whole)
    for name, field in _ONE_OR_MORE:
        many = whole["$defs"][name]["properties"][field]
        many["anyOf"] = [many["items"], {key: many.pop(key) for key in ("type", "items", "minItems") if key in many}]
    for name, field in COMPUTED:
        whole["$defs"][name]["required"].remove(field)
    whole["$defs"]["Correlation"]["properties"]["by"] |= {
        "type": ["string", "array"],
        "items": {"type": ["string", "array"], "items": _TEXT},
    }
    whole["$defs"]["Route"]["properties"]["during"]["anyOf"].append({**_TEXT, "description": "The name of a window"})
    for name, short in _SHORT.items():
        whole["$defs"][name] = {"description": whole["$defs"][name].get("description", ""), "anyOf": [short, whole["$defs"][name]]}
    extends = {
        "extends": {**_TEXT, "description": "A shipped policy, or the path of a file, that this one changes", "examples": ["default"]}
    }
    whole["properties"] = extends | whole["properties"]
    whole["anyOf"] = [{"required": ["extends"]}, {"required": whole.pop("required")}]
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Policy of Muster", **whole}


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of the schema, the inner ones first."""
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _parts(inner)
    if isinstance(node, dict):
        yield node


def _tidy(part: dict[str, Any], kinds: Mapping[str, Any]) -> None:
    """Takes out what only Python says, and names the keys that an object may have, so that an editor offers them."""
    if isinstance(part.get("title"), str):
        del part["title"]
    if isinstance(part.get("description"), str):
        part["description"] = plain(part["description"])
    if isinstance(part.get("default"), str) and _ISO_SPAN.match(part["default"]):
        part["default"] = format_short(_SPANS.validate_python(part["default"]))
    if part.get("format") == "time":
        part |= _CLOCK
        del part["format"], part["default"]
    if isinstance(keys := part.pop("propertyNames", None), dict):
        values, named = part.pop("additionalProperties"), kinds[keys["$ref"].rpartition("/")[2]]["enum"]
        part |= {"properties": dict.fromkeys(named, values), "additionalProperties": False}


def _merge(whole: dict[str, Any]) -> None:
    """Takes out what is required of parts that may stand in the policy that this one extends."""
    for field in whole["properties"].values():
        of = field.get("additionalProperties")
        reference = of.get("$ref") if isinstance(of, dict) else field.get("$ref")
        if reference is not None:
            whole["$defs"][reference.rpartition("/")[2]].pop("required", None)
