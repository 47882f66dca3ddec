"""Modals: a skeleton that opens at once, and the forms that fill it.

A form carries in its metadata what it is about and how that stood when it was opened, so that an old one changes nothing by accident.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.incidents import Role
from bot.domain.policy import Policy
from bot.domain.situation import Situation
from bot.domain.status import OPEN_STATUSES
from bot.domain.triage import Fact, triage
from bot.messages import actions, card, texts

View = dict[str, Any]
DECLARE = actions.DECLARE
TITLE_BLOCK, SEVERITY_BLOCK, IMPACT_BLOCK = "title", "severity", "impact"
STATUS_BLOCK, TEXT_BLOCK = "status", "text"
PRIVATE_BLOCK, INCIDENT_BLOCK, WHEN_BLOCK, WHAT_BLOCK = "private", "incident", "when", "what"
PEOPLE_BLOCK, GROUP_BLOCK = "people", "group"
PRIVATE = "private"
_OPEN_SHOWN = 8
_METADATA_LIMIT = 2900
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
        view["private_metadata"] = _metadata(about or {})
    return view


def _metadata(about: Mapping[str, str]) -> str:
    """What the form has to remember, as JSON; the longest of it is cut until Slack keeps it."""
    kept = dict(about)
    while len(written := json.dumps(kept, ensure_ascii=False)) > _METADATA_LIMIT:
        longest = max(kept, key=lambda name: len(kept[name]))
        kept[longest] = kept[longest][: len(kept[longest]) * 9 // 10]
    return written


def trace(text: str) -> str:
    """What tells later whether a field still holds what was put into it."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def _input(block_id: str, label: str, element: View, *, optional: bool = False, hint: str = "") -> View:
    block = {
        "type": "input",
        "block_id": block_id,
        "label": texts.plain(label, 200),
        "optional": optional,
        "element": {"action_id": _ELEMENT, **element},
    }
    return block | ({"hint": texts.plain(hint, 200)} if hint else {})


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


def declare(
    policy: Policy,
    token: str,
    open_now: Sequence[Situation] = (),
    title: str = "",
    severity: str | None = None,
    *,
    private: bool = False,
) -> View:
    """The form that declares, under what is open already (complaint 20); its token is used once."""
    chosen = policy.severity(severity or policy.default_severity).label
    tick = [{"text": texts.plain("Only who is invited may see it", 75), "value": PRIVATE}]
    blocks = [
        *_open_now(open_now),
        _input(TITLE_BLOCK, "What is broken?", _text("Checkout returns 500", initial=title, longest=200)),
        _input(SEVERITY_BLOCK, "Severity", _select(_severities(policy), chosen)),
        _input(IMPACT_BLOCK, "Who is affected?", _text("All customers paying by card", multiline=True), optional=True),
        _input(
            PRIVATE_BLOCK, "Private", _checkboxes(tick, ticked=private), optional=True, hint="A public channel cannot become private later."
        ),
    ]
    return _view("Declare an incident", blocks, DECLARE, "Declare", {"token": token})


def told(text: str, blocks: list[View] | None = None) -> View:
    """Words for somebody who is in no channel; ``text`` is escaped."""
    return _view("Incident", blocks or [texts.section(piece) for piece in _by_lines(text)])


def _by_lines(escaped: str) -> list[str]:
    """Whole lines in as few sections as hold them."""
    found = [""]
    for line in escaped.split("\n"):
        if len(found[-1]) + len(line) >= texts.SECTION_LIMIT:
            found.append("")
        found[-1] += ("\n" if found[-1] else "") + line[: texts.SECTION_LIMIT]
    return found


def _checkboxes(options: list[View], *, ticked: bool) -> View:
    return {"type": "checkboxes", "options": options} | ({"initial_options": options} if ticked else {})


