"""What is said of a postmortem: that it is there and whose task it is, what is missing in it, and that it was waived (J15, W10)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.blame import Finding
from bot.domain.incidents import Role
from bot.domain.situation import Situation
from bot.messages import actions, times
from bot.messages.card import button
from bot.messages.evidence import write_up
from bot.messages.notices import notice
from bot.messages.texts import Words, mention, section, shown

_FINDINGS_SHOWN = 10


def ready(s: Situation, role: Role, person_id: str | None, user_id: str | None) -> Words:
    """Says that the draft is there, who writes it, and by when it is due; calls them when it is owed (J6, C6)."""
    promise = write_up(s.promises)
    reference = s.incident.reference
    if promise is None or not promise.open:
        return notice(f"The postmortem draft of {reference} is ready and follows as a file.")
    who = mention(user_id) or shown(s.name(person_id))
    due = f"It is due {times.moment(promise.due_at, s.zones)}."
    left = f" To be filled in: {shown(', '.join(s.unwritten), 1000)}." if s.unwritten else ""
    text = f"The postmortem draft of {reference} is ready and follows as a file. {who} ({role.value}) writes it. {due}{left}"
    elements = [button("Write it", actions.WRITE_POSTMORTEM, s.incident.id, style="primary")]
    return {"text": text, "blocks": [section(text), {"type": "actions", "block_id": "incident.postmortem", "elements": elements}]}


def waived(s: Situation, name: str, reason: str) -> Words:
    """Says who waived the postmortem, and why."""
    return notice(f"{shown(name)} waived the postmortem of {s.incident.reference}; nobody owes it any more.", reason)


def saved(reference: str, version: int, empty: Sequence[str], kept: bool, owed: bool, findings: Sequence[Finding]) -> str:
    """What became of a version that was saved, for whoever saved it alone: plain text, a line for each thing."""
    lines = [f"Saved as version {version} of the postmortem of {reference}."]
    if empty:
        promise = " It is owed until they are filled in, or somebody waives it with a reason." if owed else ""
        lines.append(f"Still empty: {', '.join(empty)}.{promise}")
    elif kept:
        lines.append("Every section is filled in: the promise is kept.")
    return "\n".join([*lines, *suggestions(findings)])


def suggestions(findings: Sequence[Finding]) -> list[str]:
    """What may blame somebody, each with another way to say it; nothing where nothing does."""
    if not findings:
        return []
    lines = [f"{one.section}: “{one.words}” in “{one.sentence}” {one.suggestion}" for one in findings[:_FINDINGS_SHOWN]]
    left = len(findings) - len(lines)
    more = [f"and {left} more"] if left > 0 else []
    return ["These words may read as blame. They are kept; you decide:", *(f"- {line}" for line in [*lines, *more])]
