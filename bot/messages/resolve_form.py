"""The form that resolves: what is missing, the questions of the policy, whether it was major, and the reason to override (O12, W10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.resolving import obstacles
from bot.domain.situation import Situation
from bot.errors import Malformed
from bot.messages import actions, card, closing, inputs, texts
from bot.messages.modals import TEXT_BLOCK, about

OVERRIDE_BLOCK, MAJOR_BLOCK = "override", "major"
_QUESTION = "question "
_MAJOR, _MINOR = "major", "minor"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was sent: the answers by the trace of their question, and the severity that it was opened for."""

    text: str
    answers: Mapping[str, str]
    override: str
    major: bool | None
    severity: str | None


def form(s: Situation) -> dict[str, Any]:
    """The form as things stand now; nothing but what ended it where the policy asks nothing more."""
    blocks = [*_missing(s), inputs.field(TEXT_BLOCK, "What ended it?", inputs.text("Rolled back; error rate at baseline"), optional=True)]
    blocks += _questions(s)
    if s.severity.major_only:
        said = None if s.incident.major is None else _MAJOR if s.incident.major else _MINOR
        choices = {_MAJOR: "Yes, it was major", _MINOR: "No, it was not"}
        blocks.append(inputs.field(MAJOR_BLOCK, f"Was this {s.incident.severity} major?", inputs.select(choices, said)))
    if s.closing.rules is not None:
        hint = "Only where something is missing: the reason stands on the timeline and in the postmortem."
        reason = inputs.text("The synthetic check itself is broken")
        blocks.append(inputs.field(OVERRIDE_BLOCK, "Resolve it unverified, because", reason, optional=True, hint=hint))
    return inputs.modal(f"Resolve {s.incident.reference}", blocks, actions.RESOLVE, "Resolve", about(s))


def _missing(s: Situation) -> list[dict[str, Any]]:
    found = obstacles(s)
    lines = [f"- {texts.shown(closing.reason(s, obstacle), 600)}" for obstacle in found]
    return [texts.section(texts.fit("\n".join(["Not verified yet:", *lines]), texts.SECTION_LIMIT))] if found else []


def _questions(s: Situation) -> list[dict[str, Any]]:
    rules = s.closing.rules
    standing = {one.question: one.answer for one in s.closing.confirmations}
    return [
        inputs.field(_block(question), question, inputs.text("Yes: p95 is at 210 ms", initial=standing.get(question, "")), optional=True)
        for question in (rules.questions if rules is not None else ())
    ]


def _block(question: str) -> str:
    return f"{_QUESTION}{inputs.trace(question)}"


def filled(values: Mapping[str, tuple[str, ...]], known: Mapping[str, str]) -> Filled:
    """The form that was sent, from what stands in its blocks and what it remembered."""
    single = {block: next(iter(found), "") for block, found in values.items()}
    said = {block.removeprefix(_QUESTION): answer for block, answer in single.items() if block.startswith(_QUESTION)}
    major = {_MAJOR: True, _MINOR: False}.get(single.get(MAJOR_BLOCK, ""))
    return Filled(single.get(TEXT_BLOCK, ""), said, single.get(OVERRIDE_BLOCK, ""), major, known.get("severity"))


def answered(s: Situation, sent: Filled) -> dict[str, str]:
    """The answers by question; raises Malformed when the form was opened for another severity, or asks what is not asked any more."""
    if sent.severity is not None and sent.severity != s.incident.severity:
        raise Malformed(f"It was changed to {s.incident.severity} while this form was open, which may ask for more. Open it again.")
    rules = s.closing.rules
    asked = {inputs.trace(question): question for question in (rules.questions if rules is not None else ())}
    if not set(sent.answers) <= set(asked):
        raise Malformed("This form asks what is not asked any more. Open it again.")
    return {asked[mark]: answer for mark, answer in sent.answers.items() if answer}


def missing(s: Situation, refusal: str) -> dict[str, Any]:
    """Everything that is missing, said to who wanted to resolve, with the button that opens the form."""
    text = texts.fit(f":no_entry: {texts.escape(refusal)}", texts.SECTION_LIMIT)
    row = {"type": "actions", "elements": [card.button("Answer or override", actions.RESOLVE, s.incident.id, style="primary")]}
    return {"text": text, "blocks": [texts.section(text), row]}
