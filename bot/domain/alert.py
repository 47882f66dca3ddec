"""An alert as every source gives it, and what an alert row knows on top; tuples, for a storm makes thousands of each a second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bot.domain.routing import Channel


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
    DROPPED = "dropped"
    SILENCED = "silenced"


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Alert(NamedTuple):
    """One alert of one body, normalised. ``fingerprint`` and ``starts_at`` together name one occurrence.

    Where the monitor does not say when the trouble began, ``starts_at`` is None: then the occurrence that is open is meant, or a new one
    begins with the receipt. ``unreadable`` says why a part of a body could not be understood; such an alert waits in the inbox.
    """

    source: str
    fingerprint: str
    status: AlertStatus
    title: str
    starts_at: datetime | None
    ends_at: datetime | None = None
    labels: Mapping[str, str] = _NOTHING
    annotations: Mapping[str, str] = _NOTHING
    url: str | None = None
    unreadable: str | None = None


class Note(NamedTuple):
    """What a monitor says about an alert besides firing or ending, such as that somebody acknowledged it there."""

    fingerprint: str
    text: str


class Reading(NamedTuple):
    """What a delivery says: alerts in its order, notes on alerts, and, in sentences, what in it is no alert.

    ``confirm`` is an address that the sender wants fetched once before it sends alerts (a subscription's confirmation).
    """

    alerts: tuple[Alert, ...] = ()
    notes: tuple[Note, ...] = ()
    ignored: tuple[str, ...] = ()
    confirm: str | None = None


class Delivered(NamedTuple):
    """One delivery as its source read it, with how that source sees trouble. ``test`` asks what would become of it, and keeps nothing."""

    receipt: str
    source: str
    channel: Channel
    received_at: datetime
    reading: Reading
    request_id: str | None = None
    test: bool = False


class Outcome(NamedTuple):
    """What became of one alert of a delivery; shown in its receipt."""

    title: str
    fingerprint: str
    disposition: Disposition
    reason: str
    incident: str | None


class AlertRow(NamedTuple):
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
    count: int  # type: ignore[assignment]  # nobody counts in it as in a tuple
    first_received_at: datetime
    last_received_at: datetime
    resolved_at: datetime | None
    disposition: Disposition
    reason: str
    incident_id: str | None
    channel: str = "other"
    service: str | None = None
    system: str | None = None
    unreadable: str | None = None
