"""What the gate goes by: freezes, and when each route was heard or tested."""

from __future__ import annotations

from sqlalchemy import Column, String, Text, UniqueConstraint

from bot.store.tables.columns import identity, moment, reference, table, unique_where

freezes = table(
    "freezes",
    identity(),
    Column("reason", Text, nullable=False),
    reference("author_id", "people", nullable=True),
    Column("author", Text, nullable=False),
    moment("began_at"),
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    unique_where("uq_freezes_live", "organisation", where="ended_at IS NULL"),
)

proofs = table(
    "proofs",
    Column("route", String(200), nullable=False),
    moment("heard_at", nullable=True),
    moment("tested_at", nullable=True),
    UniqueConstraint("organisation", "route"),
)
