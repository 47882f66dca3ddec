"""The status post: the card in the incident's channel, the announcement, and the topic (C3, J10)."""

from __future__ import annotations

from bot.domain.alert import AlertStatus
from bot.domain.incidents import Role
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.timers import Promise
from bot.messages import actions, texts, times
from bot.messages.texts import Words

_TITLE_LIMIT, _NAME_LIMIT, _IMPACT_LIMIT, _TOPIC_LIMIT = 1000, 80, 1200, 250
_LIMITS_SHOWN = 4
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


def _owed(promise: Promise) -> bool:
    return promise.kept_at is None and promise.withdrawn_at is None


def _acknowledgement(s: Situation) -> str:
    incident = s.incident
    if incident.acknowledged_at is not None:
        road = f" by {texts.shown(road_name(incident.acknowledged_via))}" if incident.acknowledged_via else ""
        at = times.near(incident.acknowledged_at, s.now, s.zones)
        return f"Acknowledged by {name_text(s, incident.acknowledged_by)}{road} at {at}"
    if not incident.open:
        return "Nobody acknowledged it"
    due = [promise.due_at for promise in s.promises if promise.clock is ClockName.ACKNOWLEDGE and _owed(promise)]
    return "Not acknowledged yet" + (f", due {times.near(due[-1], s.now, s.zones)}" if due else "")


def _resolution(s: Situation) -> str:
    if s.incident.open:
        return ""
    return f"Resolved by {name_text(s, s.incident.resolved_by)}; `/incident reopen` opens it again"


def _roles(s: Situation) -> str:
    return " · ".join(f"{role.value.capitalize()}: {name_text(s, s.roles[role])}" for role in Role if role in s.roles)


def _alerts(s: Situation) -> str:
    recovered = sum(alert.status is AlertStatus.RESOLVED for alert in s.alerts)
    said = sum(alert.count for alert in s.alerts)
    source = texts.link(s.incident.link)
    counted = f"Alerts: {recovered} of {len(s.alerts)} recovered, said {said} times" if s.alerts else ""
    return " · ".join(part for part in (counted, f"source: {source}" if source else "") if part)


def _limits(s: Situation) -> list[str]:
    left = len(s.limits) - _LIMITS_SHOWN
    more = [f":warning: and {left} more limits of this installation"] if left > 0 else []
    return [f":warning: {texts.shown(limit, 500)}" for limit in s.limits[:_LIMITS_SHOWN]] + more


def details(s: Situation) -> Words:
    """What stands under the post: who acknowledged by which road (complaint 16), roles, alerts, limits."""
    lines = [s.incident.reference, _acknowledgement(s), _resolution(s), _roles(s), _alerts(s), *_limits(s)]
    return texts.context([line for line in lines if line])


def _button(label: str, action_id: str, value: str, **more: str) -> Words:
    return {"type": "button", "text": texts.plain(label, 75), "action_id": action_id, "value": value, **more}


def _buttons(s: Situation) -> Words:
    incident = s.incident
    buttons = [
        _button("Update", actions.UPDATE, incident.id),
        _button("Severity", actions.CHANGE_SEVERITY, incident.id),
        _button("Resolve", actions.RESOLVE, incident.id),
    ]
    if incident.acknowledged_at is None or any(page.state.alive for page in s.pages):
        buttons.insert(0, _button("Acknowledge", actions.ACKNOWLEDGE, incident.id, style="primary"))
    return {"type": "actions", "block_id": "incident.actions", "elements": buttons}


def card(s: Situation) -> Words:
    """The card: the post in its blocks and as their fallback, details, and buttons while it is open.

    Acknowledge is there until somebody acknowledged, and again while a broken promise rings.
    """
    text = status_text(s)
    blocks = [texts.literal(text), details(s)]
    return {"text": text, "blocks": [*blocks, _buttons(s)] if s.incident.open else blocks}


def announcement(s: Situation) -> Words:
    """The post for the announce channel, with the way into the incident's channel."""
    text = status_text(s)
    blocks = [texts.literal(text), details(s)]
    where = texts.channel_link(s.channel.channel_id) if s.channel is not None else ""
    if where:
        blocks.append(texts.context([f"{s.incident.reference} is worked on in {where}"]))
    return {"text": text, "blocks": blocks}


def topic(s: Situation) -> str:
    """The topic of the incident's channel, at most 250 characters."""
    return texts.fit(f"{s.incident.reference}: {texts.one_line(s.incident.title, _TOPIC_LIMIT)}", _TOPIC_LIMIT)
