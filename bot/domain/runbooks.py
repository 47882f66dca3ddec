"""Runbooks: what to do about a trouble, beside whom to call when it does not help (O6, O7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.incidents import Incident
from bot.domain.severity import EscalationStep

STEPS_AT_MOST = 40
"""Steps of one runbook that can be ticked: a message of Slack holds no more of them; the others are read in the text."""
STEP_LIMIT = 300
_FENCE = re.compile(r" {0,3}(?P<fence>```+|~~~+)")
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})[ \t]+(?P<text>\S.*)")
_TASK = re.compile(r"[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+(?P<text>\S.*)")
_NUMBERED = re.compile(r" {0,3}\d{1,4}[.)][ \t]+(?P<text>\S.*)")
_NAMED = re.compile(r"(?:step[ \t]+\d{1,4}[ \t]*[:.)–-]?|\d{1,4}[.)])[ \t]*(?P<text>.*)", re.IGNORECASE)
_BOLD = re.compile(r" {0,3}(?:[-*+][ \t]+)?\*\*(?P<text>step[ \t]+\d{1,4}\b.*)", re.IGNORECASE)
_LINK = re.compile(r"!?\[(?P<label>[^\[\]]{1,300})\]\([^()\s]{1,2000}\)")


class Runbook(BaseModel):
    """A text in Markdown from the policy's folder (``file``), or a ``link``; ``text`` is the file's content, read with the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=120, description="What people read")
    file: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\.md$",
        description="Markdown from the folder of the file that names it; for a shipped policy from the folder of its name",
    )
    link: str | None = Field(None, pattern=r"^https?://\S{1,1000}$", description="Where it lies otherwise")
    text: str = Field(
        "", max_length=100_000, description="The content of the file, which is read with the policy; not to be written by hand"
    )
    escalation: tuple[EscalationStep, ...] = Field((), description="Who is paged when the runbook does not help in time")

    @model_validator(mode="after")
    def _can_be_read(self) -> Runbook:
        if (self.file is None) == (self.link is None):
            raise ValueError("expected either file: NAME.md or link: https://…")
        if self.file is not None and ".." in self.file.split("/"):
            raise ValueError("expected a file in the policy's own folder")
        return self

    @property
    def steps(self) -> list[str]:
        """Its steps in their order; the whole is one step where it names none, so that its use can be written down."""
        return list_steps(self.text) or [f"Work through {self.title}"]


class PartKind(StrEnum):
    """What a part of a text in Markdown is."""

    HEADING = "heading"
    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Part:
    """A heading without its marks, a block of code without its fences, or lines of text."""

    kind: PartKind
    text: str


def parts(text: str) -> Iterator[Part]:
    """The text in its order, cut where headings and blocks of code are; a block that is never closed goes to the end."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        opens, closes = mark and not fence, mark and fence and mark["fence"].startswith(fence) and not line.strip(" \t`~")
        heading = None if fence else _HEADING.match(line)
        if not (opens or closes or heading):
            lines.append(line)
            continue
        yield from _kept(PartKind.CODE if fence else PartKind.TEXT, lines)
        lines = []
        fence = mark["fence"] if mark and opens else ""
        if heading:
            yield Part(PartKind.HEADING, heading["text"].rstrip().rstrip("#").rstrip() or heading["text"].rstrip())
    yield from _kept(PartKind.CODE if fence else PartKind.TEXT, lines)


def _kept(kind: PartKind, lines: Sequence[str]) -> Iterator[Part]:
    text = "\n".join(lines)
    if text.strip():
        yield Part(kind, text.strip("\n"))


def list_steps(text: str) -> list[str]:
    """The steps of a text in Markdown, in their order, each on one line.

    Steps are items of task lists (``- [ ] …``), numbered items, and headings or bold words such as ``Step 2: …``. What is numbered below
    such a heading belongs to its step. Code is no step.
    """
    found: list[str] = []
    under_a_step = False
    for part in parts(text):
        if part.kind is PartKind.HEADING:
            named = _NAMED.fullmatch(part.text)
            under_a_step = named is not None
            found += [named["text"] or part.text] if named is not None else []
        elif part.kind is PartKind.TEXT:
            found += [step for line in part.text.split("\n") if (step := _step_in(line, numbered=not under_a_step))]
    return [step for step in map(_bare, found) if step]


def _step_in(line: str, *, numbered: bool) -> str | None:
    task = _TASK.match(line)
    if task is not None:
        return task["text"]
    bold = _BOLD.match(line)
    if bold is not None:
        named = _NAMED.match(bold["text"].replace("**", ""))
        return (named["text"] or named[0]) if named is not None else None
    item = _NUMBERED.match(line) if numbered else None
    return None if item is None else item["text"]


def _bare(step: str) -> str:
    """A step without Markdown's signs of weight and with the labels of its links, on one line, cut."""
    shown = _LINK.sub(lambda link: link["label"], step[: STEP_LIMIT * 4]).replace("**", "").replace("__", "")
    line = " ".join(shown.split())
    return line if len(line) <= STEP_LIMIT else f"{line[: STEP_LIMIT - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """A step of a runbook that an incident was shown, and who ticked it when; ``message_id`` is what shows it, in the outbox."""

    id: str
    incident_id: str
    runbook: str
    number: int
    text: str
    shown_at: datetime
    ticked_at: datetime | None
    ticked_by: str | None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """When a step of a runbook was last ticked, and in which incident; None where that one is private."""

    at: datetime
    reference: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A runbook of an incident: how far it was followed, and when it was used before."""

    key: str
    runbook: Runbook
    steps: tuple[RunbookStep, ...]
    last: Exercise | None

    @property
    def ticked(self) -> int:
        """How many steps are ticked."""
        return sum(step.ticked_at is not None for step in self.steps)

    @property
    def left_out(self) -> int:
        """How many steps are read in the text only."""
        return max(0, len(self.runbook.steps) - len(self.steps))


@dataclass(frozen=True, slots=True)
class Ticked:
    """A step as it is now, of the runbook with that title, and the name of who ticked it; ``changed`` unless it was so already."""

    incident: Incident
    title: str
    step: RunbookStep
    changed: bool
    name: str
