"""Who there is, and the policies that were in force."""

from __future__ import annotations

from sqlalchemy import Column, String, Text, UniqueConstraint

from bot.store.tables.columns import identity, moment, table

policies = table(
    "policies",
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("body", Text, nullable=False),
    moment("activated_at"),
)

people = table(
    "people",
    identity(),
    Column("key", String(100)),
    Column("name", Text, nullable=False),
    Column("slack_user_id", String(32)),
    Column("phone", String(20)),
    Column("email", String(254)),
    Column("access", String(16), nullable=False),
    moment("opted_out_at", nullable=True),
    moment("phone_verified_at", nullable=True),
    Column("phone_code", String(64)),
    moment("phone_code_until", nullable=True),
    UniqueConstraint("organisation", "key"),
    UniqueConstraint("organisation", "slack_user_id"),
    UniqueConstraint("organisation", "phone"),
)
