"""What is owed by when, and the timers that see to it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Float, Integer, String, Text, UniqueConstraint

from bot.domain.severity import ClockName
from bot.domain.timers import TimerKind
from bot.store.tables.columns import identity, index_where, moment, one_of, reference, table, unique_where

promises = table(
    "promises",
    identity(),
    reference("incident_id", "incidents"),
    Column("clock", String(16), nullable=False),
    Column("cycle", Integer, nullable=False),
    moment("started_at"),
    moment("due_at"),
    moment("kept_at", nullable=True),
    moment("missed_at", nullable=True),
    moment("withdrawn_at", nullable=True),
    moment("extended_at", nullable=True),
    Column("reason", Text),
    one_of("clock", ClockName),
    UniqueConstraint("incident_id", "clock", "cycle"),
    unique_where("uq_promises_open", "incident_id", "clock", where="kept_at IS NULL AND withdrawn_at IS NULL"),
)

timers = table(
    "timers",
    identity(),
    reference("incident_id", "incidents"),
    Column("kind", String(16), nullable=False),
    reference("promise_id", "promises", nullable=True),
    reference("escalation_id", "escalations", nullable=True),
    moment("due_at"),
    moment("armed_at"),
    moment("fired_at", nullable=True),
    moment("cancelled_at", nullable=True),
    Column("late_seconds", Float),
    Column("subject", String(140)),
    Column("reason", Text),
    one_of("kind", TimerKind),
    CheckConstraint("fired_at IS NULL OR fired_at >= due_at", name="never_early"),
    CheckConstraint("fired_at IS NULL OR cancelled_at IS NULL", name="fired_or_cancelled"),
    unique_where(
        "uq_timers_armed",
        "promise_id",
        "kind",
        where="promise_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL",
    ),
    unique_where(
        "uq_timers_ring", "escalation_id", "kind", where="escalation_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"
    ),
    unique_where(
        "uq_timers_subject",
        "incident_id",
        "kind",
        "subject",
        where="subject IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL",
    ),
    index_where("ix_timers_due", "due_at", where="fired_at IS NULL AND cancelled_at IS NULL"),
)
