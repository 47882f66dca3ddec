"""The standing line by which the bot finds out whether Slack still reaches it: edited in place, so that nobody is notified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.policy import Zone
from bot.messages.texts import Words
from bot.messages.times import moment


def line(block_id: str, at: datetime, zones: Sequence[Zone]) -> Words:
    """What the line says; ``block_id`` comes back with the event of the edit."""
    text = f"Muster listens here. Checked {moment(at, zones)}: when Slack is quiet, an edit of this line has to come back."
    return {"text": text, "blocks": [{"type": "context", "block_id": block_id, "elements": [{"type": "mrkdwn", "text": text}]}]}
