"""Modals: a skeleton that opens at once, and the forms that fill it.

A form carries in its metadata what it is about and how that stood when it was opened, so that an old one changes nothing by accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.incidents import Role
from bot.domain.policy import Policy
from bot.domain.situation import Situation
from bot.domain.status import OPEN_STATUSES
from bot.domain.triage import Fact, triage
from bot.messages import actions, card, inputs, texts
from bot.messages.inputs import View

DECLARE = actions.DECLARE
TITLE_BLOCK, SEVERITY_BLOCK, IMPACT_BLOCK = "title", "severity", "impact"
STATUS_BLOCK, TEXT_BLOCK, PHASE_BLOCK = "status", "text", "phase"
PRIVATE_BLOCK, INCIDENT_BLOCK, WHEN_BLOCK, WHAT_BLOCK = "private", "incident", "when", "what"
PEOPLE_BLOCK, GROUP_BLOCK = "people", "group"
PRIVATE = "private"
_OPEN_SHOWN = 8


def _severities(policy: Policy) -> dict[str, str]:
    return {severity.label: f"{severity.label} {severity.meaning}".strip().replace("\n", " ") for severity in policy.severities}


def skeleton() -> View:
    """What opens within the trigger's three seconds, before anything is read (complaint 10)."""
    return inputs.modal("Incident", [texts.section("One moment…")])


def refusal(sentence: str) -> View:
    """Why there is no form."""
    return inputs.modal("Incident", [texts.section(texts.shown(sentence, 1000))])


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
        inputs.field(TITLE_BLOCK, "What is broken?", inputs.text("Checkout returns 500", initial=title, longest=200)),
        inputs.field(SEVERITY_BLOCK, "Severity", inputs.select(_severities(policy), chosen)),
        inputs.field(IMPACT_BLOCK, "Who is affected?", inputs.text("All customers paying by card", multiline=True), optional=True),
        inputs.field(
            PRIVATE_BLOCK, "Private", _checkboxes(tick, ticked=private), optional=True, hint="A public channel cannot become private later."
        ),
    ]
    return inputs.modal("Declare an incident", blocks, DECLARE, "Declare", {"token": token})


def told(text: str, blocks: list[View] | None = None) -> View:
    """Words for somebody who is in no channel; ``text`` is escaped."""
    return inputs.modal("Incident", blocks or [texts.section(piece) for piece in _by_lines(text)])


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
    return inputs.modal("Already open", blocks, DECLARE, "Declare separately", about)


def update(situation: Situation) -> View:
    """The form of a status update."""
    incident = situation.incident
    impact = texts.one_line(incident.impact or "", 3000)
    blocks = [
        *_status(situation),
        inputs.field(TEXT_BLOCK, "What happened since?", inputs.text("Rolled back to 1.4.2, watching", multiline=True)),
        inputs.field(
            IMPACT_BLOCK,
            "Impact",
            inputs.text("Who is affected", initial=impact),
            optional=True,
        ),
    ]
    return inputs.modal(f"Update {incident.reference}", blocks, actions.UPDATE, "Send", about(situation, {IMPACT_BLOCK: impact}))


def _status(situation: Situation) -> list[View]:
    """Where it stands: by the policy's phases, which the status follows, else by the status."""
    incident = situation.incident
    phases = {phase.name: f"{phase.name} ({phase.status.value})" for phase in situation.closing.phases if phase.status.open}
    if phases:
        return [inputs.field(PHASE_BLOCK, "Phase", inputs.select(phases, incident.phase))]
    statuses = {status.value: status.value for status in OPEN_STATUSES}
    return [inputs.field(STATUS_BLOCK, "Status", inputs.select(statuses, incident.status.value))]


