"""An alert as every source gives it, and what an alert row knows on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AlertStatus(StrEnum):
    """Whether the monitor says that the trouble is there."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Disposition(StrEnum):
    """What became of an alert; shown in its receipt."""

    DECLARED = "declared"
    JOINED = "joined"
    INBOX = "inbox"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one body, normalised. ``fingerprint`` and ``starts_at`` together name one occurrence."""

    source: str
    fingerprint: str
    status: AlertStatus
    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An occurrence that was received at least once; ``count`` is how often it was said to be firing."""

    id: str
    source: str
    fingerprint: str
    starts_at: datetime
    status: AlertStatus
    title: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    url: str | None
    count: int
    first_received_at: datetime
    last_received_at: datetime
    resolved_at: datetime | None
    disposition: Disposition
    reason: str
    incident_id: str | None
