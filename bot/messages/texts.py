"""Text of others made fit to be shown: cleaned of what cannot be seen, cut by code points, escaped once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

Words = dict[str, Any]
"""A payload or a part of one, as Slack takes it."""

SECTION_LIMIT = 3000
"""Characters of a text object in a message, counted after escaping."""
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPED = str.maketrans(_ESCAPES)
_UNSAFE_IN_LINK = {"<": "%3C", ">": "%3E", "|": "%7C", '"': "%22", "`": "%60", "\\": "%5C"}
_HOST = re.compile(r"[A-Za-z0-9.:_-]+", re.ASCII)
_LINK_LIMIT = 2000
_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{2,30}", re.ASCII)


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and ``…`` within ``limit`` code points."""
    return text if len(text) <= limit else f"{text[: max(limit - 1, 0)].rstrip()}…"


def clean(text: str, limit: int) -> str:
    """The text without control, direction and zero-width characters (newline and tab stay), cut."""
    return shorten(_INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).strip(), limit)


def one_line(text: str, limit: int) -> str:
    """The cleaned text on one line, so that nobody can write a line of ours into it; not escaped."""
    return shorten(" ".join(clean(text, limit * 4).split()), limit)


def escape(text: str) -> str:
    """The text with ``&``, ``<`` and ``>`` escaped, once: no mention and no link can come out of it."""
    return text.translate(_ESCAPED)


def fit(text: str, limit: int) -> str:
    """The escaped text within ``limit`` characters, escapes counted and never cut in two."""
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    kept, used = [], 1
    for character in text:
        piece = _ESCAPES.get(character, character)
        used += len(piece)
        if used > limit:
            break
        kept.append(piece)
    return f"{''.join(kept).rstrip()}…"


def pieces(text: str, limit: int) -> list[str]:
    """The whole text, escaped, in pieces of at most ``limit`` characters, cut at line ends or spaces where there are any."""
    found, rest = [], text
    while rest:
        size = _whole_within(rest, limit)
        if size < len(rest):
            broken = max(rest.rfind("\n", 0, size), rest.rfind(" ", 0, size))
            size = broken + 1 if broken > size // 2 else size
        found.append(escape(rest[:size]).strip() or " ")
        rest = rest[size:]
    return found


def _whole_within(text: str, limit: int) -> int:
    """How many characters of the text fit into ``limit`` once they are escaped."""
    used = 0
    for place, character in enumerate(text):
        used += len(_ESCAPES.get(character, character))
        if used > limit:
            return place
    return len(text)


def shown(text: str, limit: int = 300) -> str:
    """Somebody else's name, title or sentence for a Slack message: on one line, cut, escaped."""
    return fit(one_line(text, limit), limit)


def mention(user_id: str | None) -> str:
    """A live mention of a member by an id that we hold ourselves; empty when there is none."""
    return f"<@{user_id}>" if user_id and _SLACK_ID.fullmatch(user_id) else ""


def channel_link(channel_id: str | None) -> str:
    """A live link to a channel by an id that we hold ourselves; empty when there is none."""
    return f"<#{channel_id}>" if channel_id and _SLACK_ID.fullmatch(channel_id) else ""


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not parts.hostname:
            return None
        host = parts.hostname.encode("idna").decode("ascii")
    except ValueError:
        return None
    return host if _HOST.fullmatch(host) else None


def safe_link(url: str | None) -> str | None:
    """An http or https address with a host and no user in it, made safe to stand in a link; else None."""
    if not url or len(url) > _LINK_LIMIT or _INVISIBLE.search(url) or any(map(str.isspace, url)):
        return None
    if _host(url) is None:
        return None
    return "".join(_UNSAFE_IN_LINK.get(character, character) for character in url)


def link(url: str | None) -> str | None:
    """A live mrkdwn link that shows the host it leads to; None when the address is not safe."""
    safe = safe_link(url)
    return None if safe is None else f"<{safe}|{_host(safe)}>"


def plain(text: str, limit: int) -> Words:
    """A plain text object of somebody's text, cleaned, escaped and cut; formatting is shown literally."""
    return {"type": "plain_text", "text": fit(clean(text, limit), limit) or " ", "emoji": False}


def section(escaped: str) -> Words:
    """A section of mrkdwn in words of ours; addresses and names in it are not made into links."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": escaped, "verbatim": True}}


def literal(escaped: str) -> Words:
    """A section that shows escaped text as it was written, formatting characters and all."""
    return {"type": "section", "text": {"type": "plain_text", "text": escaped, "emoji": False}}


def context(lines: list[str]) -> Words:
    """A context block of escaped lines, at most ten."""
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": line, "verbatim": True} for line in lines[:10]],
    }
