"""What forms are made of: the view, its fields, what is typed or chosen in them, and what it remembers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.messages import texts

View = dict[str, Any]
_METADATA_LIMIT = 2900
_ELEMENT = "value"


def modal(
    title: str,
    blocks: list[View],
    callback_id: str = "",
    submit: str = "",
    about: Mapping[str, str] | None = None,
) -> View:
    """A form, or without a ``callback_id`` only words; ``about`` is what it has to remember."""
    view: View = {
        "type": "modal",
        "title": texts.plain(title, 24),
        "close": texts.plain("Cancel", 24),
        "blocks": blocks,
    }
    if callback_id:
        view |= {"callback_id": callback_id, "submit": texts.plain(submit, 24)}
        view["private_metadata"] = _metadata(about or {})
    return view


def _metadata(about: Mapping[str, str]) -> str:
    """What the form has to remember, as JSON; the longest of it is cut until Slack keeps it."""
    kept = dict(about)
    while len(written := json.dumps(kept, ensure_ascii=False)) > _METADATA_LIMIT:
        longest = max(kept, key=lambda name: len(kept[name]))
        kept[longest] = kept[longest][: len(kept[longest]) * 9 // 10]
    return written


def trace(text: str) -> str:
    """What tells later whether a field still holds what was put into it."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def field(block_id: str, label: str, element: View, *, optional: bool = False, hint: str = "") -> View:
    """A field with its label; what was typed or chosen is found by ``block_id``."""
    block = {
        "type": "input",
        "block_id": block_id,
        "label": texts.plain(label, 200),
        "optional": optional,
        "element": {"action_id": _ELEMENT, **element},
    }
    return block | ({"hint": texts.plain(hint, 200)} if hint else {})


def text(placeholder: str, *, multiline: bool = False, initial: str = "", longest: int = 3000) -> View:
    """What is typed into."""
    element: View = {"type": "plain_text_input", "multiline": multiline, "max_length": longest}
    element["placeholder"] = texts.plain(placeholder, 150)
    if initial:
        element["initial_value"] = texts.clean(initial, longest)
    return element


def select(choices: Mapping[str, str], chosen: str | None) -> View:
    """A menu of labels by their values, one chosen already."""
    options = [{"text": texts.plain(label, 75), "value": value} for value, label in choices.items()]
    element: View = {"type": "static_select", "options": options}
    initial = next((option for option in options if option["value"] == chosen), None)
    return element | ({"initial_option": initial} if initial else {})
