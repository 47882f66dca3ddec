"""Follow-ups: what an incident leaves to be done after it (O6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TEXT_LIMIT = 1000
AT_MOST = 200
"""Follow-ups of one incident that people may write."""


class FollowUpKind(StrEnum):
    """Where a follow-up comes from: somebody wrote it, or a runbook was used and wants what was learnt."""

    ACTION = "action"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One thing to be done; ``number`` is its place among the incident's, from 1, and stays."""

    id: str
    incident_id: str
    kind: FollowUpKind
    text: str
    owner_id: str | None
    created_at: datetime
    done_at: datetime | None
    done_by: str | None
    number: int = 0

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_at is None
