"""What is to be sent and asked for, and when providers may be asked again."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Text

from bot.domain.outbox import LIVE_STATES, MessageState
from bot.store.tables.columns import identity, index_where, listed, moment, one_of, reference, table

outbox = table(
    "outbox",
    identity(),
    reference("incident_id", "incidents", nullable=True),
    Column("kind", String(32), nullable=False),
    Column("words", JSON, nullable=False),
    Column("lane", String(100), nullable=False),
    Column("order_key", String(140)),
    Column("provider_gate", String(32), nullable=False),
    Column("method_gate", String(200), nullable=False),
    Column("priority", Integer, nullable=False),
    reference("after_id", "outbox", nullable=True),
    Column("needs_success", Boolean, nullable=False),
    reference("page_id", "pages", nullable=True),
    Column("replace_key", String(140)),
    moment("valid_until", nullable=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("ambiguous", Boolean, nullable=False),
    moment("created_at"),
    moment("created_real_at"),
    moment("due_real_at"),
    moment("lease_until", nullable=True),
    Column("owner", String(64)),
    Column("last_error", Text),
    moment("finished_at", nullable=True),
    Column("provider_id", String(200)),
    Column("request_id", String(64)),
    one_of("state", MessageState),
    index_where("ix_outbox_due", "priority", "due_real_at", where=f"state IN ({listed(LIVE_STATES)})"),
    index_where("ix_outbox_order", "order_key", "id", where=f"state IN ({listed(LIVE_STATES)})"),
    index_where("ix_outbox_replace", "replace_key", where="state = 'pending' AND replace_key IS NOT NULL"),
    index_where("ix_outbox_dead", "finished_at", where="state = 'dead'"),
    Index("ix_outbox_page_id", "page_id"),
    Index("ix_outbox_after_id", "after_id"),
)

rate_gates = table(
    "rate_gates",
    Column("key", String(200), primary_key=True),
    moment("closed_until"),
    Column("reason", Text, nullable=False),
)

polls = table(
    "polls",
    Column("name", String(100), primary_key=True),
    Column("cursor", JSON),
    moment("due_real_at"),
    moment("lease_until", nullable=True),
    Column("owner", String(64)),
    Column("token", Integer, nullable=False),
)
