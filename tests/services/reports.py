"""Alerts as a source would have read them, reported to a desk."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import new_id
from bot.domain.alert import Alert, AlertStatus, Delivered, Outcome, Reading
from bot.domain.routing import Channel
from bot.services import alerts
from tests.house import NOON
from tests.services.desk import Desk

WAITS = "information"
"""A severity that no route of the tests' policy wants."""


async def report(
    desk: Desk, fingerprint: str, severity: str = "critical", status: str = "firing", starts_after_minutes: float = 0
) -> Outcome:
    """What became of one alert of the source ``prometheus`` that began so long after noon."""
    alert = Alert(
        source="prometheus",
        fingerprint=fingerprint,
        status=AlertStatus(status),
        title=f"Trouble {fingerprint}",
        starts_at=NOON + timedelta(minutes=starts_after_minutes),
        labels={"alertname": fingerprint, "severity": severity},
    )
    delivered = Delivered(new_id(), alert.source, Channel.METRICS, desk.clock.now(), Reading(alerts=(alert,)))
    ((outcome,),) = await desk.run(alerts.ingest, [delivered])
    return outcome
