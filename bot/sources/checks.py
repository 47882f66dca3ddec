"""What monitors of single checks have in common: an address that is watched, a state in a title, and fields that people rename."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.domain.alert import AlertStatus
from bot.sources.fields import object_of, text_of, title_of
from bot.sources.labels import canonical, is_secret_name, tags_of, target_of
from bot.sources.source import Delivery
from bot.sources.templates import MUSTACHE, fields_of
from bot.sources.titles import read_title

UNFILLED = re.compile(rf"\*\w+\*|\|\w+\||\$[A-Z_]+|{MUSTACHE.pattern}")
"""A text that is still a variable, in any of the ways of these monitors."""
_SENTENCES = ("title", "subject", "text", "message", "msg", "content", "summary", "payloadsummary")
_SENTENCE = re.compile(r"(?:.*\n)*?(?:the check )?(?P<name>.+) is (?:now )?(?P<state>down|up)[.!]?(?:\s*[(\n](?s:.*))?", re.IGNORECASE)
"""A line that ends with its state, apart from what is added in brackets; the state is the last word that could be one."""
_DOWN = re.compile(r"(?:the check )?(?P<name>.+?) is (?:now )?(?P<state>down)(?![\w-])", re.IGNORECASE)
"""A line that says so, whatever it adds: rather one page too many."""
_SAYS = {state: re.compile(rf"\bis (?:now )?{state}\b", re.IGNORECASE) for state in ("down", "up")}
_BRACKETED = re.compile(r"\s*\(\s*https?://.*", re.DOTALL)
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://)(?:[^\s/?#]*@)?([^\s?#]*)\S*", re.IGNORECASE)
_GIVE_ACCESS = ("pingurl", "pauseurl", "resumeurl")


def check_of(delivery: Delivery) -> dict[str, Any]:
    """What body and query say together about a check, by the names of ``templates.fields_of``, without secrets."""
    said = fields_of({**delivery.query, **object_of(delivery.payload, "the body")}, UNFILLED)
    return {name: value for name, value in said.items() if name not in _GIVE_ACCESS and not is_secret_name(name)}


class Sentence(NamedTuple):
    """What a sentence such as ``Checkout is down`` says; empty where there is none, or none that is clear."""

    name: str = ""
    state: str = ""


def sentence_of(check: Mapping[str, Any]) -> Sentence:
    """The sentence in a body that says no more than one; the first of several, unless one says down and another one up."""
    said = [found for found in (_sentence(text_of(check.get(name))) for name in _SENTENCES) if found.state]
    return said[0] if len({found.state for found in said}) == 1 else Sentence()


def _sentence(text: str) -> Sentence:
    title, found = read_title(text), _SENTENCE.fullmatch(text) or (None if _SAYS["up"].search(text) else _DOWN.match(text))
    if title.status is not None:
        return Sentence(_BRACKETED.sub("", title.text), "down" if title.status is AlertStatus.FIRING else "up")
    if found is None or (found["state"].casefold() == "up" and _SAYS["down"].search(text)):
        return Sentence()
    return Sentence(found["name"].strip('"'), found["state"].casefold())


def labels_of(named: Mapping[str, str], address: Any, tags: Any) -> dict[str, str]:
    """A check's labels: what it is called, where it looks, and its tags, which have the last word."""
    return canonical({**named, **target_of(address), **tags_of(tags)})


def called(*names: Any) -> str:
    """What a check is called, by the first of the names that says anything; an address in it without what may be secret there."""
    return title_of(*(_ADDRESS.sub(r"\1\2", text_of(name)) for name in names))


def down_or_up(name: str, *, down: bool) -> str:
    """A title in one sentence: ``Checkout is down``."""
    return f"{name} is {'down' if down else 'up'}"
