"""How a body arrived, what correlates alerts, silences, heartbeats, rates, and episodes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DISPOSITIONS = "disposition IN ('declared', 'joined', 'inbox', 'ignored', 'dropped', 'silenced')"


def upgrade() -> None:
    with op.batch_alter_table("intake") as intake:
        intake.add_column(sa.Column("envelope", sa.JSON(), nullable=True))
    _index_again("ix_intake_due", "intake", ["due_real_at", "organisation", "state"], "state IN ('pending', 'working')")
    with op.batch_alter_table("incidents") as incidents:
        incidents.add_column(sa.Column("service", sa.String(length=200), nullable=True))
        incidents.add_column(sa.Column("system", sa.String(length=64), nullable=True))
        incidents.add_column(sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()))
        incidents.add_column(sa.Column("severity_reason", sa.Text(), nullable=True))
        incidents.add_column(sa.Column("merged_into", sa.String(length=32), nullable=True))
        incidents.create_foreign_key(op.f("fk_incidents_merged_into"), "incidents", ["merged_into"], ["id"])
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("channel", sa.String(length=16), nullable=False, server_default="other"))
        alerts.add_column(sa.Column("service", sa.String(length=200), nullable=True))
        alerts.add_column(sa.Column("system", sa.String(length=64), nullable=True))
        alerts.add_column(sa.Column("unreadable", sa.Text(), nullable=True))
        alerts.drop_constraint(op.f("ck_alerts_disposition_is_known"), type_="check")
        alerts.create_check_constraint("disposition_is_known", sa.text(_DISPOSITIONS))
    _index_again("ix_alerts_incident_id", "alerts", ["incident_id"], "incident_id IS NOT NULL")
    _add_correlations()
    _add_silences()
    _add_heartbeats()
    _add_rates()
    _add_episodes()


def _index_again(name: str, table: str, columns: list[str], where: str) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _scope() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("organisation", sa.String(length=64), nullable=False), sa.Column("branch", sa.String(length=64), nullable=False)


def _add_correlations() -> None:
    op.create_table(
        "correlations",
        *_scope(),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_correlations_incident_id")),
        sa.UniqueConstraint("organisation", "key", "incident_id", name=op.f("uq_correlations_organisation_key_incident_id")),
    )


def _add_silences() -> None:
    op.create_table(
        "silences",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("match", sa.JSON(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_silences_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
        sa.UniqueConstraint("organisation", "number", name=op.f("uq_silences_organisation_number")),
    )
    op.create_index("ix_silences_live", "silences", ["organisation", "ends_at"])


def _add_heartbeats() -> None:
    op.create_table(
        "heartbeats",
        *_scope(),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("silent_since", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'alive', 'silent')", name=op.f("ck_heartbeats_state_is_known")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_heartbeats_organisation_name")),
    )
    op.create_index("ix_heartbeats_due", "heartbeats", ["organisation", "due_at"])


def _add_rates() -> None:
    op.create_table(
        "rates",
        *_scope(),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("minute", Moment(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "minute", "source", "fingerprint", name=op.f("pk_rates")),
        sqlite_with_rowid=False,
    )
    own = sa.text("fingerprint = ''")
    op.create_index("ix_rates_source", "rates", ["organisation", "source", "minute"], sqlite_where=own, postgresql_where=own)


def _add_episodes() -> None:
    op.create_table(
        "episodes",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('spike', 'security')", name=op.f("ck_episodes_kind_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
    )
    over = sa.text("ended_at IS NULL")
    names = ["organisation", "kind", "source", "subject"]
    op.create_index("uq_episodes_open", "episodes", names, unique=True, sqlite_where=over, postgresql_where=over)
    op.create_index("ix_episodes_due", "episodes", ["organisation", "due_at"], sqlite_where=over, postgresql_where=over)


def downgrade() -> None:
    raise NotImplementedError("Muster's schema only goes forward: restore a backup instead")
