"""The status machine of an incident: which step is allowed from where (J10, O12).

::

    Investigating ⇄ Mitigating ⇄ Monitoring        every open status reaches every other one
           └────────────┴───────────┴──▶ Resolved ──reopen──▶ Investigating

Acknowledging is no status: it can happen once, in any open status.
"""

from __future__ import annotations

from enum import StrEnum

from bot.errors import InvalidTransition


class Status(StrEnum):
    """The four words of the status post, as people read them."""

    INVESTIGATING = "Investigating"
    MITIGATING = "Mitigating"
    MONITORING = "Monitoring"
    RESOLVED = "Resolved"

    @property
    def open(self) -> bool:
        """Whether somebody still owes work."""
        return self is not Status.RESOLVED

    @property
    def mitigated(self) -> bool:
        """Whether a first mitigation has begun, which is what keeps the mitigate promise (J6)."""
        return self is not Status.INVESTIGATING


OPEN_STATUSES = tuple(status for status in Status if status.open)


class Step(StrEnum):
    """What can be done to an incident's state."""

    ACKNOWLEDGE = "acknowledge"
    UPDATE = "update"
    RESOLVE = "resolve"
    REOPEN = "reopen"


def next_status(current: Status, step: Step, wanted: Status | None = None) -> Status:
    """The status after ``step``; raises InvalidTransition with a sentence that says what can be done instead."""
    if step is Step.REOPEN:
        if current.open:
            raise InvalidTransition("This incident is open already; there is nothing to reopen.")
        return Status.INVESTIGATING
    if not current.open:
        raise InvalidTransition("This incident is resolved. Declare a new one with `/incident declare` if the trouble is back.")
    if step is Step.RESOLVE:
        return Status.RESOLVED
    if wanted is Status.RESOLVED:
        raise InvalidTransition("An update cannot resolve an incident; use `/incident resolve`.")
    return wanted or current


def find_status(word: str) -> Status | None:
    """The status that ``word`` names, whatever its case; None when it names none."""
    return next((status for status in Status if status.value.lower() == word.strip().lower()), None)
