"""Labels out of tags, dimensions, details and properties; what names a person or holds a secret never becomes one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from bot.sources.fields import address_of, filled, text_of
from bot.sources.nested import parsed

_CANONICAL = {
    "environment": ("environment", "env", "deployment_environment", "deployment.environment", "stage", "Environment", "Env", "Stage"),
    "service": ("service", "service_name", "service.name", "app", "application", "app_kubernetes_io_name", "Service"),
}
_PERSONAL = re.compile(r"(?:^|[._:\s-])(?:users?|user[._]?(?:id|name)|e?mail|ip|ip[._]?address)$", re.IGNORECASE)
_SECRET = re.compile(
    r"(?:cookies?|authorization|passw(?:or)?ds?|passphrase|credentials?|secrets?|tokens?|session(?:[._-]?id)?"
    r"|(?:api|access|private|routing|service|integration|license|session)[._\s-]?keys?|(?:^|[._:\s-])(?:auth|pwd))$",
    re.IGNORECASE,
)
_NAME_LIMIT = 200
_TAG_LIMIT = 500
_SHORT = 200


def canonical(labels: Mapping[str, Any]) -> dict[str, str]:
    """The labels that say anything, with service and environment under those names, too, and severity in lower case."""
    return with_canonical({name: text for name, value in labels.items() if (text := text_of(value))})


def with_canonical(said: Mapping[str, str]) -> dict[str, str]:
    """The same of labels that are clean texts already."""
    known = {name: said[other] for name, others in _CANONICAL.items() for other in reversed(others) if other in said}
    severity = {"severity": said["severity"].lower()} if "severity" in said else {}
    return {**said, **known, **severity}


def tags_of(value: Any) -> dict[str, str]:
    """Tags as labels: an object; a list of pairs, of objects of name and value or of words; words by commas; or the JSON of one of those.

    A word is ``name:value``, or bare and then under ``tags``. What a name is given several times is joined by commas, in its order.
    What names a person or holds a secret is left out, and an address loses its query.
    """
    tags: dict[str, str] = {}
    for name, text in _tags(parsed(value)):
        if name and text and not _is_private(name):
            tags[name] = f"{tags[name]},{text}" if name in tags else text
    if "url" in tags:
        tags["url"] = address_of(tags["url"]) or tags["url"].partition("?")[0]
    return tags


@lru_cache(maxsize=1024)
def _is_private(name: str) -> bool:
    return _PERSONAL.search(name) is not None or _SECRET.search(name) is not None


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a field of that name holds what gives access to something; a ``key`` does, which in tags is a name like others."""
    return _SECRET.search(name) is not None or name.casefold() == "key"


def _tags(value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        return [(text_of(name, _NAME_LIMIT), text_of(text, _TAG_LIMIT)) for name, text in value.items()]
    return map(_tag, value if isinstance(value, list) else text_of(value).split(","))


def _tag(tag: Any) -> tuple[str, str]:
    """The name and text of one tag; a tag without a value is a bare word."""
    if isinstance(tag, Mapping):
        name, text = tag.get("tag") or tag.get("key") or tag.get("name"), tag.get("value")
    elif isinstance(tag, list) and len(tag) == 2:
        name, text = tag
    else:
        name, _, text = text_of(tag).partition(":")
    name, text = text_of(name, _NAME_LIMIT), text_of(text, _TAG_LIMIT)
    return (name, text) if name and text else ("tags", name or text)


def scalars_of(value: Any) -> dict[str, str]:
    """What an object says in single short lines; lists, objects and long texts are details and left out, as in ``tags_of``."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    tags = tags_of({name: item for name, item in pairs if isinstance(item, str | int | float)})
    return {name: text for name, text in tags.items() if len(text) <= _SHORT and "\n" not in text}


def pairs_of(entries: Any, name: str, value: str) -> dict[str, str]:
    """Labels from a list of objects that say ``name`` and ``value``, such as dimensions and fields."""
    objects = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return scalars_of({text_of(entry.get(name), _NAME_LIMIT): entry.get(value) for entry in objects})


def target_of(address: Any) -> dict[str, str]:
    """The labels ``url`` and ``host`` of a watched address or host name; only ``host`` when it is no web address."""
    text = text_of(address, 2000)
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname
    except ValueError:
        return {}
    return filled(url=address_of(text), host=host)
