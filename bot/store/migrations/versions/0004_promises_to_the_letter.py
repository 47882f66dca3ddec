"""More clocks and timers, phases, checks, questions, runbooks, follow-ups, meetings, freezes, and proofs of routes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CLOCKS = (
    "clock IN ('acknowledge', 'mitigate', 'update', 'resolve', 'commander', 'technical-lead', 'communications',"
    " 'tenants', 'ticket', 'report', 'postmortem', 'meeting')"
)
_TIMERS = "kind IN ('warn', 'breach', 'chase', 'ring', 'road', 'step', 'quiet', 'watch')"


def upgrade() -> None:
    with op.batch_alter_table("incidents") as incidents:
        incidents.add_column(sa.Column("phase", sa.String(length=40), nullable=True))
        incidents.add_column(sa.Column("major", sa.Boolean(), nullable=True))
        incidents.add_column(sa.Column("ticket", sa.Text(), nullable=True))
        incidents.add_column(sa.Column("overridden", sa.Text(), nullable=True))
        incidents.add_column(sa.Column("verified_at", Moment(), nullable=True))
    with op.batch_alter_table("promises") as promises:
        promises.add_column(sa.Column("extended_at", Moment(), nullable=True))
        promises.add_column(sa.Column("reason", sa.Text(), nullable=True))
        promises.drop_constraint(op.f("ck_promises_clock_is_known"), type_="check")
        promises.create_check_constraint("clock_is_known", sa.text(_CLOCKS))
    with op.batch_alter_table("escalations") as escalations:
        escalations.drop_constraint(op.f("ck_escalations_clock_is_known"), type_="check")
        escalations.create_check_constraint("clock_is_known", sa.text(_CLOCKS))
    with op.batch_alter_table("timers") as timers:
        timers.add_column(sa.Column("subject", sa.String(length=140), nullable=True))
        timers.add_column(sa.Column("reason", sa.Text(), nullable=True))
        timers.drop_constraint(op.f("ck_timers_kind_is_known"), type_="check")
        timers.create_check_constraint("kind_is_known", sa.text(_TIMERS))
    armed = sa.text("subject IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL")
    names = ["incident_id", "kind", "subject"]
    op.create_index("uq_timers_subject", "timers", names, unique=True, sqlite_where=armed, postgresql_where=armed)
    _add_checks()
    _add_confirmations()
    _add_runbook_steps()
    _add_follow_ups()
    _add_meetings()
    _add_freezes()
    _add_proofs()


def _scope() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("organisation", sa.String(length=64), nullable=False), sa.Column("branch", sa.String(length=64), nullable=False)


def _add_checks() -> None:
    op.create_table(
        "checks",
        *_scope(),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.Column("heard_at", Moment(), nullable=False),
        sa.CheckConstraint("state IN ('green', 'red', 'unknown')", name=op.f("ck_checks_state_is_known")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_checks_organisation_name")),
    )


def _add_confirmations() -> None:
    op.create_table(
        "confirmations",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_confirmations_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_confirmations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
    )
    standing = sa.text("withdrawn_at IS NULL")
    names = ["incident_id", "question"]
    op.create_index("uq_confirmations_standing", "confirmations", names, unique=True, sqlite_where=standing, postgresql_where=standing)


def _add_runbook_steps() -> None:
    op.create_table(
        "runbook_steps",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("runbook", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_at", Moment(), nullable=False),
        sa.Column("ticked_at", Moment(), nullable=True),
        sa.Column("ticked_by", sa.String(length=32), nullable=True),
        sa.Column("message_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_runbook_steps_incident_id")),
        sa.ForeignKeyConstraint(["ticked_by"], ["people.id"], name=op.f("fk_runbook_steps_ticked_by")),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name=op.f("fk_runbook_steps_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook_steps")),
        sa.UniqueConstraint("incident_id", "runbook", "number", name=op.f("uq_runbook_steps_incident_id_runbook_number")),
    )
    op.create_index("ix_runbook_steps_runbook", "runbook_steps", ["organisation", "runbook", "ticked_at"])


def _add_follow_ups() -> None:
    op.create_table(
        "follow_ups",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("done_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_follow_ups_incident_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_follow_ups_owner_id")),
        sa.ForeignKeyConstraint(["done_by"], ["people.id"], name=op.f("fk_follow_ups_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("incident_id", "text", name=op.f("uq_follow_ups_incident_id_text")),
    )


def _add_meetings() -> None:
    op.create_table(
        "meetings",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("held_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_meetings_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_meetings_incident_id")),
    )


def _add_freezes() -> None:
    op.create_table(
        "freezes",
        *_scope(),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_freezes_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freezes")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("uq_freezes_live", "freezes", ["organisation"], unique=True, sqlite_where=live, postgresql_where=live)


def _add_proofs() -> None:
    op.create_table(
        "proofs",
        *_scope(),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("heard_at", Moment(), nullable=True),
        sa.Column("tested_at", Moment(), nullable=True),
        sa.UniqueConstraint("organisation", "route", name=op.f("uq_proofs_organisation_route")),
    )


def downgrade() -> None:
    raise NotImplementedError("Muster's schema only goes forward: restore a backup instead")
