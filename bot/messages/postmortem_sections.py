"""The sections of a postmortem that people fill: how each is laid out, and which of them are empty still (S8, J15, W10, O13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.domain.chapters import chapters, is_heading, plain
from bot.domain.writing import Section
from bot.messages.markdown import inline

_PROMPTS = {
    "what happened": "Tell it in order: what broke, how it was noticed, what was done, how it ended.",
    "user impact": "Who was affected, how many, for how long, and what could they not do?",
    "impact": "Who was affected, how many, for how long, and what could they not do?",
    "root cause": "Why could it happen? Ask for the conditions that made it possible, not for a person.",
    "mitigation applied": "What stopped the harm, and how do you know that it did?",
    "permanent fix": "What keeps it from happening again, who does it, and by when?",
    "preventive actions": "What would have shown it earlier, or made it smaller? Who does that, by when?",
    "timeline": "What does the timeline above leave out?",
    "lessons learned": "What went well, what did not, and where were you lucky?",
    "follow-ups": "One line for each: what, who, by when.",
    "action items": "One line for each: what, who, by when.",
    "summary": "In three sentences: what failed, for whom, and what ended it.",
    "why": "Why could it happen? Ask for the conditions that made it possible, not for a person.",
    "resolution": "What ended it, and how do you know that it did?",
    "remediation": "What ended it, and what is changed so that it does not come back?",
    "corrective actions": "What was done to end it, and what is left to do of that?",
    "what went well": "What helped: a signal, a tool, a habit, a decision?",
    "what went badly": "What slowed you down: a signal that was missing, a tool that failed, a step that nobody knew?",
}
_OTHERWISE = "Write here what the readers of this postmortem need to know."
_FILLED = {"timeline": "timeline", "impact": "impact", "follow-ups": "followups", "follow ups": "followups", "action items": "followups"}
"""The generated part that belongs into a section, by a word of its title."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTHING = re.compile(r"^[\s>*_+\-.:]*(?:\[[ xX]?\])?[\s*_.:]*(?:(?:to ?do|tbd|tba|\?+)[\s*_.:?]*)?$", re.IGNORECASE)
_UNKNOWN = "not stated."
_BRIEF = 200
"""Characters: a longer line says something, whatever it is made of."""


def part_for(section: Section) -> str | None:
    """The generated part that belongs into a section; None when it is for people alone."""
    title = plain(section.title)
    return next((part for word, part in _FILLED.items() if re.search(rf"\b{word}\b", title)), None)


def hint(section: Section) -> str:
    """The placeholder under a section's heading, in italics."""
    return f"_{inline(section.hint.strip() or _PROMPTS.get(plain(section.title), _OTHERWISE), 500)}_"


def heading(section: Section) -> str:
    """The section's heading."""
    return f"## {inline(section.title, 200)}"


def empty(markdown: str, sections: Sequence[Section]) -> tuple[str, ...]:
    """The titles of the sections that say nothing yet, or are not there, in their order; an untouched hint says nothing."""
    written = [(plain(chapter.title), chapter.text) for chapter in chapters(markdown)]
    return tuple(section.title for section in sections if not _says_something(section, written))


def _says_something(section: Section, written: Iterable[tuple[str, str]]) -> bool:
    hints, wanted = _hints(section), plain(section.title)
    texts = [text for title, text in written if title == wanted]
    return any(not _is_nothing(line, hints) for text in texts for line in _COMMENT.sub("", text).split("\n"))


def _hints(section: Section) -> set[str]:
    return {hint(section), *(f"_{prompt}_" for prompt in (*_PROMPTS.values(), _OTHERWISE)), section.hint.strip() or hint(section)}


def _is_nothing(line: str, hints: set[str]) -> bool:
    bare = line.strip()
    return is_heading(bare) or bare in hints or bare.casefold() == _UNKNOWN or (len(bare) <= _BRIEF and _NOTHING.match(bare) is not None)


def body(markdown: str, section: Section) -> str:
    """What people wrote in a section, without what was generated and without the hint; empty when they wrote nothing."""
    lines, (first, end) = _lines(markdown), _written(markdown, section) or (0, 0)
    said = [line for line in lines[first:end] if line.strip() not in _hints(section)]
    text = "\n".join(said).strip()
    return text if any(not _is_nothing(line, set()) for line in _COMMENT.sub("", text).split("\n")) else ""


def filled(markdown: str, section: Section, text: str) -> str:
    """The postmortem with a section's text as people have it now; a section that was taken out comes last."""
    lines, place = _lines(markdown), _written(markdown, section)
    said = text.strip().replace("<!-- muster:", "<!-- ") or hint(section)
    if place is None:
        return "\n".join([*lines, heading(section), "", said, ""])
    first, end = place
    return "\n".join([*lines[:first], "", said, *([""] if end < len(lines) else []), *lines[end:]]).rstrip("\n") + "\n"


def _lines(markdown: str) -> list[str]:
    return markdown.replace("\r\n", "\n").split("\n")


def _written(markdown: str, section: Section) -> tuple[int, int] | None:
    """The lines of a section that are people's: what follows its generated part, up to the next one."""
    chapter = next((one for one in chapters(markdown) if plain(one.title) == plain(section.title)), None)
    if chapter is None:
        return None
    lines, first = _lines(markdown), chapter.first
    marks = [number for number in range(chapter.first, chapter.end) if lines[number].startswith("<!-- muster:")]
    if marks and lines[marks[0]].startswith("<!-- muster:end"):
        first, marks = marks[0] + 1, marks[1:]
    return first, marks[0] if marks else chapter.end
