"""What a declaration asks for, and how its one-line form is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.policy import Policy
from bot.domain.severity import Severity

SAME_TITLE_WITHIN = timedelta(minutes=2)
"""Two declarations of one title within this span are brought together (complaint 20)."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A new incident as asked for. ``token`` is used once: the same token never opens a second incident.

    ``opened_at`` is the receipt of the alert (J6); None for a person's declaration, which counts from now.
    """

    token: str
    title: str
    severity: str
    declared_by: str | None = None
    impact: str | None = None
    started_at: datetime | None = None
    opened_at: datetime | None = None
    correlation_key: str | None = None
    link: str | None = None
    even_if_same: bool = False
    private: bool = False


def split_severity(text: str, policy: Policy) -> tuple[Severity | None, str]:
    """``P0 Checkout is down`` as its severity and the rest; no severity when the first word names none."""
    first, _, rest = text.strip().partition(" ")
    severity = policy.find_severity(first)
    return (severity, rest.strip()) if severity is not None else (None, text.strip())


def same_title(left: str, right: str) -> bool:
    """Whether two titles say the same but for case and spacing."""
    return " ".join(left.casefold().split()) == " ".join(right.casefold().split())
