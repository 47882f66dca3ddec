"""The status post: the card in the incident's channel, the announcement, and the topic (C3, J10)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.incidents import Role
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.triage import Triage, triage
from bot.messages import actions, closing, texts, times
from bot.messages.texts import Words

_TITLE_LIMIT, _NAME_LIMIT, _IMPACT_LIMIT, _TOPIC_LIMIT = 1000, 80, 1200, 250
_LIMITS_SHOWN, _DESCRIPTION_LIMIT = 4, 240
_ROAD_NAMES = {"sms": "SMS", "whatsapp": "WhatsApp", "voice": "voice call", "email": "e-mail"}


def road_name(road: str) -> str:
    """The road as people read it: ``SMS``."""
    return _ROAD_NAMES.get(str(road), str(road))


def severity_label(s: Situation) -> str:
    """The severity's label, escaped."""
    return texts.shown(s.incident.severity, 60)


def title_text(s: Situation) -> str:
    """The incident's title on one line, escaped."""
    return texts.shown(s.incident.title, _TITLE_LIMIT)


def name_text(s: Situation, person_id: str | None) -> str:
    """A person's name, escaped; ``nobody yet`` for none."""
    return texts.shown(s.name(person_id), _NAME_LIMIT)


def next_update_text(s: Situation) -> str:
    """What follows ``Next update:``."""
    incident = s.incident
    if incident.resolved_at is not None:
        return f"none, resolved {times.moment(incident.resolved_at, s.zones)}"
    if incident.next_update_at is None:
        return "not promised"
    return times.near(incident.next_update_at, s.now, s.zones)


def status_text(s: Situation) -> str:
    """The post, line for line as the alerts channel knows it (J10); escaped, at most 3000 characters."""
    incident = s.incident
    lines = (
        f"[{severity_label(s)}] {title_text(s)}",
        f"Status: {incident.status.value}",
        f"Impact: {texts.shown(incident.impact or '', _IMPACT_LIMIT) or 'not stated yet'}",
        f"Started: {times.moment(incident.started_at, s.zones)}",
        f"Owner: {name_text(s, incident.owner_id)}",
        f"Next update: {next_update_text(s)}",
    )
    return "\n".join(lines)


def _acknowledgement(s: Situation) -> str:
    incident = s.incident
    if incident.acknowledged_at is not None:
        road = f" by {texts.shown(road_name(incident.acknowledged_via))}" if incident.acknowledged_via else ""
        at = times.near(incident.acknowledged_at, s.now, s.zones)
        return f"Acknowledged by {name_text(s, incident.acknowledged_by)}{road} at {at}"
    if not incident.open:
        return "Nobody acknowledged it"
    due = [promise.due_at for promise in s.promises if promise.clock is ClockName.ACKNOWLEDGE and promise.open]
    return "Not acknowledged yet" + (f", due {times.near(due[-1], s.now, s.zones)}" if due else "")


def _end(s: Situation) -> str:
    incident = s.incident
    ended = f"The trouble ended {times.moment(incident.ended_at, s.zones)}" if incident.ended_at is not None else ""
    how = f"Merged into {s.merged_into}" if s.merged_into is not None else "Resolved"
    resolved = "" if incident.open else f"{how} by {name_text(s, incident.resolved_by)}; `/incident reopen` opens it again"
    return " · ".join(part for part in (ended, resolved) if part)


def _roles(s: Situation) -> str:
    return " · ".join(f"{role.value.capitalize()}: {name_text(s, s.roles[role])}" for role in Role if role in s.roles)


def _alerts(s: Situation) -> str:
    counts, source = s.counts, texts.link(s.incident.link)
    said = f"said {counts.said} time{'s' * (counts.said != 1)}"
    counted = f"Alerts: {counts.recovered} of {counts.total} recovered, {said}" if counts.total else ""
    return " · ".join(part for part in (counted, f"source: {source}" if source else "") if part)


_FACTS_SHOWN, _CHECKS_SHOWN = 3, 5


def known_lines(s: Situation) -> list[str]:
    """What is known of the trouble, one line a fact: its alert's words, error, tenants, release, when, links, monitors (J7, J8, W7)."""
    known = triage(s.alerts, s.incident.triage)
    facts = [f"{fact.value.capitalize()}: {_values(values)}" for fact, values in known.facts.items()]
    links = [f"{texts.shown(name, 30)} {texts.link(address)}" for name, address in known.links if texts.link(address)]
    said = texts.shown(known.description or "", _DESCRIPTION_LIMIT)
    lines = [said, *facts, _seen(s, known), "Links: " + " · ".join(links) if links else "", _checks(known)]
    return [line for line in lines if line]


def _values(values: Sequence[str]) -> str:
    more = f" and {len(values) - _FACTS_SHOWN} more" if len(values) > _FACTS_SHOWN else ""
    return texts.shown(", ".join(values[:_FACTS_SHOWN]), 300) + more


def _seen(s: Situation, known: Triage) -> str:
    if known.first_seen_at is None or known.last_seen_at is None:
        return ""
    first, last = (times.near(at, s.now, s.zones) for at in (known.first_seen_at, known.last_seen_at))
    return f"First seen {first}, latest {last}"


