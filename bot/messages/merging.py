"""What two incidents that turned out to be one say of each other."""

from __future__ import annotations

from bot.domain.situation import Situation
from bot.messages.texts import Words, channel_link, section, shown


def merged_away(s: Situation, into: Situation, name: str) -> Words:
    """Says in the channel of the incident that ends where it goes on."""
    where = channel_link(into.channel.channel_id) if into.channel is not None else ""
    text = f"{shown(name)} merged {s.incident.reference} into {into.incident.reference}. It goes on {'in ' + where if where else 'there'}."
    return {"text": text, "blocks": [section(f"{text} What was written here stays on this timeline.")]}


def merged_in(s: Situation, gone: Situation, name: str, alerts: int) -> Words:
    """Says in the channel of the incident that goes on what came to it."""
    came = f"{alerts} alert{'' if alerts == 1 else 's'} came with it." if alerts else "No alerts came with it."
    where = f" Its channel was {channel_link(gone.channel.channel_id)}." if gone.channel is not None and gone.channel.channel_id else ""
    text = f"{shown(name)} merged {gone.incident.reference} ({shown(gone.incident.title, 200)}) into {s.incident.reference}. {came}{where}"
    return {"text": text, "blocks": [section(text)]}
