"""What monitors of single checks have in common: an address that is watched, a state in a title, and fields that people rename."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import AlertStatus
from bot.sources.fields import address_of, object_of, text_of, title_of
from bot.sources.labels import canonical, tags_of, target_of
from bot.sources.source import Delivery
from bot.sources.templates import fields_of
from bot.sources.titles import read_title

UNFILLED = re.compile(r"\*\w+\*|\|\w+\||\$[A-Z_]+|\{\{.*\}\}")
"""A text that is still a variable, in any of the ways of these monitors."""
_SENTENCES = ("title", "subject", "text", "message", "msg", "content", "summary", "payloadsummary")
_SENTENCE = re.compile(r"(?:the check )?\"?(?P<name>.+?)\"? is (?:now )?(?P<state>down|up)\b(?!:).*", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"\s*\(\s*https?://.*", re.DOTALL)
_SECRETS = ("token", "servicekey", "pingurl", "pauseurl", "resumeurl", "key", "apikey", "secret", "password", "authorization")


def check_of(delivery: Delivery) -> dict[str, Any]:
    """What body and query say together about a check, by the names of ``templates.fields_of``, without secrets."""
    said = fields_of({**delivery.query, **object_of(delivery.payload, "the body")}, UNFILLED)
    return {name: value for name, value in said.items() if name not in _SECRETS}


def sentence_of(check: Mapping[str, Any], part: str) -> str:
    """The ``name`` or the ``state`` in a body that says no more than a sentence such as ``Checkout is down``; nothing where none does."""
    said = (_sentence(text_of(check.get(name))) for name in _SENTENCES)
    return next((found[part] for found in said if found), "")


def _sentence(text: str) -> Mapping[str, str]:
    title, found = read_title(text), _SENTENCE.fullmatch(text)
    if title.status is not None:
        return {"name": _ADDRESS.sub("", title.text), "state": "down" if title.status is AlertStatus.FIRING else "up"}
    return found.groupdict() if found else {}


def labels_of(named: Mapping[str, str], address: Any, tags: Any) -> dict[str, str]:
    """A check's labels: what it is called, where it looks, and its tags, which have the last word."""
    return canonical({**named, **target_of(address), **tags_of(tags)})


def called(*names: Any) -> str:
    """What a check is called, by the first of the names that says anything; an address without what may be secret in it."""
    return title_of(*(address_of(name) or name for name in names))


def down_or_up(name: str, *, down: bool) -> str:
    """A title in one sentence: ``Checkout is down``."""
    return f"{name} is {'down' if down else 'up'}"
