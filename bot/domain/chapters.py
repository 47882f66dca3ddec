"""A Markdown text by its headings, as far as a postmortem needs it: what stands under which heading, and what of it is code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"^(?P<depth>#{1,6})[ \t]+(?P<title>.*)$")
_FENCE = re.compile(r"^ {0,3}(?P<mark>```+|~~~+)")


@dataclass(frozen=True, slots=True)
class Chapter:
    """What stands under one heading, up to the next one that is not below it: the lines from ``first``, counted from 0, up to ``end``."""

    title: str
    depth: int
    first: int
    end: int
    text: str


def chapters(markdown: str) -> Iterator[Chapter]:
    """The chapters of a text in their order, those below others inside them as well; what stands in fenced code is no heading."""
    lines = markdown.replace("\r\n", "\n").split("\n")
    found = list(_headings(lines))
    for place, (number, depth, title) in enumerate(found):
        end = next((found[later][0] for later in range(place + 1, len(found)) if found[later][1] <= depth), len(lines))
        yield Chapter(title, depth, number + 1, end, "\n".join(lines[number + 1 : end]))


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    for number, (line, code) in enumerate(coded(lines)):
        match = None if code else _HEADING.match(line)
        if match is not None:
            yield number, len(match["depth"]), match["title"].rstrip(" \t#")


def is_heading(line: str) -> bool:
    """Whether the line is a heading."""
    return _HEADING.match(line) is not None


def coded(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each belongs to fenced code; a fence that is never closed goes on to the end."""
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        mark = "" if match is None else match["mark"]
        yield line, bool(fence or mark)
        if not fence:
            fence = mark
        elif mark.startswith(fence) and line.strip() == mark:
            fence = ""


def plain(title: str) -> str:
    """A title as it is compared: no emphasis, escape, number or closing colon, whatever the case."""
    bare = re.sub(r"[\\*_`]", "", title).strip()
    return " ".join(re.sub(r"^\d+[.)]\s*", "", bare).rstrip(" :.").casefold().split())
