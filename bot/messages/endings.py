"""What is said in an incident's channel on its way to its end and after it: phases, what is fulfilled, what was overridden, the watch."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.resolving import Obstacle
from bot.domain.situation import Situation
from bot.messages import closing, times
from bot.messages.texts import SECTION_LIMIT, Words, clean, fit, literal, section, shown

_QUESTION_LIMIT, _REASON_LIMIT = 300, 2000


def _said(sentence: str, *paragraphs: str) -> Words:
    text = fit("\n".join([sentence, *paragraphs]), SECTION_LIMIT)
    return {"text": text, "blocks": [literal(text)]}


def phase_entered(s: Situation, name: str, old: str | None) -> Words:
    """Says which phase of the response it is in now, and which status that is."""
    before = f", after {shown(old, 60)}" if old else ""
    meaning = next((phase.meaning for phase in s.closing.phases if phase.name == s.incident.phase), "")
    sentence = f"{shown(name)} moved {s.incident.reference} to {shown(s.incident.phase or '', 60)}{before}"
    return _said(f"{sentence}. Status: {s.incident.status.value}.", *([shown(meaning, 500)] if meaning else []))


def ready(s: Situation) -> Words:
    """Says, once, that nothing stands against resolving it but what people say."""
    rules = s.closing.rules
    questions = rules.questions if rules is not None else ()
    asked = [f"- {shown(question, _QUESTION_LIMIT)}" for question in questions]
    who = f", by the {rules.by.value}" if rules is not None and rules.by is not None else ""
    how = "It can be resolved: `/incident resolve`" + (f"{who}, which asks:" if asked else f"{who}.")
    text = fit(
        "\n".join([f"{s.incident.reference}: everything that monitors and time can show has been shown. {how}", *asked]), SECTION_LIMIT
    )
    return {"text": text, "blocks": [section(text)]}


def overridden(s: Situation, name: str, reason: str, found: Sequence[Obstacle]) -> Words:
    """Says that somebody resolved it although that was not verified, why, and what was missing."""
    sentence = f"{shown(name)} resolves {s.incident.reference} unverified: {fit(clean(reason, _REASON_LIMIT), _REASON_LIMIT)}"
    return _said(sentence, *(f"- {shown(closing.reason(s, obstacle), 600)}" for obstacle in found))


def watched(s: Situation) -> Words:
    """Says until when the resolution is watched."""
    until = s.closing.watch_until
    at = times.near(until, s.now, s.zones) if until is not None else "it is over"
    return _said(f"{s.incident.reference} is watched until {at}: a related alert until then opens it again.")


def verified(s: Situation) -> Words:
    """Says that the watch after the resolution ended quietly."""
    return _said(f"{s.incident.reference} is verified: nothing related came back while it was watched.")


def not_verified(s: Situation, why: str) -> Words:
    """Says that the watch is over and what keeps the recovery from being verified."""
    how = "Look into it; `/incident reopen` opens it again."
    text = f"{s.incident.reference}: its watch is over, but it is not verified: {shown(why, 1000)} {how}"
    return {"text": text, "blocks": [section(text)]}