def about(situation: Situation, shown: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a form is about; ``shown`` is what stood in fields when it was opened: only what differs from that was changed."""
    incident = situation.incident
    kept = {"incident_id": incident.id, "status": incident.status.value, "severity": incident.severity}
    kept |= {"phase": incident.phase} if incident.phase else {}
    return kept | {_was(block_id): inputs.trace(text) for block_id, text in (shown or {}).items()}


def _was(block_id: str) -> str:
    return f"was {block_id}"


def untouched(about: Mapping[str, str], block_id: str, text: str) -> bool:
    """Whether a field still holds what stood in it when the form was opened."""
    return about.get(_was(block_id)) == inputs.trace(text)


def severity(situation: Situation, policy: Policy, wanted: str | None = None) -> View:
    """The form that changes the severity; ``wanted`` is chosen already."""
    incident = situation.incident
    blocks = [
        inputs.field(SEVERITY_BLOCK, "Severity", inputs.select(_severities(policy), wanted or incident.severity)),
        inputs.field(TEXT_BLOCK, "Why?", inputs.text("More customers are affected", multiline=True)),
    ]
    return inputs.modal(f"Severity {incident.reference}", blocks, actions.CHANGE_SEVERITY, "Change", about(situation))


def roles(situation: Situation, slack_ids: Mapping[str, str]) -> View:
    """The form that gives roles; ``slack_ids`` maps person ids to members of the workspace, who are chosen already."""
    blocks = []
    held = {role.value: slack_ids.get(situation.holder(role) or "", "") for role in Role}
    for role in Role:
        holder = held[role.value]
        element: View = {"type": "users_select", "placeholder": texts.plain("Choose somebody", 150)}
        blocks.append(
            inputs.field(role.value, role.value.capitalize(), element | ({"initial_user": holder} if holder else {}), optional=True)
        )
    return inputs.modal(f"Roles {situation.incident.reference}", blocks, actions.ASSIGN_ROLE, "Assign", about(situation, held))


def page(situation: Situation, policy: Policy) -> View:
    """The form that calls somebody out by hand."""
    named = [*(level.name for level in policy.chain if level.name), *policy.groups]
    users = {"type": "multi_users_select", "placeholder": texts.plain("Choose people", 150)}
    blocks = [inputs.field(PEOPLE_BLOCK, "Whom?", users, optional=True)]
    if named:
        blocks.append(
            inputs.field(
                GROUP_BLOCK, "Or a level or group", inputs.select({name: name for name in dict.fromkeys(named)}, None), optional=True
            )
        )
    return inputs.modal(f"Page for {situation.incident.reference}", blocks, actions.PAGE, "Page", about(situation))


def note(situation: Situation) -> View:
    """The form of a note for the timeline."""
    blocks = [inputs.field(TEXT_BLOCK, "What to note?", inputs.text("The deploy of 14:02 is suspect", multiline=True))]
    return inputs.modal(f"Note on {situation.incident.reference}", blocks, actions.NOTE, "Add", about(situation))


def note_at(situation: Situation) -> View:
    """The form that adds what happened earlier, or corrects when it began or ended (complaint 19)."""
    choices = {"note": "Something happened", "started_at": "The trouble began", "ended_at": "The trouble ended"}
    hint = f"Such as 14:05 ({situation.zones[0].label}), yesterday 23:50, 2026-11-20 14:05, 14:05 UTC or 10m ago"
    blocks = [
        inputs.field(WHAT_BLOCK, "What?", inputs.select(choices, "note")),
        inputs.field(WHEN_BLOCK, "When?", inputs.text("14:05", longest=40), hint=hint),
        inputs.field(TEXT_BLOCK, "What happened?", inputs.text("Deployed 1.4.2", multiline=True), optional=True),
    ]
    return inputs.modal(f"Record {situation.incident.reference}", blocks, actions.NOTE_AT, "Save", about(situation))


def known(situation: Situation) -> View:
    """The form of what is known: tenants, routes, features, release, error, users (W7)."""
    found = triage(situation.alerts, situation.incident.triage)
    shown = {fact.value: texts.one_line(", ".join(found.facts.get(fact, ())), 2000) for fact in Fact}
    blocks = []
    for fact in Fact:
        element = inputs.text("Several by commas", initial=shown[fact.value])
        blocks.append(inputs.field(fact.value, fact.value.capitalize(), element, optional=True))
    return inputs.modal(f"Known of {situation.incident.reference}", blocks, actions.CHANGE_TRIAGE, "Save", about(situation, shown))


def reopen(situation: Situation) -> View:
    """The form that opens a resolved incident again."""
    blocks = [inputs.field(TEXT_BLOCK, "What is back?", inputs.text("Errors are rising again", multiline=True), optional=True)]
    return inputs.modal(f"Reopen {situation.incident.reference}", blocks, actions.REOPEN, "Reopen", about(situation))


def add_to_timeline(situations: Sequence[Situation], quoted: str, about: Mapping[str, str]) -> View:
    """The form that puts a message of any channel onto an incident's timeline."""
    if not situations:
        return refusal("Nothing is open that the message could belong to. Declare an incident first.")
    choices = {s.incident.id: f"{s.incident.reference} {s.incident.title}" for s in situations[:100]}
    blocks = [
        texts.literal(texts.fit(texts.clean(quoted, 2900) or "(no text)", texts.SECTION_LIMIT)),
        inputs.field(INCIDENT_BLOCK, "Incident", inputs.select(choices, next(iter(choices)))),
    ]
    return inputs.modal("Add to timeline", blocks, actions.ADD_TO_TIMELINE, "Add", about)


def errors(view: Mapping[str, Any], sentence: str, block_id: str | None = None) -> dict[str, Any]:
    """The answer to a submission that was refused: the sentence stands under the input it is about, else under the form's text."""
    inputs = [block["block_id"] for block in view.get("blocks", []) if block.get("type") == "input"]
    if not inputs:
        return {"response_action": "update", "view": refusal(sentence)}
    where = block_id if block_id in inputs else TEXT_BLOCK if TEXT_BLOCK in inputs else inputs[0]
    return {"response_action": "errors", "errors": {where: texts.clean(sentence, 1000)}}
