"""Alerts that the bot raises itself: a monitor among the others, whose name is ``muster``, and about which routes decide as well."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.clock import new_id
from bot.domain.alert import Alert, AlertStatus, Delivered, Reading
from bot.domain.routing import Channel

OWN = "muster"
"""The name of our own source; no source of a policy may have it."""
_LONGEST = 200


def own_fingerprint(*parts: str) -> str:
    """The parts in one, such as ``heartbeat:nightly-backup``; a long one keeps its beginning and a digest of the whole."""
    whole = ":".join(part for part in parts if part)
    if len(whole) <= _LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{whole[: _LONGEST - len(digest) - 1]}~{digest}"


def own_alert(
    fingerprint: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    *,
    labels: Mapping[str, str | None],
    description: str = "",
) -> Alert:
    """An alert of our own: firing, or resolved where it has an end; labels without a value are left out."""
    return Alert(
        source=OWN,
        fingerprint=fingerprint,
        status=AlertStatus.FIRING if ends_at is None else AlertStatus.RESOLVED,
        title=title[:_LONGEST],
        starts_at=starts_at,
        ends_at=ends_at,
        labels={name: value for name, value in labels.items() if value},
        annotations={"description": description} if description else {},
    )


def own_delivery(alerts: Sequence[Alert], received_at: datetime, request_id: str | None = None) -> Delivered:
    """The alerts as a delivery, to be taken in as every monitor's are."""
    return Delivered(new_id(), OWN, Channel.OTHER, received_at, Reading(tuple(alerts)), request_id)