def _open_now(situations: Sequence[Situation]) -> list[View]:
    if not situations:
        return []
    lines = [f"*{s.incident.reference}* [{card.severity_label(s)}] {texts.shown(s.incident.title, 100)}" for s in situations[:_OPEN_SHOWN]]
    left = len(situations) - _OPEN_SHOWN
    more = [f"and {left} more: `/incident list`"] if left > 0 else []
    return [texts.section("\n".join(["Is it one of these? Then join it instead:", *lines, *more]))]


def met(situation: Situation, about: Mapping[str, str]) -> View:
    """What a declaration met: the incident that is open already, the way into it, and the way to insist."""
    incident = situation.incident
    head = f"{incident.reference} [{card.severity_label(situation)}] “{texts.shown(incident.title)}” is open already."
    where = texts.channel_link(situation.channel.channel_id) if situation.channel is not None else ""
    blocks = [
        texts.section(f"{head} {where}".strip()),
        {"type": "actions", "elements": [card.button("Join it", actions.JOIN, incident.id, style="primary")]},
        texts.context(["If yours is another trouble, declare it separately."]),
    ]
    return _view("Already open", blocks, DECLARE, "Declare separately", about)


def update(situation: Situation) -> View:
    """The form of a status update."""
    incident = situation.incident
    statuses = {status.value: status.value for status in OPEN_STATUSES}
    impact = texts.one_line(incident.impact or "", 3000)
    blocks = [
        _input(STATUS_BLOCK, "Status", _select(statuses, incident.status.value)),
        _input(TEXT_BLOCK, "What happened since?", _text("Rolled back to 1.4.2, watching", multiline=True)),
        _input(
            IMPACT_BLOCK,
            "Impact",
            _text("Who is affected", initial=impact),
            optional=True,
        ),
    ]
    return _view(f"Update {incident.reference}", blocks, actions.UPDATE, "Send", _about(situation, {IMPACT_BLOCK: impact}))


