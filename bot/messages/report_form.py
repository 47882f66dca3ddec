"""The form of the preliminary report: one field a section that the policy has for it (O13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.domain.situation import Situation
from bot.domain.writing import Section
from bot.messages import actions, inputs
from bot.messages.modals import TEXT_BLOCK, about


def _blocks(sections: Sequence[Section]) -> list[tuple[str, Section]]:
    if not sections:
        return [(TEXT_BLOCK, Section(title="What is known so far?"))]
    return [(f"section {number}", section) for number, section in enumerate(sections)]


def form(s: Situation, sections: Sequence[Section]) -> dict[str, Any]:
    """The form, every section optional: what is not known yet is left out."""
    blocks = [
        inputs.field(block_id, section.title, inputs.text("What is known so far", multiline=True), optional=True, hint=section.hint)
        for block_id, section in _blocks(sections)
    ]
    return inputs.modal(f"Report {s.incident.reference}", blocks, actions.WRITE_REPORT, "Post", about(s))


def written(sections: Sequence[Section], value: Callable[[str], str]) -> str:
    """The report as it was sent: what was written under each title."""
    if not sections:
        return value(TEXT_BLOCK)
    said = {section.title: value(block_id).strip() for block_id, section in _blocks(sections)}
    return "\n\n".join(f"{title}\n{text}" for title, text in said.items() if text)
