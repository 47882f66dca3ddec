"""Block Kit's limits, with Slack's own sentences and JSON pointers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_TYPES = frozenset(
    ["section", "header", "context", "actions", "divider", "input", "image", "file", "rich_text", "markdown", "table", "video"]
)
_ELEMENTS = frozenset(
    [
        "button",
        "static_select",
        "multi_static_select",
        "users_select",
        "overflow",
        "plain_text_input",
        "radio_buttons",
        "checkboxes",
        "image",
        "datepicker",
        "timepicker",
        "mrkdwn",
        "plain_text",
        "conversations_select",
        "channels_select",
        "datetimepicker",
        "url_text_input",
        "email_text_input",
        "number_input",
        "multi_users_select",
        "multi_conversations_select",
        "multi_channels_select",
    ]
)
_MOST_OPTIONS = {"static_select": 100, "multi_static_select": 100, "overflow": 5, "radio_buttons": 10, "checkboxes": 10}
_INPUTS = _ELEMENTS - {"button", "overflow", "image", "mrkdwn", "plain_text"}
_WITH_TEXT = frozenset(["plain_text", "mrkdwn"])


def problems(blocks: Any, *, most: int, where: str = "/blocks") -> list[str]:
    """What is wrong with a list of blocks, as Slack says it; empty when nothing is."""
    if not isinstance(blocks, list):
        return [f"[ERROR] must be an array [json-pointer:{where}]"]
    found = [f"[ERROR] no more than {most} items allowed [json-pointer:{where}]"] if len(blocks) > most else []
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        found += _block(block, f"{where}/{place}")
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if block_id in seen:
            found.append(f"[ERROR] `block_id` {block_id} already exists [json-pointer:{where}/{place}/block_id]")
        if block_id:
            seen.add(block_id)
    return found


def _block(block: Any, where: str) -> list[str]:
    if not isinstance(block, dict) or block.get("type") not in _TYPES:
        return [f"[ERROR] unsupported type: {block.get('type') if isinstance(block, dict) else block} [json-pointer:{where}/type]"]
    kind = block["type"]
    found = list(_length(block.get("block_id"), 255, f"{where}/block_id"))
    if kind == "section":
        found += _section(block, where)
    if kind == "header":
        found += _text(block.get("text"), 150, f"{where}/text", plain=True)
    if kind in ("context", "actions"):
        found += _elements(block.get("elements"), 10 if kind == "context" else 25, f"{where}/elements")
    if kind == "input":
        found += _text(block.get("label"), 2000, f"{where}/label", plain=True)
        found += _input(block.get("element"), f"{where}/element")
    return found


def _input(element: Any, where: str) -> list[str]:
    if not isinstance(element, dict) or element.get("type") not in _INPUTS:
        return [f"[ERROR] unsupported type [json-pointer:{where}/type]"]
    return _element(element, where)


def _section(block: dict[str, Any], where: str) -> list[str]:
    if "text" not in block and "fields" not in block:
        return [f"[ERROR] missing required field: text [json-pointer:{where}]"]
    found = _text(block["text"], 3000, f"{where}/text") if "text" in block else []
    fields = block.get("fields") or []
    if len(fields) > 10:
        found.append(f"[ERROR] no more than 10 items allowed [json-pointer:{where}/fields]")
    for place, field in enumerate(fields):
        found += _text(field, 2000, f"{where}/fields/{place}")
    return found + (_element(block["accessory"], f"{where}/accessory") if "accessory" in block else [])


def _elements(elements: Any, most: int, where: str) -> list[str]:
    if not isinstance(elements, list) or not elements:
        return [f"[ERROR] must provide at least 1 element [json-pointer:{where}]"]
    found = [f"[ERROR] no more than {most} items allowed [json-pointer:{where}]"] if len(elements) > most else []
    for place, element in enumerate(elements):
        found += _element(element, f"{where}/{place}")
    ids = [element.get("action_id") for element in elements if isinstance(element, dict) and element.get("action_id")]
    if len(ids) != len(set(ids)):
        found.append(f"[ERROR] `action_id` already exists [json-pointer:{where}]")
    return found


def _element(element: Any, where: str) -> list[str]:
    if not isinstance(element, dict) or element.get("type") not in _ELEMENTS:
        return [f"[ERROR] unsupported type [json-pointer:{where}/type]"]
    if element["type"] in ("mrkdwn", "plain_text"):
        return _text(element, 3000, where)
    found = list(_length(element.get("action_id"), 255, f"{where}/action_id"))
    found += _length(element.get("value"), 2000, f"{where}/value")
    found += _length(element.get("url"), 3000, f"{where}/url")
    if element["type"] == "button":
        found += _text(element.get("text"), 75, f"{where}/text", plain=True)
    if "placeholder" in element:
        found += _text(element["placeholder"], 150, f"{where}/placeholder", plain=True)
    if element["type"] in _MOST_OPTIONS:
        found += _options(element, where)
    return found


def _options(element: dict[str, Any], where: str) -> list[str]:
    most = _MOST_OPTIONS[element["type"]]
    groups = element.get("option_groups")
    options = [option for group in groups for option in group.get("options", ())] if groups else element.get("options") or []
    if not options:
        return [f"[ERROR] must provide at least 1 element [json-pointer:{where}/options]"]
    if len(groups or options) > most:
        return [f"[ERROR] no more than {most} items allowed [json-pointer:{where}/options]"]
    found = []
    for place, option in enumerate(options):
        found += _text(option.get("text"), 75, f"{where}/options/{place}/text")
        found += _length(option.get("value"), 150, f"{where}/options/{place}/value")
    if element.get("initial_option") not in (None, *options):
        found.append(f"[ERROR] initial_option is not one of the options [json-pointer:{where}/initial_option]")
    return found


def _text(text: Any, most: int, where: str, *, plain: bool = False) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        return [f"[ERROR] missing required field: text [json-pointer:{where}]"]
    words = text.get("text")
    if not isinstance(words, str) or not words:
        return [f"[ERROR] must be more than 0 characters [json-pointer:{where}/text]"]
    return list(_length(words, most, f"{where}/text"))


def _length(value: Any, most: int, where: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > most:
        yield f"[ERROR] must be less than {most + 1} characters [json-pointer:{where}]"


def text_length(node: Any) -> int:
    """How many characters of text there are in blocks."""
    if isinstance(node, dict):
        own = len(str(node.get("text", ""))) if node.get("type") in _WITH_TEXT else 0
        return own + sum(text_length(inner) for inner in node.values() if isinstance(inner, dict | list))
    return sum(text_length(inner) for inner in node) if isinstance(node, list) else 0


def view_problems(view: Any) -> list[str]:
    """What is wrong with a view."""
    if not isinstance(view, dict) or "type" not in view:
        return [
            "[ERROR] failed to match all allowed schemas [json-pointer:/view]",
            "[ERROR] missing required field: type [json-pointer:/view]",
        ]
    if view["type"] not in ("modal", "home"):
        return [f"[ERROR] unsupported type: {view['type']} [json-pointer:/view/type]"]
    found = problems(view.get("blocks"), most=100, where="/view/blocks")
    found += _length(view.get("private_metadata"), 3000, "/view/private_metadata")
    found += _length(view.get("callback_id"), 255, "/view/callback_id")
    if view["type"] == "modal":
        found += _text(view.get("title"), 24, "/view/title", plain=True)
        for name in ("submit", "close"):
            found += _text(view[name], 24, f"/view/{name}", plain=True) if name in view else []
        inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in view.get("blocks") or ())
        if inputs and "submit" not in view:
            found.append("[ERROR] a submit is required when there is an input [json-pointer:/view/submit]")
    return found