def _about(situation: Situation, shown: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a form is about; ``shown`` is what stood in fields when it was opened: only what differs from that was changed."""
    incident = situation.incident
    about = {"incident_id": incident.id, "status": incident.status.value, "severity": incident.severity}
    return about | {_was(block_id): trace(text) for block_id, text in (shown or {}).items()}


def _was(block_id: str) -> str:
    return f"was {block_id}"


def untouched(about: Mapping[str, str], block_id: str, text: str) -> bool:
    """Whether a field still holds what stood in it when the form was opened."""
    return about.get(_was(block_id)) == trace(text)


def severity(situation: Situation, policy: Policy, wanted: str | None = None) -> View:
    """The form that changes the severity; ``wanted`` is chosen already."""
    incident = situation.incident
    blocks = [
        _input(SEVERITY_BLOCK, "Severity", _select(_severities(policy), wanted or incident.severity)),
        _input(TEXT_BLOCK, "Why?", _text("More customers are affected", multiline=True)),
    ]
    return _view(f"Severity {incident.reference}", blocks, actions.CHANGE_SEVERITY, "Change", _about(situation))


def roles(situation: Situation, slack_ids: Mapping[str, str]) -> View:
    """The form that gives roles; ``slack_ids`` maps person ids to members of the workspace, who are chosen already."""
    blocks = []
    held = {role.value: slack_ids.get(situation.holder(role) or "", "") for role in Role}
    for role in Role:
        holder = held[role.value]
        element: View = {"type": "users_select", "placeholder": texts.plain("Choose somebody", 150)}
        blocks.append(_input(role.value, role.value.capitalize(), element | ({"initial_user": holder} if holder else {}), optional=True))
    return _view(f"Roles {situation.incident.reference}", blocks, actions.ASSIGN_ROLE, "Assign", _about(situation, held))


def page(situation: Situation, policy: Policy) -> View:
    """The form that calls somebody out by hand."""
    named = [*(level.name for level in policy.chain if level.name), *policy.groups]
    users = {"type": "multi_users_select", "placeholder": texts.plain("Choose people", 150)}
    blocks = [_input(PEOPLE_BLOCK, "Whom?", users, optional=True)]
    if named:
        blocks.append(
            _input(GROUP_BLOCK, "Or a level or group", _select({name: name for name in dict.fromkeys(named)}, None), optional=True)
        )
    return _view(f"Page for {situation.incident.reference}", blocks, actions.PAGE, "Page", _about(situation))


def note(situation: Situation) -> View:
    """The form of a note for the timeline."""
    blocks = [_input(TEXT_BLOCK, "What to note?", _text("The deploy of 14:02 is suspect", multiline=True))]
    return _view(f"Note on {situation.incident.reference}", blocks, actions.NOTE, "Add", _about(situation))


def note_at(situation: Situation) -> View:
    """The form that adds what happened earlier, or corrects when it began or ended (complaint 19)."""
    choices = {"note": "Something happened", "started_at": "The trouble began", "ended_at": "The trouble ended"}
    hint = f"Such as 14:05 ({situation.zones[0].label}), yesterday 23:50, 2026-11-20 14:05, 14:05 UTC or 10m ago"
    blocks = [
        _input(WHAT_BLOCK, "What?", _select(choices, "note")),
        _input(WHEN_BLOCK, "When?", _text("14:05", longest=40), hint=hint),
        _input(TEXT_BLOCK, "What happened?", _text("Deployed 1.4.2", multiline=True), optional=True),
    ]
    return _view(f"Record {situation.incident.reference}", blocks, actions.NOTE_AT, "Save", _about(situation))


def known(situation: Situation) -> View:
    """The form of what is known: tenants, routes, features, release, error, users (W7)."""
    found = triage(situation.alerts, situation.incident.triage)
    shown = {fact.value: texts.one_line(", ".join(found.facts.get(fact, ())), 2000) for fact in Fact}
    blocks = []
    for fact in Fact:
        element = _text("Several by commas", initial=shown[fact.value])
        blocks.append(_input(fact.value, fact.value.capitalize(), element, optional=True))
    return _view(f"Known of {situation.incident.reference}", blocks, actions.CHANGE_TRIAGE, "Save", _about(situation, shown))


def resolve(situation: Situation) -> View:
    """The form that resolves."""
    words = _text("Rolled back; error rate at baseline", multiline=True)
    blocks = [_input(TEXT_BLOCK, "What ended it?", words, optional=True)]
    return _view(f"Resolve {situation.incident.reference}", blocks, actions.RESOLVE, "Resolve", _about(situation))


def reopen(situation: Situation) -> View:
    """The form that opens a resolved incident again."""
    blocks = [_input(TEXT_BLOCK, "What is back?", _text("Errors are rising again", multiline=True), optional=True)]
    return _view(f"Reopen {situation.incident.reference}", blocks, actions.REOPEN, "Reopen", _about(situation))


def add_to_timeline(situations: Sequence[Situation], quoted: str, about: Mapping[str, str]) -> View:
    """The form that puts a message of any channel onto an incident's timeline."""
    if not situations:
        return refusal("Nothing is open that the message could belong to. Declare an incident first.")
    choices = {s.incident.id: f"{s.incident.reference} {s.incident.title}" for s in situations[:100]}
    blocks = [
        texts.literal(texts.fit(texts.clean(quoted, 2900) or "(no text)", texts.SECTION_LIMIT)),
        _input(INCIDENT_BLOCK, "Incident", _select(choices, next(iter(choices)))),
    ]
    return _view("Add to timeline", blocks, actions.ADD_TO_TIMELINE, "Add", about)


def errors(view: Mapping[str, Any], sentence: str, block_id: str | None = None) -> dict[str, Any]:
    """The answer to a submission that was refused: the sentence stands under the input it is about, else under the form's text."""
    inputs = [block["block_id"] for block in view.get("blocks", []) if block.get("type") == "input"]
    if not inputs:
        return {"response_action": "update", "view": refusal(sentence)}
    where = block_id if block_id in inputs else TEXT_BLOCK if TEXT_BLOCK in inputs else inputs[0]
    return {"response_action": "errors", "errors": {where: texts.clean(sentence, 1000)}}
