"""Whom the chain calls, by which road, and what the carrier said of it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Text, UniqueConstraint

from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.store.tables.columns import identity, moment, one_of, reference, table, unique_where

escalations = table(
    "escalations",
    identity(),
    reference("incident_id", "incidents"),
    Column("clock", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("ring", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    moment("started_at"),
    moment("ended_at", nullable=True),
    reference("ended_by", "people", nullable=True),
    Column("ended_reason", Text),
    one_of("clock", ClockName),
    unique_where("uq_escalations_running", "incident_id", "clock", where="ended_at IS NULL"),
)

_ADDRESS = String(254).with_variant(String(64), "sqlite")
"""An e-mail address is longer than a number was; SQLite holds no lengths, so that its table was not rebuilt for this."""

pages = table(
    "pages",
    identity(),
    reference("incident_id", "incidents"),
    reference("escalation_id", "escalations"),
    reference("person_id", "people"),
    Column("road", String(16), nullable=False),
    Column("address", _ADDRESS, nullable=False),
    Column("code", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("ring", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("provider_id", String(64)),
    Column("error_code", String(32)),
    moment("queued_at"),
    moment("sent_at", nullable=True),
    moment("delivered_at", nullable=True),
    moment("ended_at", nullable=True),
    one_of("state", PageState),
    UniqueConstraint("escalation_id", "person_id", "road", "round", "level", "ring"),
    unique_where("uq_pages_live_code", "organisation", "address", "code", where="state IN ('pending', 'sent', 'delivered')"),
    unique_where("uq_pages_provider_id", "provider_id", where="provider_id IS NOT NULL"),
    Index("ix_pages_address", "organisation", "address", "queued_at"),
    Index("ix_pages_incident_id", "incident_id"),
)

receipts = table(
    "receipts",
    identity(),
    Column("provider_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("error_code", String(32)),
    moment("received_at"),
    reference("page_id", "pages", nullable=True),
    UniqueConstraint("provider_id", "status"),
)
