"""The tables, and the constraints that hold what a promise needs to be unique.

Every table carries ``organisation`` and ``branch``. Moments are aware UTC. ``*_real_at`` and ``lease_until`` are real time; every other
``*_at`` is the time that promises are counted in (clock.py).
"""

from __future__ import annotations

from bot.store.tables.calling import escalations, pages, receipts
from bot.store.tables.columns import Moment, metadata
from bot.store.tables.deadlines import promises, timers
from bot.store.tables.ending import checks, confirmations, follow_ups, meetings, postmortems, runbook_steps
from bot.store.tables.gate import freezes, proofs
from bot.store.tables.members import people, policies
from bot.store.tables.record import answers, streams, timeline, words
from bot.store.tables.response import channels, incidents, roles
from bot.store.tables.signals import alerts, correlations, episodes, heartbeats, intake, rates, silences
from bot.store.tables.traffic import outbox, polls, rate_gates

__all__ = [
    "Moment",
    "alerts",
    "answers",
    "channels",
    "checks",
    "confirmations",
    "correlations",
    "episodes",
    "escalations",
    "follow_ups",
    "freezes",
    "heartbeats",
    "incidents",
    "intake",
    "meetings",
    "metadata",
    "outbox",
    "pages",
    "people",
    "policies",
    "polls",
    "postmortems",
    "promises",
    "proofs",
    "rate_gates",
    "rates",
    "receipts",
    "roles",
    "runbook_steps",
    "silences",
    "streams",
    "timeline",
    "timers",
    "words",
]
