"""Words about what wakes nobody: alerts that wait in the inbox, and silences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.alert import AlertRow
from bot.domain.incidents import Incident
from bot.domain.policy import Zone
from bot.domain.silences import Maintenance, Silence, Silences
from bot.domain.windows import Day
from bot.messages import actions, card, texts, times
from bot.messages.texts import Words

_LISTED, _SILENCES = 10, 20
JOINABLE = 10
"""Incidents in a menu: there is one beside each alert, and an answer holds so much."""


def _words(text: str) -> Words:
    return {"text": text, "blocks": [texts.section(text)]}


def inbox(waiting: Sequence[AlertRow], joinable: Sequence[Incident], *, may_act: bool, listed: int = _LISTED) -> list[dict[str, Any]]:
    """The alerts that wait, as blocks: what it is, from where, why it is there, and what makes it an incident, lets it go, or puts it to
    one of the ``joinable``, of which the first are shown.
    """
    if not waiting:
        return [texts.context(["The inbox is empty."])]
    blocks = [block for row in waiting[:listed] for block in _alert(row, joinable[:JOINABLE], may_act=may_act)]
    left = len(waiting) - listed
    return [*blocks, texts.context([f"and {left} more: `muster alert list`"])] if left > 0 else blocks


def inbox_answer(waiting: Sequence[AlertRow], joinable: Sequence[Incident], *, may_act: bool) -> Words:
    """What `/incident inbox` answers."""
    count = len(waiting)
    text = f"{count} alert{' waits' if count == 1 else 's wait'} in the inbox." if count else "The inbox is empty."
    return {"text": text, "blocks": [texts.section(f"*{text}*"), *inbox(waiting, joinable, may_act=may_act)]} if count else _words(text)


def _alert(row: AlertRow, joinable: Sequence[Incident], *, may_act: bool) -> list[dict[str, Any]]:
    said = f", said {row.count} times" if row.count > 1 else ""
    block = texts.section(
        f"*{texts.shown(row.title, 200)}*\n{texts.shown(row.source, 64)} · {row.status.value}{said} · {texts.shown(row.reason, 300)}"
    )
    if not may_act:
        return [block]
    elements = [card.button("Declare", actions.DECLARE_ALERT, row.id), card.button("Dismiss", actions.DISMISS_ALERT, row.id)]
    if joinable:
        elements.append(_join(row, joinable))
    return [block, {"type": "actions", "block_id": f"inbox.{row.id}", "elements": elements}]


def _join(row: AlertRow, joinable: Sequence[Incident]) -> Words:
    named = {actions.choice(row.id, one.id): f"{one.reference} {one.title}" for one in joinable}
    options = [{"text": texts.plain(label, 75), "value": value} for value, label in named.items()]
    return {"type": "static_select", "action_id": actions.ATTACH_ALERT, "placeholder": texts.plain("Join…", 150), "options": options}


def silenced(silence: Silence, zones: Sequence[Zone]) -> Words:
    """The silence holds: which alerts, until when, and how to end it."""
    until = times.near(silence.ends_at, silence.created_at, zones)
    return _words(f"Silence {silence.number}: {_match(silence)} until {until}. `/incident silence end {silence.number}` ends it before.")


def silence_ended(silence: Silence) -> Words:
    """The silence is over; what fires counts again."""
    return _words(f"Silence {silence.number} is over. What still fires counts again as soon as it is said.")


def silences(found: Silences, zones: Sequence[Zone], now: datetime) -> Words:
    """What `/incident silence` answers: everything that holds, and how to silence something."""
    how = "`/incident silence 2h service=checkout why` silences alerts by their labels."
    if not found.said and not found.planned:
        return _words(f"Nothing is silenced. {how}")
    lines = [_silence(one, zones, now) for one in found.said]
    lines += [_maintenance(one, zones, now) for one in found.planned]
    return {"text": f"Silenced: {len(lines)}. {how}", "blocks": [texts.section(line) for line in (*lines[:_SILENCES], how)]}


def _silence(silence: Silence, zones: Sequence[Zone], now: datetime) -> str:
    until, why = times.near(silence.ends_at, now, zones), texts.shown(silence.comment, 200)
    return f"*{silence.number}* {_match(silence)} until {until}, {texts.shown(silence.author, 80)}: {why}"


def _maintenance(window: Maintenance, zones: Sequence[Zone], now: datetime) -> str:
    holds = "holds now" if window.holds(now) else "does not hold now"
    name, author = texts.shown(window.name, 80), texts.shown(window.author, 80)
    return f"Maintenance “{name}” of the policy: {_match(window)} {_span(window, zones)}, {holds}, {author}"


def _span(window: Maintenance, zones: Sequence[Zone]) -> str:
    """When a window holds; a time of the week is said by the clocks of its own zone, as the policy has it."""
    if window.during is not None:
        days = "daily" if len(window.during.days) == len(Day) else " ".join(window.during.days)
        return f"{days} {window.during.begins:%H:%M}-{window.during.ends:%H:%M} {texts.shown(window.during.zone, 60)}"
    moments = (times.moment(at, zones) for at in (window.begins_at, window.ends_at) if at is not None)
    return " until ".join(moments)


def _match(silence: Silence | Maintenance) -> str:
    named = " ".join(f"{name}={','.join(globs)}" for name, globs in sorted(silence.match.items()))
    return texts.shown(named, 300)
