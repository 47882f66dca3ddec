"""Markdown made of text of others: nothing in it becomes a heading, a link, an image, a comment or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.messages.texts import clean, escape, one_line

_SPECIAL = re.compile(r"([\\`*_\[\]|~#$])")
_LEADING = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")


def inline(text: str, limit: int = 1000) -> str:
    """The text on one line, literally."""
    return _literal(one_line(text, limit))


def lines(text: str, limit: int = 20_000) -> str:
    """The text with its line breaks, literally, to stand inside a list item."""
    kept = [_literal(line.strip()) for line in clean(text, limit).split("\n")]
    return "\\\n  ".join(line for line in kept if line)


def _literal(line: str) -> str:
    marked = _SPECIAL.sub(r"\\\1", escape(line))
    return _LEADING.sub(lambda match: f"\\{match[1]}" if match[1] in "-+=" else f"{match[1]}\\", marked)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already."""
    written = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in written)
