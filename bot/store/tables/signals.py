"""What monitors send, and what is kept to place it: alerts, silences, heartbeats, rates."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)

from bot.domain.alert import AlertStatus, Disposition
from bot.domain.episodes import EpisodeKind
from bot.domain.heartbeats import HeartbeatState
from bot.store.tables.columns import Moment, identity, index_where, moment, one_of, reference, table, unique_where

intake = table(
    "intake",
    identity(),
    Column("source", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("envelope", JSON),
    moment("received_at"),
    Column("request_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("due_real_at", Moment, nullable=False),
    moment("lease_until", nullable=True),
    Column("outcome", JSON),
    Column("error", Text),
    CheckConstraint("state IN ('pending', 'working', 'done', 'dead')", name="state_is_known"),
    index_where("ix_intake_due", "due_real_at", "organisation", "state", where="state IN ('pending', 'working')"),
    index_where("ix_intake_dead", "received_at", where="state = 'dead'"),
)

alerts = table(
    "alerts",
    identity(),
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(200), nullable=False),
    moment("starts_at"),
    Column("status", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("url", Text),
    Column("count", Integer, nullable=False),
    moment("first_received_at"),
    moment("last_received_at"),
    moment("resolved_at", nullable=True),
    Column("disposition", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    reference("incident_id", "incidents", nullable=True),
    Column("channel", String(16), nullable=False, server_default="other"),
    Column("service", String(200)),
    Column("system", String(64)),
    Column("unreadable", Text),
    one_of("status", AlertStatus),
    one_of("disposition", Disposition),
    UniqueConstraint("organisation", "source", "fingerprint", "starts_at"),
    index_where("ix_alerts_incident_id", "incident_id", where="incident_id IS NOT NULL"),
    Index("ix_alerts_inbox", "organisation", "disposition", "last_received_at"),
)

correlations = table(
    "correlations",
    Column("key", String(400), nullable=False),
    reference("incident_id", "incidents"),
    moment("last_at"),
    UniqueConstraint("organisation", "key", "incident_id"),
)

silences = table(
    "silences",
    identity(),
    Column("number", Integer, nullable=False),
    Column("match", JSON, nullable=False),
    moment("starts_at"),
    moment("ends_at"),
    reference("author_id", "people", nullable=True),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    moment("created_at"),
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    UniqueConstraint("organisation", "number"),
    Index("ix_silences_live", "organisation", "ends_at"),
)

heartbeats = table(
    "heartbeats",
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    moment("added_at"),
    moment("last_at", nullable=True),
    moment("due_at", nullable=True),
    moment("silent_since", nullable=True),
    one_of("state", HeartbeatState),
    UniqueConstraint("organisation", "name"),
    Index("ix_heartbeats_due", "organisation", "due_at"),
)

rates = table(
    "rates",
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(200), nullable=False),
    moment("minute"),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("organisation", "minute", "source", "fingerprint"),
    index_where("ix_rates_source", "organisation", "source", "minute", where="fingerprint = ''"),
    sqlite_with_rowid=False,
)

episodes = table(
    "episodes",
    identity(),
    Column("kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    moment("began_at"),
    moment("due_at"),
    moment("ended_at", nullable=True),
    Column("level", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    one_of("kind", EpisodeKind),
    unique_where("uq_episodes_open", "organisation", "kind", "source", "subject", where="ended_at IS NULL"),
    index_where("ix_episodes_due", "organisation", "due_at", where="ended_at IS NULL"),
)
