"""The form in which the sections of a postmortem are written: those that people fill, each with what stands in it (J15, S8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.domain.situation import Situation
from bot.domain.writing import Section
from bot.messages import actions, inputs, modals, texts
from bot.messages.inputs import View
from bot.messages.postmortem_sections import body, filled, hint, part_for

_LONGEST = 3000
_AT_MOST = 40


def form(s: Situation, sections: Sequence[Section], markdown: str) -> View:
    """The form with what stands in each section now; one that is longer than a field can hold is left to the file."""
    written = {block_id: (section, body(markdown, section)) for block_id, section in _fields(sections)}
    long = [section.title for section, text in written.values() if len(text) > _LONGEST]
    kept = {block_id: text for block_id, (_, text) in written.items() if len(text) <= _LONGEST}
    blocks = [
        inputs.field(
            block_id,
            texts.one_line(written[block_id][0].title, 80),
            inputs.text(hint(written[block_id][0]).strip("_").replace("\\", ""), multiline=True, initial=text, longest=_LONGEST),
            optional=True,
        )
        for block_id, text in kept.items()
    ]
    notes = (
        [f"{texts.shown(', '.join(long), 1000)}: longer than a form can hold. Edit the file, and save it with the command line."]
        if long
        else []
    )
    notes.append("Causes lie in systems: ask what made it possible, never who.")
    about = modals.about(s, kept)
    return inputs.modal(f"Postmortem {s.incident.reference}", [*blocks, texts.context(notes)], actions.WRITE_POSTMORTEM, "Save", about)


def written_into(markdown: str, sections: Sequence[Section], value: Callable[[str], str], untouched: Callable[[str, str], bool]) -> str:
    """The postmortem with every section that was changed in the form; what others changed meanwhile in other sections stays."""
    for block_id, section in _fields(sections):
        text = value(block_id)
        left_out = not text and len(body(markdown, section)) > _LONGEST
        if not left_out and not untouched(block_id, text):
            markdown = filled(markdown, section, text)
    return markdown


def _fields(sections: Sequence[Section]) -> Iterator[tuple[str, Section]]:
    people = [section for section in sections if part_for(section) != "timeline"]
    return ((f"section {number}", section) for number, section in enumerate(people[:_AT_MOST], 1))
