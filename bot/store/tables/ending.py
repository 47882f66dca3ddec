"""What an incident needs to end, and what follows it: checks, runbooks, follow-ups, the write-up and the meeting."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Text, UniqueConstraint

from bot.domain.closing import CheckState
from bot.store.tables.columns import identity, moment, one_of, reference, table, unique_where

checks = table(
    "checks",
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    moment("since_at"),
    moment("heard_at"),
    one_of("state", CheckState),
    UniqueConstraint("organisation", "name"),
)

confirmations = table(
    "confirmations",
    identity(),
    reference("incident_id", "incidents"),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    reference("person_id", "people"),
    moment("at"),
    moment("withdrawn_at", nullable=True),
    unique_where("uq_confirmations_standing", "incident_id", "question", where="withdrawn_at IS NULL"),
)

runbook_steps = table(
    "runbook_steps",
    identity(),
    reference("incident_id", "incidents"),
    Column("runbook", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    moment("shown_at"),
    moment("ticked_at", nullable=True),
    reference("ticked_by", "people", nullable=True),
    reference("message_id", "outbox", nullable=True),
    UniqueConstraint("incident_id", "runbook", "number"),
    Index("ix_runbook_steps_runbook", "organisation", "runbook", "ticked_at"),
)

follow_ups = table(
    "follow_ups",
    identity(),
    reference("incident_id", "incidents"),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    reference("owner_id", "people", nullable=True),
    moment("created_at"),
    moment("done_at", nullable=True),
    reference("done_by", "people", nullable=True),
    UniqueConstraint("incident_id", "text"),
)

postmortems = table(
    "postmortems",
    identity(),
    reference("incident_id", "incidents"),
    Column("version", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    moment("created_at"),
    reference("written_by", "people", nullable=True),
    UniqueConstraint("incident_id", "version"),
)

meetings = table(
    "meetings",
    identity(),
    reference("incident_id", "incidents"),
    moment("at"),
    Column("sequence", Integer, nullable=False),
    moment("held_at", nullable=True),
    moment("cancelled_at", nullable=True),
    UniqueConstraint("incident_id"),
)