def _checks(known: Triage) -> str:
    shown = known.checks[:_CHECKS_SHOWN]
    more = f" and {len(known.checks) - len(shown)} more" if len(known.checks) > len(shown) else ""
    states = (f"{':red_circle:' if check.firing else ':large_green_circle:'} {texts.shown(check.title, 80)}" for check in shown)
    return f"Monitors: {' · '.join(states)}{more}" if shown else ""


def _limits(s: Situation) -> list[str]:
    left = len(s.limits) - _LIMITS_SHOWN
    more = [f":warning: and {left} more limits of this installation"] if left > 0 else []
    return [f":warning: {texts.shown(limit, 500)}" for limit in s.limits[:_LIMITS_SHOWN]] + more


def _severity(s: Situation) -> str:
    """Why the severity was raised by itself, and what to do about it (J3, J13)."""
    incident = s.incident
    if not incident.provisional:
        return ""
    reason = texts.shown(incident.severity_reason or "its alerts got worse", 300)
    return f"[{severity_label(s)}] {title_text(s)} (provisional: {reason}; `/incident severity` decides)"


def _filed(s: Situation) -> str:
    """What it is about: the system that it is filed under (S3), the service, and the ticket (O11)."""
    parts = (("System", s.system), ("Service", s.incident.service))
    ticket = texts.link(s.incident.ticket)
    named = [f"{name}: {texts.shown(value, 200)}" for name, value in parts if value]
    return " · ".join([*named, *([f"Ticket: {ticket}"] if ticket else [])])


def details(s: Situation) -> Words:
    """What stands under the post: a provisional severity, what it is about, who acknowledged by which road (complaint 16), and the rest."""
    name = f"{s.incident.reference}, private" if s.incident.private else s.incident.reference
    lines = [name, _severity(s), _filed(s), _acknowledgement(s), _end(s), _roles(s), _alerts(s), *_limits(s)]
    return texts.context([line for line in lines if line])


_OPEN_BUTTONS: Sequence[tuple[str, str]] = (("Update", actions.UPDATE), ("Severity", actions.CHANGE_SEVERITY), ("Resolve", actions.RESOLVE))
_CLOSED_BUTTONS: Sequence[tuple[str, str]] = (("Reopen", actions.REOPEN),)
_OPEN_MENU = (
    ("Roles and owner", actions.ASSIGN_ROLE),
    ("Page somebody", actions.PAGE),
    ("Add a note", actions.NOTE),
    ("Correct the record", actions.NOTE_AT),
    ("What is known", actions.CHANGE_TRIAGE),
    ("Show the timeline", actions.SHOW_TIMELINE),
    ("Who is on call", actions.SHOW_ON_CALL),
    ("Draft the postmortem", actions.DRAFT_POSTMORTEM),
)
_CLOSED_MENU = tuple(item for item in _OPEN_MENU if item[1] not in (actions.ASSIGN_ROLE, actions.PAGE))


def button(label: str, action_id: str, value: str, **more: str) -> Words:
    """A button."""
    return {"type": "button", "text": texts.plain(label, 75), "action_id": action_id, "value": value, **more}


def _menu(s: Situation) -> Words:
    items = _OPEN_MENU if s.incident.open else _CLOSED_MENU
    options = [{"text": texts.plain(label, 75), "value": actions.choice(action_id, s.incident.id)} for label, action_id in items]
    return {"type": "static_select", "action_id": actions.MORE, "placeholder": texts.plain("More…", 150), "options": options}


def buttons(s: Situation) -> Words:
    """What can be done to the incident now: Acknowledge while somebody is awaited, Reopen once it is resolved."""
    incident = s.incident
    named = _OPEN_BUTTONS if incident.open else _CLOSED_BUTTONS
    elements = [button(label, action_id, incident.id) for label, action_id in named]
    if incident.open and (incident.acknowledged_at is None or any(page.state.alive for page in s.pages)):
        elements.insert(0, button("Acknowledge", actions.ACKNOWLEDGE, incident.id, style="primary"))
    return {"type": "actions", "block_id": "incident.actions", "elements": [*elements, _menu(s)]}


def card(s: Situation) -> Words:
    """The card: the post in its blocks and as their fallback, what is known, details, and what can be done.

    Acknowledge is there until somebody acknowledged, and again while a broken promise rings.
    """
    text = status_text(s)
    known = known_lines(s)
    ending = closing.lines(s)
    context = [texts.context(lines) for lines in (known, ending) if lines]
    blocks = [texts.literal(text), *context, details(s), buttons(s)]
    return {"text": text, "blocks": blocks}


def announcement(s: Situation) -> Words:
    """The post for the announce channel, with the way into the incident's channel."""
    text = status_text(s)
    blocks = [texts.literal(text), details(s)]
    where = texts.channel_link(s.channel.channel_id) if s.channel is not None else ""
    if where:
        blocks.append(texts.context([f"{s.incident.reference} is worked on in {where}"]))
    if s.incident.open:
        blocks.append({"type": "actions", "block_id": "incident.join", "elements": [button("Join", actions.JOIN, s.incident.id)]})
    return {"text": text, "blocks": blocks}


def topic(s: Situation) -> str:
    """The topic of the incident's channel, at most 250 characters."""
    return texts.fit(f"{s.incident.reference}: {texts.one_line(s.incident.title, _TOPIC_LIMIT)}", _TOPIC_LIMIT)
