"""The postmortem as Markdown: what the timeline shows, and sections with a prompt for people (C6, J15, B8).

What is generated stands between marks with the sum of its content, so that a later draft replaces it and
nothing else. A section of the policy that the evidence can fill, such as a timeline, is filled in its own place.
"""

from __future__ import annotations

from bot.domain.writing import Section
from bot.messages import postmortem_head, postmortem_outcomes, postmortem_parts
from bot.messages.evidence import Evidence
from bot.messages.postmortem_blocks import block, merge
from bot.messages.postmortem_sections import heading, hint, part_for

__all__ = ["Evidence", "markdown", "merge"]

_OWN = {"impact": "Impact as last stated", "timeline": "Timeline", "followups": "Follow-ups"}
"""The headings of what stands by itself where no section of the policy is about it."""
_ITEM = "- [ ] "


def markdown(evidence: Evidence) -> str:
    """The draft: generated parts between marks, then the policy's sections, and the follow-ups to fill."""
    claimed = _claimed(evidence.sections)
    ahead = {name: [_filled(evidence, name, f"## {_OWN[name]}")] for name in ("impact", "timeline") if name not in claimed.values()}
    parts = [
        block("summary", postmortem_head.summary(evidence)),
        *ahead.get("impact", ()),
        block("durations", postmortem_outcomes.lasted(evidence)),
        block("promises", postmortem_outcomes.promised(evidence.situation)),
        *_where_any("verification", postmortem_outcomes.verified(evidence)),
        *_where_any("availability", postmortem_outcomes.cost(evidence)),
        *ahead.get("timeline", ()),
        *_where_any("stages", postmortem_parts.stages(evidence)),
        block("pages", postmortem_parts.pages(evidence)),
        block("alerts", postmortem_parts.alerts(evidence)),
        *_where_any("runbooks", postmortem_outcomes.exercised(evidence)),
        *(_section(evidence, section, claimed.get(place)) for place, section in enumerate(evidence.sections)),
    ]
    if "followups" not in claimed.values():
        parts.append(_section(evidence, Section(title=_OWN["followups"]), "followups"))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _claimed(sections: tuple[Section, ...]) -> dict[int, str]:
    """The generated part that fills a section, by its place from 0; each part fills the first section that is about it."""
    claimed: dict[int, str] = {}
    for place, section in enumerate(sections):
        part = part_for(section)
        if part is not None and part not in claimed.values():
            claimed[place] = part
    return claimed


def _where_any(name: str, body: str) -> list[str]:
    return [block(name, body)] if body else []


def _filled(evidence: Evidence, name: str, headline: str) -> str:
    bodies = {"impact": postmortem_parts.impact, "timeline": postmortem_parts.timeline, "followups": postmortem_parts.follow_ups}
    return block(name, f"{headline}\n\n{bodies[name](evidence)}")


def _section(evidence: Evidence, section: Section, part: str | None) -> str:
    """A section as people find it: what the evidence fills, and the hint where they have to say more."""
    if part is None:
        return f"{heading(section)}\n\n{hint(section)}"
    filled = _filled(evidence, part, heading(section))
    if part == "timeline":
        return filled
    return f"{filled}\n\n{hint(section)}" + (f"\n\n{_ITEM}" if part == "followups" else "")
