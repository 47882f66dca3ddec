"""Generated parts of a postmortem between marks with the sum of their content, so that a later draft replaces them alone (B8)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

BLOCK = re.compile(
    r"^<!-- muster:begin (?P<name>[a-z]+)(?: sum=(?P<sum>[0-9a-f]+))? -->\n"
    r"(?P<body>.*?)^<!-- muster:end (?P=name) -->$",
    re.MULTILINE | re.DOTALL,
)


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def block(name: str, body: str) -> str:
    """A generated part between its marks."""
    content = f"{body.rstrip()}\n"
    return f"<!-- muster:begin {name} sum={_sum(content)} -->\n{content}<!-- muster:end {name} -->"


def merge(previous: str, fresh: str) -> str:
    """``previous`` with the generated parts of ``fresh``; every line that people wrote stays (B8).

    What people changed inside a generated part is kept right below it; a part that is not there comes last.
    """
    previous = previous.replace("\r\n", "\n")
    known = {match["name"] for match in BLOCK.finditer(previous)}
    parts = {match["name"]: match for match in BLOCK.finditer(fresh)}

    def replace(old: re.Match[str]) -> str:
        new = parts.get(old["name"])
        return old[0] if new is None else new[0] + _kept(old, new["body"])

    merged = BLOCK.sub(replace, previous)
    missing = [match[0] for name, match in parts.items() if name not in known]
    return merged if not missing else "\n\n".join([merged.rstrip("\n"), *missing]) + "\n"


def _kept(old: re.Match[str], fresh_body: str) -> str:
    """The lines of a generated part that somebody changed, as far as the fresh one does not have them."""
    if old["sum"] == _sum(old["body"]):
        return ""
    known = set(_stripped(fresh_body.split("\n")))
    theirs = [line for line in _stripped(old["body"].split("\n")) if line and line not in known]
    quoted = "\n".join(f"> {line}" for line in theirs)
    return f"\n\n_Changed by hand in the part above, kept:_\n\n{quoted}" if theirs else ""


def _stripped(written: Iterable[str]) -> list[str]:
    return [line.rstrip() for line in written]
