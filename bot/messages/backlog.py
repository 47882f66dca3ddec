"""What could not be said for a while, said in one message: in its order, each word with the time at which it was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.policy import Zone
from bot.messages import times
from bot.messages.texts import Words, context, literal

BLOCKS_LIMIT, TEXT_LIMIT = 48, 9_000
"""Within Slack's 50 blocks and 11 000 characters of a message, with room for the line above."""
_JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Said:
    """Words, and when they were to be said."""

    at: datetime
    words: Mapping[str, Any]

    @property
    def blocks(self) -> list[Words]:
        """What is shown of them."""
        return list(self.words.get("blocks") or [literal(str(self.words["text"]))])


def said(words: Mapping[str, Any], at: datetime) -> list[Said]:
    """The single words of a message: those that it was made of when it stands for several, so that it can take in more."""
    parts = words.get(_JOINED)
    return [Said(datetime.fromisoformat(part["at"]), part["words"]) for part in parts] if parts else [Said(at, words)]


def fitting(waiting: Sequence[Said]) -> int:
    """How many of these, from the first on, one message can hold."""
    blocks = letters = count = 0
    for one in waiting:
        blocks += 1 + len(one.blocks)
        letters += len(str(one.blocks))
        if blocks > BLOCKS_LIMIT or letters > TEXT_LIMIT:
            break
        count += 1
    return count


def joined(waiting: Sequence[Said], now: datetime, zones: Sequence[Zone]) -> Words:
    """One message in place of several, under a line that says why they come late."""
    first, last = (times.near(one.at, now, zones) for one in (waiting[0], waiting[-1]))
    why = f"{len(waiting)} messages that could not be posted at their time, from {first} to {last}:"
    blocks, lines = [literal(why)], [why]
    for one in waiting:
        at = times.near(one.at, now, zones)
        blocks += [context([at]), *one.blocks]
        lines.append(f"{at}: {one.words['text']}")
    parts = [{"at": one.at.isoformat(), "words": dict(one.words)} for one in waiting]
    return {"text": "\n".join(lines), "blocks": blocks, _JOINED: parts}
