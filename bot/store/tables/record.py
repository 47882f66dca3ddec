"""What happened, each entry with the hash of the one before; words are kept apart, so that they can be erased."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from bot.store.tables.columns import identity, moment, reference, table, unique_where

streams = table(
    "streams",
    Column("stream", String(64), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)

timeline = table(
    "timeline",
    identity(),
    Column("stream", String(64), ForeignKey("streams.stream"), nullable=False),
    Column("seq", Integer, nullable=False),
    reference("incident_id", "incidents", nullable=True),
    moment("at"),
    moment("recorded_at"),
    Column("kind", String(32), nullable=False),
    reference("actor_id", "people", nullable=True),
    Column("facts", JSON, nullable=False),
    reference("refers_to", "timeline", nullable=True),
    Column("digest", String(64)),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("message_ts", String(64)),
    UniqueConstraint("stream", "seq"),
    Index("ix_timeline_incident_id", "incident_id", "at"),
    unique_where("uq_timeline_message_ts", "incident_id", "message_ts", where="message_ts IS NOT NULL AND kind = 'message'"),
)

words = table(
    "words",
    Column("entry_id", String(32), ForeignKey("timeline.id"), primary_key=True),
    Column("salt", String(64)),
    Column("text", Text),
)

answers = table(
    "answers",
    Column("key", String(200), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("answer", JSON),
    moment("created_at"),
    Index("ix_answers_created_at", "created_at"),
)
