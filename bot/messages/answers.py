"""What only the asker sees: answers to commands and clicks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.incidents import Role
from bot.domain.policy import Zone
from bot.domain.situation import Situation
from bot.messages import actions, card, texts, times
from bot.messages.home import OnCall, on_call_text
from bot.messages.texts import Words

COMMANDS: Sequence[tuple[str, str]] = (
    ("declare [private] [severity] title", "open an incident; without a title a form opens"),
    ("ack", "take it: nobody else is called"),
    ("update [status] text", "tell everyone where it stands; status: investigating, mitigating, monitoring"),
    ("status", "show the status post"),
    ("severity P1 reason", "change the severity; without a reason a form opens"),
    ("role commander @ana", "give a role: owner, commander, technical lead, communications lead"),
    ("page @ana", "call somebody out by their own roads; also a level or group by its name"),
    ("note text", "add to the timeline without telling everyone"),
    ("at 14:05 text", "add what happened at another time; `at 14:05 started` and `at 15:10 ended` correct those times"),
    ("phase Stabilize", "enter a phase of the response, the status follows; alone it lists them"),
    ("resolve text", "it is over; the postmortem is drafted. What has to be verified first is listed, with a form to answer it"),
    ("reopen reason", "it is back"),
    ("list", "what is open"),
    ("timeline", "the latest of what happened"),
    ("postmortem", "draft it anew as a file; `postmortem write` fills it in by a form, `postmortem skip why` waives it"),
    ("availability", "what is left of each objective, from the incidents' own downtime"),
    ("oncall", "who is called, in which order"),
    ("inbox", "alerts that no route made an incident of"),
    ("silence 2h service=checkout why", "expected alerts call nobody; without more it lists, `silence end 3` ends one"),
    ("merge INC-7", "this incident and that one are one trouble: it goes on as INC-7"),
    ("runbook", "the steps to take; `runbook 2` ticks step 2, `runbook untick 2` takes that back, `runbook NAME` shows another one"),
    ("followup text", "what is to be done afterwards, `followup @ana text` by somebody; alone it lists, `followup done 2` ends one"),
    ("gate", "whether to launch or deploy, and every reason why not; `gate freeze why` closes it by hand, `gate thaw` ends that"),
    ("extend update 15m why", "give a promise more time, once; without its name it is the one that is due next"),
    ("tenants text", "write to the critical tenants by mail: your words and nothing else"),
    ("ticket link", "it goes on as that ticket"),
    ("report text", "post the preliminary report; without a text a form opens"),
    ("meeting tomorrow 15:00", "move the meeting about it, everybody is invited anew; `meeting held` says that it was held"),
    ("verify", "prove that the number the policy has for you is yours; `verify 123456` with the code that comes"),
    ("help", "this list"),
)
_LISTED, _PIECES = 40, 4


def _words(text: str) -> Words:
    return {"text": text}


def help_text() -> Words:
    """Every command with one line."""
    lines = [f"`/incident {usage}` - {meaning}" for usage, meaning in COMMANDS]
    return _words("\n".join([*lines, "Outside an incident's channel name it first: `/incident ack INC-42`."]))


def unknown_command(word: str) -> Words:
    """A word that is no command."""
    return _words(f"There is no command “{texts.shown(word, 40)}”. `/incident help` lists them all.")


def refused(sentence: str) -> Words:
    """Why something was not done, and what to do."""
    return _words(f":no_entry: {texts.shown(sentence, 1000)}")


def modal_expired() -> Words:
    """Slack did not let us open the form in time."""
    return _words("Slack did not open the form in time. Try again, or type it in one line: `/incident help`.")


def said(sentence: str) -> Words:
    """A sentence of ours that may hold escaped names."""
    return _words(sentence)


def menu(situation: Situation | None) -> Words:
    """What a bare ``/incident`` opens: the channel's incident and what can be done to it, or how to begin."""
    general = [
        card.button("Declare an incident", actions.DECLARE, "menu", style="danger"),
        card.button("What is open", actions.SHOW_LIST, "menu"),
        card.button("Who is on call", actions.SHOW_ON_CALL, "menu"),
        card.button("What can I type?", actions.HELP, "menu"),
    ]
    row = {"type": "actions", "block_id": "menu.actions", "elements": general}
    if situation is None:
        text = "What do you want to do? In an incident's channel this menu acts on that incident."
        return {"text": text, "blocks": [texts.section(text), row]}
    text = f"{situation.incident.reference} [{card.severity_label(situation)}] {texts.shown(situation.incident.title)}"
    return {"text": text, "blocks": [texts.section(text), card.buttons(situation), row]}


def on_call(levels: Sequence[OnCall]) -> Words:
    """Who is called, level after level."""
    text = on_call_text(levels)
    return {"text": text, "blocks": [texts.section("*Who is called, in this order*"), texts.section(text)]}


