"""The incidents, who holds which role in them, and their channels."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Integer, String, Text, UniqueConstraint, false, text

from bot.domain.incidents import Purpose, Role
from bot.domain.status import OPEN_STATUSES, Status
from bot.store.tables.columns import identity, index_where, listed, moment, one_of, reference, table, unique_where

incidents = table(
    "incidents",
    identity(),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("impact", Text),
    moment("started_at"),
    moment("opened_at"),
    reference("declared_by", "people", nullable=True),
    reference("owner_id", "people", nullable=True),
    moment("acknowledged_at", nullable=True),
    reference("acknowledged_by", "people", nullable=True),
    Column("acknowledged_via", String(20)),
    moment("mitigated_at", nullable=True),
    moment("resolved_at", nullable=True),
    reference("resolved_by", "people", nullable=True),
    moment("next_update_at", nullable=True),
    Column("policy_digest", String(64), ForeignKey("policies.digest"), nullable=False),
    Column("token", String(200), nullable=False),
    Column("correlation_key", Text),
    Column("link", Text),
    Column("private", Boolean, nullable=False, server_default=false()),
    moment("ended_at", nullable=True),
    Column("triage", JSON, nullable=False, server_default=text("'{}'")),
    Column("service", String(200)),
    Column("system", String(64)),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    Column("severity_reason", Text),
    reference("merged_into", "incidents", nullable=True),
    Column("phase", String(40)),
    Column("major", Boolean),
    Column("ticket", Text),
    Column("overridden", Text),
    moment("verified_at", nullable=True),
    Column("version", Integer, nullable=False),
    one_of("status", Status),
    CheckConstraint("(status = 'Resolved') = (resolved_at IS NOT NULL)", name="resolved_has_its_moment"),
    UniqueConstraint("organisation", "number"),
    UniqueConstraint("organisation", "token"),
    unique_where(
        "uq_incidents_open_correlation",
        "organisation",
        "correlation_key",
        where=f"correlation_key IS NOT NULL AND status IN ({listed(OPEN_STATUSES)})",
    ),
    index_where("ix_incidents_open", "organisation", "opened_at", where=f"status IN ({listed(OPEN_STATUSES)})"),
)

roles = table(
    "roles",
    identity(),
    reference("incident_id", "incidents"),
    Column("role", String(30), nullable=False),
    reference("person_id", "people"),
    moment("assigned_at"),
    one_of("role", Role),
    UniqueConstraint("incident_id", "role"),
)

channels = table(
    "channels",
    identity(),
    reference("incident_id", "incidents"),
    Column("purpose", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    Column("channel_id", String(32)),
    Column("message_ts", String(32)),
    Column("permalink", Text),
    Column("opened_by", String(32)),
    Column("posted_by", String(32)),
    Column("live", Boolean, nullable=False),
    one_of("purpose", Purpose),
    unique_where("uq_channels_live", "incident_id", "purpose", where="live"),
    unique_where("uq_channels_channel_id", "organisation", "channel_id", where="purpose = 'incident' AND channel_id IS NOT NULL"),
)
