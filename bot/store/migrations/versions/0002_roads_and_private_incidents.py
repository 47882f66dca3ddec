"""Roads beside SMS, private incidents, corrected times, triage fields, and what is polled"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ARMED = "escalation_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"
_KINDS = "kind IN ('warn', 'breach', 'chase', 'ring', 'road')"


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        people.add_column(sa.Column("phone_verified_at", Moment(), nullable=True))
        people.add_column(sa.Column("phone_code", sa.String(length=64), nullable=True))
        people.add_column(sa.Column("phone_code_until", Moment(), nullable=True))
    with op.batch_alter_table("incidents") as incidents:
        incidents.add_column(sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
        incidents.add_column(sa.Column("ended_at", Moment(), nullable=True))
        incidents.add_column(sa.Column("triage", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("pages", "address", type_=sa.String(length=254), existing_nullable=False)
    _change_timers()
    op.create_table(
        "polls",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=True),
        sa.Column("due_real_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_polls")),
    )


def _change_timers() -> None:
    """A run through the chain may wait for its next ring and for a person's next road at once."""
    op.drop_index("uq_timers_ring", table_name="timers")
    with op.batch_alter_table("timers") as timers:
        timers.drop_constraint(op.f("ck_timers_kind_is_known"), type_="check")
        timers.create_check_constraint("kind_is_known", sa.text(_KINDS))
    op.create_index(
        "uq_timers_ring",
        "timers",
        ["escalation_id", "kind"],
        unique=True,
        sqlite_where=sa.text(_ARMED),
        postgresql_where=sa.text(_ARMED),
    )


def downgrade() -> None:
    raise NotImplementedError("Muster's schema only goes forward: restore a backup instead")
