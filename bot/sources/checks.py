"""What monitors of single checks have in common: an address that is watched, a state in a title, and fields that people rename."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sources.fields import object_of
from bot.sources.labels import canonical, tags_of, target_of
from bot.sources.source import Delivery
from bot.sources.templates import fields_of

UNFILLED = re.compile(r"\*\w+\*|\|\w+\||\$[A-Z_]+|\{\{.*\}\}")
"""A text that is still a variable, in any of the ways of these monitors."""
_SECRETS = ("token", "servicekey", "pingurl", "pauseurl", "resumeurl")


def check_of(delivery: Delivery) -> dict[str, Any]:
    """What body and query say together about a check, by the names of ``templates.fields_of``, without secrets."""
    said = fields_of({**delivery.query, **object_of(delivery.payload, "the body")}, UNFILLED)
    return {name: value for name, value in said.items() if name not in _SECRETS}


def labels_of(named: Mapping[str, str], address: Any, tags: Any) -> dict[str, str]:
    """A check's labels: what it is called, where it looks, and its tags, which have the last word."""
    return canonical({**named, **target_of(address), **tags_of(tags)})


def down_or_up(name: str, *, down: bool) -> str:
    """A title in one sentence: ``Checkout is down``."""
    return f"{name} is {'down' if down else 'up'}"
