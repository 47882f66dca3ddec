"""People: who may do what, and where they can be called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.access import Access


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says of a user: the name people know, and whether it is a ``guest``: restricted, deleted, a bot, or of elsewhere."""

    user_id: str
    name: str
    guest: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A person as a row. ``key`` is the name the policy uses; None for somebody whom only Slack knows."""

    id: str
    key: str | None
    name: str
    slack_user_id: str | None
    phone: str | None
    email: str | None
    access: Access
    opted_out_at: datetime | None
    phone_verified_at: datetime | None

    @property
    def textable(self) -> bool:
        """Whether a text may be sent: there is a number and its owner did not write STOP."""
        return self.phone is not None and self.opted_out_at is None
