"""Episodes: what the bot noticed by itself, has said once, and watches until it is over (G5, W6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.own import own_fingerprint


class EpisodeKind(StrEnum):
    """What goes on."""

    SPIKE = "spike"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that began and is not over until it was looked at and found so; ``due_at`` is when to look next.

    A spike is of a ``source``, and of one alert of it where it has a ``subject``; refused requests are of a kind (``signature``,
    ``address``) and a name. ``level`` is the count from which on it goes on; one that is not
    ``told`` is watched without an alert of its own, for there are many like it.
    """

    id: str
    kind: EpisodeKind
    source: str
    subject: str
    began_at: datetime
    due_at: datetime
    ended_at: datetime | None
    level: int
    told: bool = True

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the alert that tells of it: ``spike:prometheus``, ``security:address:203.0.113.9``."""
        return own_fingerprint(self.kind.value, self.source, self.subject)