def timeline(reference: str, lines: Sequence[str], left: int) -> Words:
    """The latest entries, oldest first, with their dates; ``left`` how many came before."""
    if not lines:
        return _words(f"The timeline of {reference} is empty.")
    before = [f"{left} earlier entries; `/incident postmortem` has them all."] if left > 0 else []
    pieces = texts.pieces("\n".join([*before, *lines]), texts.SECTION_LIMIT)
    return {"text": f"The timeline of {reference}", "blocks": [texts.literal(piece) for piece in pieces[:_PIECES]]}


def paged(situation: Situation, names: Sequence[str]) -> Words:
    """Who is being called now."""
    return _words(
        f"Calling {texts.shown(', '.join(names), 500)} for {situation.incident.reference}. What they answer comes to the channel."
    )


def recorded(reference: str, at: datetime, zones: Sequence[Zone]) -> Words:
    """What happened at another time is on the timeline, or a time is corrected."""
    return _words(f"Recorded on the timeline of {reference} at {times.moment(at, zones)}.")


def joining(situation: Situation) -> Words:
    """The way in."""
    return _words(f"You are being invited to {_where(situation)} of {situation.incident.reference}.")


def drafted(reference: str) -> Words:
    """The draft is on its way."""
    return _words(f"The postmortem of {reference} is drafted anew and comes to its channel as a file. What people wrote in it is kept.")


def _where(situation: Situation) -> str:
    channel = situation.channel
    known = texts.channel_link(channel.channel_id) if channel is not None else ""
    return known or "its channel, which is being created"


def declared(situation: Situation, *, joined: bool, again: str | None = None) -> Words:
    """The incident was opened, or was open already; ``again`` is what a separate declaration would ask for (complaint 20)."""
    incident = situation.incident
    title = texts.shown(incident.title)
    if joined:
        text = f"{incident.reference} “{title}” is open already: join it in {_where(situation)}."
        elements = [card.button("Join it", actions.JOIN, incident.id, style="primary")]
        if again is not None:
            elements.append(card.button("Declare separately", actions.DECLARE_ANYWAY, again))
        return {"text": text, "blocks": [texts.section(text), {"type": "actions", "elements": elements}]}
    head = f"{incident.reference} [{card.severity_label(situation)}] “{title}”"
    return _words(f"{head} is declared. Go to {_where(situation)}.")


def acknowledged(situation: Situation, *, first: bool) -> Words:
    """It is yours, or it was taken before."""
    incident = situation.incident
    by = texts.shown(situation.name(incident.acknowledged_by), 80)
    if first or incident.acknowledged_at is None:
        return _words(f"{incident.reference} is acknowledged by {by}. Nobody else is called.")
    at = times.near(incident.acknowledged_at, situation.now, situation.zones)
    was = f"{incident.reference} was acknowledged by {by} at {at} already."
    return _words(f"{was} Whatever still rang has been stopped.")


def updated(situation: Situation) -> Words:
    """The update is out."""
    incident = situation.incident
    if incident.next_update_at is None:
        return _words(f"{incident.reference} is updated.")
    at = times.near(incident.next_update_at, situation.now, situation.zones)
    return _words(f"{incident.reference} is updated. The next update is due at {at}.")


def severity_set(situation: Situation) -> Words:
    """The severity as it is now."""
    return _words(f"{situation.incident.reference} is {card.severity_label(situation)} now.")


def role_set(situation: Situation, role: Role, name: str) -> Words:
    """Who has the role now."""
    return _words(f"{texts.shown(name, 80)} is {role.value} of {situation.incident.reference} now.")


def noted(reference: str) -> Words:
    """The note is on the timeline."""
    return _words(f"Noted on the timeline of {reference}.")


def resolved(situation: Situation) -> Words:
    """It is over."""
    return _words(f"{situation.incident.reference} is resolved. The postmortem draft comes to the channel.")


def reopened(situation: Situation) -> Words:
    """It is open again."""
    return _words(f"{situation.incident.reference} is open again, and its clocks run.")


def status(situation: Situation) -> Words:
    """The status post and what stands behind it, as on the card."""
    text = card.status_text(situation)
    return {"text": text, "blocks": [texts.literal(text), card.details(situation)]}


def incident_list(situations: Sequence[Situation]) -> Words:
    """What is open, one line each; the empty list says how to begin."""
    if not situations:
        return _words("Nothing is open. `/incident declare [severity] title` opens an incident.")
    left = len(situations) - _LISTED
    more = [f"and {left} more"] if left > 0 else []
    return _words("\n".join([*(_line(situation) for situation in situations[:_LISTED]), *more]))


def _line(situation: Situation) -> str:
    incident = situation.incident
    owner = texts.shown(situation.name(incident.owner_id), 80)
    head = f"*{incident.reference}* [{card.severity_label(situation)}] {texts.shown(incident.title, 100)}"
    return f"{head} - {incident.status.value}, owner {owner}, {_where(situation)}"
