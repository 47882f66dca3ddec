"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store import triggers
from bot.store.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index("ix_answers_created_at", ["created_at"], unique=False)

    op.create_table(
        "intake",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("due_real_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'working', 'done', 'dead')", name=op.f("ck_intake_state_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    with op.batch_alter_table("intake", schema=None) as batch_op:
        batch_op.create_index(
            "ix_intake_dead",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_intake_due",
            ["due_real_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'working')"),
            postgresql_where=sa.text("state IN ('pending', 'working')"),
        )

    op.create_table(
        "people",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slack_user_id", sa.String(length=32), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("access", sa.String(length=16), nullable=False),
        sa.Column("opted_out_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("organisation", "key", name=op.f("uq_people_organisation_key")),
        sa.UniqueConstraint("organisation", "phone", name=op.f("uq_people_organisation_phone")),
        sa.UniqueConstraint("organisation", "slack_user_id", name=op.f("uq_people_organisation_slack_user_id")),
    )
    op.create_table(
        "policies",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("activated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policies")),
    )
    op.create_table(
        "rate_gates",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("closed_until", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_gates")),
    )
    op.create_table(
        "streams",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_streams")),
    )
    op.create_table(
        "incidents",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("impact", sa.Text(), nullable=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("declared_by", sa.String(length=32), nullable=True),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_at", Moment(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_via", sa.String(length=20), nullable=True),
        sa.Column("mitigated_at", Moment(), nullable=True),
        sa.Column("resolved_at", Moment(), nullable=True),
        sa.Column("resolved_by", sa.String(length=32), nullable=True),
        sa.Column("next_update_at", Moment(), nullable=True),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=200), nullable=False),
        sa.Column("correlation_key", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'Resolved') = (resolved_at IS NOT NULL)", name=op.f("ck_incidents_resolved_has_its_moment")),
        sa.CheckConstraint(
            "status IN ('Investigating', 'Mitigating', 'Monitoring', 'Resolved')", name=op.f("ck_incidents_status_is_known")
        ),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["people.id"], name=op.f("fk_incidents_acknowledged_by")),
        sa.ForeignKeyConstraint(["declared_by"], ["people.id"], name=op.f("fk_incidents_declared_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_incidents_owner_id")),
        sa.ForeignKeyConstraint(["policy_digest"], ["policies.digest"], name=op.f("fk_incidents_policy_digest")),
        sa.ForeignKeyConstraint(["resolved_by"], ["people.id"], name=op.f("fk_incidents_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("organisation", "number", name=op.f("uq_incidents_organisation_number")),
        sa.UniqueConstraint("organisation", "token", name=op.f("uq_incidents_organisation_token")),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incidents_open",
            ["organisation", "opened_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('Investigating', 'Mitigating', 'Monitoring')"),
            postgresql_where=sa.text("status IN ('Investigating', 'Mitigating', 'Monitoring')"),
        )
        batch_op.create_index(
            "uq_incidents_open_correlation",
            ["organisation", "correlation_key"],
            unique=True,
            sqlite_where=sa.text("correlation_key IS NOT NULL AND status IN ('Investigating', 'Mitigating', 'Monitoring')"),
            postgresql_where=sa.text("correlation_key IS NOT NULL AND status IN ('Investigating', 'Mitigating', 'Monitoring')"),
        )

    op.create_table(
        "alerts",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_received_at", Moment(), nullable=False),
        sa.Column("last_received_at", Moment(), nullable=False),
        sa.Column("resolved_at", Moment(), nullable=True),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("disposition IN ('declared', 'joined', 'inbox', 'ignored')", name=op.f("ck_alerts_disposition_is_known")),
        sa.CheckConstraint("status IN ('firing', 'resolved')", name=op.f("ck_alerts_status_is_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_alerts_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "organisation", "source", "fingerprint", "starts_at", name=op.f("uq_alerts_organisation_source_fingerprint_starts_at")
        ),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index("ix_alerts_inbox", ["organisation", "disposition", "last_received_at"], unique=False)
        batch_op.create_index("ix_alerts_incident_id", ["incident_id"], unique=False)

    op.create_table(
        "channels",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=True),
        sa.Column("message_ts", sa.String(length=32), nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.String(length=32), nullable=True),
        sa.Column("posted_by", sa.String(length=32), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("purpose IN ('incident', 'announce')", name=op.f("ck_channels_purpose_is_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_channels_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
    )
    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.create_index(
            "uq_channels_channel_id",
            ["organisation", "channel_id"],
            unique=True,
            sqlite_where=sa.text("purpose = 'incident' AND channel_id IS NOT NULL"),
            postgresql_where=sa.text("purpose = 'incident' AND channel_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_channels_live", ["incident_id", "purpose"], unique=True, sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )

    op.create_table(
        "escalations",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("clock IN ('acknowledge', 'mitigate', 'update', 'postmortem')", name=op.f("ck_escalations_clock_is_known")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_escalations_ended_by")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_escalations_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
    )
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.create_index(
            "uq_escalations_running",
            ["incident_id", "clock"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "postmortems",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("written_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_postmortems_incident_id")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_postmortems_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postmortems")),
        sa.UniqueConstraint("incident_id", "version", name=op.f("uq_postmortems_incident_id_version")),
    )
    op.create_table(
        "promises",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=True),
        sa.Column("missed_at", Moment(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.CheckConstraint("clock IN ('acknowledge', 'mitigate', 'update', 'postmortem')", name=op.f("ck_promises_clock_is_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_promises_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
        sa.UniqueConstraint("incident_id", "clock", "cycle", name=op.f("uq_promises_incident_id_clock_cycle")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.create_index(
            "uq_promises_open",
            ["incident_id", "clock"],
            unique=True,
            sqlite_where=sa.text("kept_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("kept_at IS NULL AND withdrawn_at IS NULL"),
        )

    op.create_table(
        "roles",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("assigned_at", Moment(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'commander', 'technical lead', 'communications lead')", name=op.f("ck_roles_role_is_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_roles_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_roles_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("incident_id", "role", name=op.f("uq_roles_incident_id_role")),
    )
    op.create_table(
        "timeline",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("refers_to", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("message_ts", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_timeline_actor_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_timeline_incident_id")),
        sa.ForeignKeyConstraint(["refers_to"], ["timeline.id"], name=op.f("fk_timeline_refers_to")),
        sa.ForeignKeyConstraint(["stream"], ["streams.stream"], name=op.f("fk_timeline_stream")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        sa.UniqueConstraint("stream", "seq", name=op.f("uq_timeline_stream_seq")),
    )
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_incident_id", ["incident_id", "at"], unique=False)
        batch_op.create_index(
            "uq_timeline_message_ts",
            ["incident_id", "message_ts"],
            unique=True,
            sqlite_where=sa.text("message_ts IS NOT NULL AND kind = 'message'"),
            postgresql_where=sa.text("message_ts IS NOT NULL AND kind = 'message'"),
        )

    op.create_table(
        "pages",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("escalation_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("road", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("delivered_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'delivered', 'failed', 'answered', 'stopped')", name=op.f("ck_pages_state_is_known")
        ),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalations.id"], name=op.f("fk_pages_escalation_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_pages_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_pages_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint(
            "escalation_id",
            "person_id",
            "road",
            "round",
            "level",
            "ring",
            name=op.f("uq_pages_escalation_id_person_id_road_round_level_ring"),
        ),
    )
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.create_index("ix_pages_address", ["organisation", "address", "queued_at"], unique=False)
        batch_op.create_index("ix_pages_incident_id", ["incident_id"], unique=False)
        batch_op.create_index(
            "uq_pages_live_code",
            ["organisation", "address", "code"],
            unique=True,
            sqlite_where=sa.text("state IN ('pending', 'sent', 'delivered')"),
            postgresql_where=sa.text("state IN ('pending', 'sent', 'delivered')"),
        )
        batch_op.create_index(
            "uq_pages_provider_id",
            ["provider_id"],
            unique=True,
            sqlite_where=sa.text("provider_id IS NOT NULL"),
            postgresql_where=sa.text("provider_id IS NOT NULL"),
        )

    op.create_table(
        "timers",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("promise_id", sa.String(length=32), nullable=True),
        sa.Column("escalation_id", sa.String(length=32), nullable=True),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("armed_at", Moment(), nullable=False),
        sa.Column("fired_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("late_seconds", sa.Float(), nullable=True),
        sa.CheckConstraint("kind IN ('warn', 'breach', 'chase', 'ring')", name=op.f("ck_timers_kind_is_known")),
        sa.CheckConstraint("fired_at IS NULL OR cancelled_at IS NULL", name=op.f("ck_timers_fired_or_cancelled")),
        sa.CheckConstraint("fired_at IS NULL OR fired_at >= due_at", name=op.f("ck_timers_never_early")),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalations.id"], name=op.f("fk_timers_escalation_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_timers_incident_id")),
        sa.ForeignKeyConstraint(["promise_id"], ["promises.id"], name=op.f("fk_timers_promise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timers")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_timers_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("fired_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("fired_at IS NULL AND cancelled_at IS NULL"),
        )
        batch_op.create_index(
            "uq_timers_armed",
            ["promise_id", "kind"],
            unique=True,
            sqlite_where=sa.text("promise_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("promise_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"),
        )
        batch_op.create_index(
            "uq_timers_ring",
            ["escalation_id"],
            unique=True,
            sqlite_where=sa.text("escalation_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("escalation_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"),
        )

    op.create_table(
        "words",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline.id"], name=op.f("fk_words_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_words")),
    )
    op.create_table(
        "outbox",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("order_key", sa.String(length=140), nullable=True),
        sa.Column("provider_gate", sa.String(length=32), nullable=False),
        sa.Column("method_gate", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.String(length=32), nullable=True),
        sa.Column("needs_success", sa.Boolean(), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=True),
        sa.Column("replace_key", sa.String(length=140), nullable=True),
        sa.Column("valid_until", Moment(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_real_at", Moment(), nullable=False),
        sa.Column("due_real_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'dead', 'superseded', 'cancelled')", name=op.f("ck_outbox_state_is_known")
        ),
        sa.ForeignKeyConstraint(["after_id"], ["outbox.id"], name=op.f("fk_outbox_after_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_outbox_incident_id")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_outbox_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_after_id", ["after_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_dead",
            ["finished_at"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_outbox_due",
            ["priority", "due_real_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index(
            "ix_outbox_order",
            ["order_key", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index("ix_outbox_page_id", ["page_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_replace",
            ["replace_key"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' AND replace_key IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND replace_key IS NOT NULL"),
        )

    op.create_table(
        "receipts",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_receipts_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("provider_id", "status", name=op.f("uq_receipts_provider_id_status")),
    )
    dialect = op.get_bind().dialect.name
    for statement in triggers.SQLITE if dialect == "sqlite" else triggers.POSTGRES:
        op.execute(sa.text(statement))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the timeline is never taken back")
