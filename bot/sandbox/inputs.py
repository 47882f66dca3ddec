"""What can be clicked, chosen and filled in: elements of blocks, what payloads say of them, and what Slack refuses before it sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

Blocks = Sequence[Mapping[str, Any]]
Filled = dict[str, dict[str, Any]]

_FIELDS = {
    "plain_text_input": "value",
    "url_text_input": "value",
    "email_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_PATTERNS = {
    "url_text_input": (re.compile(r"^[a-z][a-z0-9+.-]*://\S+$", re.IGNORECASE), "Enter a valid URL."),
    "email_text_input": (re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), "Enter a valid email address."),
    "timepicker": (re.compile(r"^([01]\d|2[0-3]):[0-5]\d$"), "Enter a valid time."),
    "number_input": (re.compile(r"^-?\d+(\.\d+)?$"), "Enter a number."),
}
_MISSING = "This is a required field."


def elements(blocks: Blocks) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element with the id of its block, from the top down."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if element and element.get("action_id"):
                yield str(block.get("block_id", "")), element


def find(blocks: Blocks, action_id: str, value: str | None = None) -> tuple[str, dict[str, Any]]:
    """The element with that action, the one with that value first; raises LookupError."""
    found = [(block_id, element) for block_id, element in elements(blocks) if element["action_id"] == action_id]
    if not found:
        raise LookupError(f"there is no {action_id} here; there are {', '.join(one['action_id'] for _, one in elements(blocks)) or 'none'}")
    return next((one for one in found if value is not None and one[1].get("value") == value), found[0])


def action(block_id: str, element: Mapping[str, Any], value: Any, action_ts: str) -> dict[str, Any]:
    """An action as a payload says it: a button whole, anything else with what was chosen."""
    if element["type"] == "button":
        given = {} if value is None else {"value": value}
        return {**element, **given, "block_id": block_id, "action_ts": action_ts}
    return {"action_id": element["action_id"], "block_id": block_id, **state_of(element, value), "action_ts": action_ts}


def state_of(element: Mapping[str, Any], given: Any = None) -> dict[str, Any]:
    """What an element holds when ``given`` was filled in, or what it held at first when that is None; raises ValueError."""
    field = _FIELDS[element["type"]]
    if given is None:
        return {"type": element["type"], field: _first(element, field)}
    if field.endswith("s"):
        return {"type": element["type"], field: [_one(element, one) for one in ([given] if isinstance(given, str) else given)]}
    return {"type": element["type"], field: None if given == "" else _one(element, given)}


def _first(element: Mapping[str, Any], field: str) -> Any:
    return element.get(f"initial_{field.removeprefix('selected_')}", [] if field.endswith("s") else None)


def _one(element: Mapping[str, Any], given: Any) -> Any:
    if "options" not in element and "option_groups" not in element:
        return int(given) if element["type"] == "datetimepicker" else str(given)
    grouped = [option for group in element.get("option_groups", ()) for option in group["options"]]
    options = [*element.get("options", ()), *grouped]
    for option in options:
        if option.get("value") == given:
            return option
    raise ValueError(f"{given!r} is no option of {element['action_id']}; there are {', '.join(str(one.get('value')) for one in options)}")


def fill(blocks: Blocks, values: Mapping[str, Mapping[str, Any]], held: Filled) -> Filled:
    """The state of a view: what is filled in now, else what was before, else what stood there at first; raises LookupError."""
    filled: Filled = {}
    for block_id, element in elements(blocks):
        if element["type"] in _FIELDS:
            name = element["action_id"]
            given, before = values.get(block_id, {}).get(name), held.get(block_id, {}).get(name)
            filled.setdefault(block_id, {})[name] = before if given is None and before else state_of(element, given)
    unknown = [f"{block}.{name}" for block, names in values.items() for name in names if name not in filled.get(block, {})]
    if unknown:
        raise LookupError(f"there is no {', '.join(unknown)} in the view")
    return filled


def problems(blocks: Blocks, filled: Filled) -> dict[str, str]:
    """What Slack itself refuses, by block; the bot never hears of it."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            held = filled[block["block_id"]][element["action_id"]][_FIELDS[element["type"]]]
            wrong = _wrong(element, held, optional=bool(block.get("optional")))
            found |= {block["block_id"]: wrong} if wrong else {}
    return found


def _wrong(element: Mapping[str, Any], held: Any, *, optional: bool) -> str | None:
    if held in (None, [], ""):
        return None if optional else _MISSING
    if isinstance(held, list):
        most = element.get("max_selected_items", len(held))
        return f"Choose at most {most}." if len(held) > most else None
    if element["type"] == "datepicker":
        return None if _is_date(held) else "Enter a valid date."
    pattern, sentence = _PATTERNS.get(element["type"], (None, None))
    if pattern is not None and not pattern.match(held):
        return sentence
    return _out_of_bounds(element, held)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _out_of_bounds(element: Mapping[str, Any], held: Any) -> str | None:
    if element["type"] == "number_input":
        low, high = float(element.get("min_value", "-inf")), float(element.get("max_value", "inf"))
        whole = element.get("is_decimal_allowed") or "." not in held
        return None if whole and low <= float(held) <= high else "Enter a number within the limits."
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if isinstance(held, str) and not shortest <= len(held) <= longest:
        return f"Enter at least {shortest} characters." if len(held) < shortest else f"Enter at most {longest} characters."
    return None


def is_filled(element: Mapping[str, Any]) -> bool:
    """Whether a view's state holds the element: everything but buttons and images."""
    return element["type"] in _FIELDS
