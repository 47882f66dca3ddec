"""Modals: a skeleton that opens at once, and the forms that fill it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.domain.policy import Policy
from bot.domain.situation import Situation
from bot.domain.status import OPEN_STATUSES
from bot.messages import actions, texts

View = dict[str, Any]
DECLARE = actions.DECLARE
TITLE_BLOCK, SEVERITY_BLOCK, IMPACT_BLOCK = "title", "severity", "impact"
STATUS_BLOCK, TEXT_BLOCK = "status", "text"
_ELEMENT = "value"


def _view(
    title: str,
    blocks: list[View],
    callback_id: str = "",
    submit: str = "",
    about: Mapping[str, str] | None = None,
) -> View:
    view: View = {
        "type": "modal",
        "title": texts.plain(title, 24),
        "close": texts.plain("Cancel", 24),
        "blocks": blocks,
    }
    if callback_id:
        view |= {"callback_id": callback_id, "submit": texts.plain(submit, 24)}
        view["private_metadata"] = json.dumps(dict(about or {}))
    return view


def _input(block_id: str, label: str, element: View, *, optional: bool = False) -> View:
    return {
        "type": "input",
        "block_id": block_id,
        "label": texts.plain(label, 200),
        "optional": optional,
        "element": {"action_id": _ELEMENT, **element},
    }


def _text(placeholder: str, *, multiline: bool = False, initial: str = "", longest: int = 3000) -> View:
    element: View = {"type": "plain_text_input", "multiline": multiline, "max_length": longest}
    element["placeholder"] = texts.plain(placeholder, 150)
    if initial:
        element["initial_value"] = texts.clean(initial, longest)
    return element


def _select(choices: Mapping[str, str], chosen: str | None) -> View:
    options = [{"text": texts.plain(label, 75), "value": value} for value, label in choices.items()]
    element: View = {"type": "static_select", "options": options}
    initial = next((option for option in options if option["value"] == chosen), None)
    return element | ({"initial_option": initial} if initial else {})


def _severities(policy: Policy) -> dict[str, str]:
    return {severity.label: f"{severity.label} {severity.meaning}".strip().replace("\n", " ") for severity in policy.severities}


def skeleton() -> View:
    """What opens within the trigger's three seconds, before anything is read (complaint 10)."""
    return _view("Incident", [texts.section("One moment…")])


def refusal(sentence: str) -> View:
    """Why there is no form."""
    return _view("Incident", [texts.section(texts.shown(sentence, 1000))])


def declare(policy: Policy, token: str, title: str = "", severity: str | None = None) -> View:
    """The form that declares; its token is used once."""
    chosen = policy.severity(severity or policy.default_severity).label
    blocks = [
        _input(TITLE_BLOCK, "What is broken?", _text("Checkout returns 500", initial=title, longest=200)),
        _input(SEVERITY_BLOCK, "Severity", _select(_severities(policy), chosen)),
        _input(
            IMPACT_BLOCK,
            "Who is affected?",
            _text("All customers paying by card", multiline=True),
            optional=True,
        ),
    ]
    return _view("Declare an incident", blocks, DECLARE, "Declare", {"token": token})


def update(situation: Situation) -> View:
    """The form of a status update."""
    incident = situation.incident
    statuses = {status.value: status.value for status in OPEN_STATUSES}
    blocks = [
        _input(STATUS_BLOCK, "Status", _select(statuses, incident.status.value)),
        _input(TEXT_BLOCK, "What happened since?", _text("Rolled back to 1.4.2, watching", multiline=True)),
        _input(
            IMPACT_BLOCK,
            "Impact",
            _text("Who is affected", initial=texts.one_line(incident.impact or "", 3000)),
            optional=True,
        ),
    ]
    return _view(f"Update {incident.reference}", blocks, actions.UPDATE, "Send", {"incident_id": incident.id})


def severity(situation: Situation, policy: Policy) -> View:
    """The form that changes the severity."""
    incident = situation.incident
    blocks = [
        _input(SEVERITY_BLOCK, "Severity", _select(_severities(policy), incident.severity)),
        _input(TEXT_BLOCK, "Why?", _text("More customers are affected", multiline=True), optional=True),
    ]
    about = {"incident_id": incident.id}
    return _view(f"Severity {incident.reference}", blocks, actions.CHANGE_SEVERITY, "Change", about)


def resolve(situation: Situation) -> View:
    """The form that resolves."""
    incident = situation.incident
    blocks = [
        _input(
            TEXT_BLOCK,
            "What ended it?",
            _text("Rolled back; error rate at baseline", multiline=True),
            optional=True,
        )
    ]
    return _view(f"Resolve {incident.reference}", blocks, actions.RESOLVE, "Resolve", {"incident_id": incident.id})


def errors(view: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    """The answer to a submission that was refused: the sentence stands under the form's first input."""
    inputs = [block["block_id"] for block in view.get("blocks", []) if block.get("type") == "input"]
    if not inputs:
        return {"response_action": "update", "view": refusal(sentence)}
    where = TEXT_BLOCK if TEXT_BLOCK in inputs else inputs[0]
    return {"response_action": "errors", "errors": {where: texts.clean(sentence, 1000)}}
