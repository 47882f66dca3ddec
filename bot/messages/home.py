"""The App Home: what is open, who is on call, and what its reader owes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.alert import AlertRow
from bot.domain.follow_ups import FollowUp
from bot.domain.incidents import Incident
from bot.domain.situation import Situation
from bot.domain.timers import Promise
from bot.messages import actions, card, texts, times
from bot.messages.inbox import inbox
from bot.messages.owed import OWED

_SHOWN = 15
_WAITING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Owed:
    """A promise that the reader has to keep."""

    situation: Situation
    promise: Promise


@dataclass(frozen=True, slots=True)
class OnCall:
    """A level of the chain: its name, who is in it, and a note on those whom no road reaches."""

    level: str
    names: tuple[str, ...]
    unreachable: tuple[str, ...]


def home(
    name: str,
    *,
    may_act: bool,
    open_now: Sequence[Situation],
    owed: Sequence[Owed],
    on_call: Sequence[OnCall],
    waiting: Sequence[AlertRow],
    follow_ups: Sequence[tuple[Incident, FollowUp]] = (),
) -> dict[str, Any]:
    """The home of one person."""
    top = [card.button("Declare an incident", actions.DECLARE, "home", style="danger")] if may_act else []
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": texts.plain(f"Hello {texts.one_line(name, 80)}", 150)},
        {"type": "actions", "block_id": "home.actions", "elements": [*top, card.button("What can I type?", actions.HELP, "home")]},
        {"type": "divider"},
        texts.section("*What you owe*"),
        *([*map(_owed, owed[:_SHOWN]), *_to_follow_up(follow_ups)] or [texts.context(["Nothing. Sleep well."])]),
        {"type": "divider"},
        texts.section("*What is open*"),
        *([block for s in open_now[:_SHOWN] for block in _incident(s, may_act=may_act)] or [texts.context(["Nothing is open."])]),
        {"type": "divider"},
        texts.section("*What waits in the inbox*"),
        *inbox(waiting, [s.incident for s in reversed(open_now)], may_act=may_act, listed=_WAITING_SHOWN),
        {"type": "divider"},
        texts.section("*Who is on call*"),
        texts.section(on_call_text(on_call)),
    ]
    left = len(open_now) - _SHOWN
    if left > 0:
        blocks.append(texts.context([f"and {left} more open incidents: `/incident list`"]))
    return {"type": "home", "blocks": blocks}


def closed() -> dict[str, Any]:
    """The home of somebody who may see nothing here."""
    sentence = "You have no access to incidents here. Ask an owner to add you to the policy."
    return {"type": "home", "blocks": [texts.section(sentence)]}


def _owed(one: Owed) -> dict[str, Any]:
    s, promise = one.situation, one.promise
    due = times.near(promise.due_at, s.now, s.zones)
    late = " - *late*" if promise.due_at < s.now else ""
    return texts.section(f"*{s.incident.reference}* {texts.shown(s.incident.title, 100)}: {OWED[promise.clock]} by {due}{late}")


def _to_follow_up(owed: Sequence[tuple[Incident, FollowUp]]) -> list[dict[str, Any]]:
    if not owed:
        return []
    lines = [f"☐ {incident.reference}: {texts.shown(one.text, 150)}" for incident, one in owed[:_SHOWN]]
    more = [f"and {len(owed) - _SHOWN} more"] if len(owed) > _SHOWN else []
    return [texts.section("\n".join(["To follow up:", *lines, *more]))]


def _incident(s: Situation, *, may_act: bool) -> list[dict[str, Any]]:
    incident = s.incident
    where = texts.channel_link(s.channel.channel_id) if s.channel is not None else ""
    owner = texts.shown(s.name(incident.owner_id), 80)
    head = f"*{incident.reference}* [{card.severity_label(s)}] {texts.shown(incident.title, 150)}"
    lines = f"{head}\n{incident.status.value} · owner {owner} · next update {card.next_update_text(s)} {where}".rstrip()
    named = [("Update", actions.UPDATE), ("Join", actions.JOIN)] if may_act else []
    named += [("Status", actions.SHOW), ("Timeline", actions.SHOW_TIMELINE)]
    elements = [card.button(label, action_id, incident.id) for label, action_id in named]
    if may_act and incident.acknowledged_at is None:
        elements.insert(0, card.button("Acknowledge", actions.ACKNOWLEDGE, incident.id, style="primary"))
    return [texts.section(lines), {"type": "actions", "block_id": f"home.{incident.id}", "elements": elements}]


def on_call_text(levels: Sequence[OnCall]) -> str:
    """Who is called in which order, one line a level; escaped."""
    if not levels:
        return "The chain is empty: nobody is called. Add a `chain` to the policy."
    lines = []
    for number, level in enumerate(levels, start=1):
        who = texts.shown(", ".join(level.names), 500) or "nobody"
        silent = f" (no road to {texts.shown(', '.join(level.unreachable), 200)})" if level.unreachable else ""
        lines.append(f"{number}. {texts.shown(level.level, 60)}: {who}{silent}")
    return "\n".join(lines)
