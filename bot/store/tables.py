"""The tables, and the constraints that hold what a promise needs to be unique.

Every table carries ``organisation`` and ``branch``. Moments are aware UTC. ``*_real_at`` and ``lease_until`` are real time; every other
``*_at`` is the time that promises are counted in (clock.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy import DateTime as SqlDateTime

from bot.domain.alert import AlertStatus, Disposition
from bot.domain.closing import CheckState
from bot.domain.episodes import EpisodeKind
from bot.domain.heartbeats import HeartbeatState
from bot.domain.incidents import Purpose, Role
from bot.domain.outbox import LIVE_STATES, MessageState
from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.domain.status import OPEN_STATUSES, Status
from bot.domain.timers import TimerKind


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a moment must carry its zone, got the naive {value!r}")
    return value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return (value if value.tzinfo is UTC else _in_utc(value)).isoformat(" ", "microseconds")[:26]


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on every dialect; a naive one is refused."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _in_utc(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """What a value is bound as: on SQLite the text that SQLAlchemy keeps there, which a datetime writes quicker by itself."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def _reference(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(32), ForeignKey(f"{target}.id"), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _one_of(name: str, choices: type[Any]) -> CheckConstraint:
    listed = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_is_known")


def _table(name: str, *items: Any, **options: Any) -> Table:
    scope = (Column("organisation", String(64), nullable=False), Column("branch", String(64), nullable=False))
    return Table(name, metadata, *scope, *items, **options)


def _unique_where(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


def _index_where(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(f"'{value.value}'" for value in values)


policies = _table(
    "policies",
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("body", Text, nullable=False),
    _moment("activated_at"),
)

people = _table(
    "people",
    _id(),
    Column("key", String(100)),
    Column("name", Text, nullable=False),
    Column("slack_user_id", String(32)),
    Column("phone", String(20)),
    Column("email", String(254)),
    Column("access", String(16), nullable=False),
    _moment("opted_out_at", nullable=True),
    _moment("phone_verified_at", nullable=True),
    Column("phone_code", String(64)),
    _moment("phone_code_until", nullable=True),
    UniqueConstraint("organisation", "key"),
    UniqueConstraint("organisation", "slack_user_id"),
    UniqueConstraint("organisation", "phone"),
)

incidents = _table(
    "incidents",
    _id(),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("impact", Text),
    _moment("started_at"),
    _moment("opened_at"),
    _reference("declared_by", "people", nullable=True),
    _reference("owner_id", "people", nullable=True),
    _moment("acknowledged_at", nullable=True),
    _reference("acknowledged_by", "people", nullable=True),
    Column("acknowledged_via", String(20)),
    _moment("mitigated_at", nullable=True),
    _moment("resolved_at", nullable=True),
    _reference("resolved_by", "people", nullable=True),
    _moment("next_update_at", nullable=True),
    Column("policy_digest", String(64), ForeignKey("policies.digest"), nullable=False),
    Column("token", String(200), nullable=False),
    Column("correlation_key", Text),
    Column("link", Text),
    Column("private", Boolean, nullable=False, server_default=false()),
    _moment("ended_at", nullable=True),
    Column("triage", JSON, nullable=False, server_default=text("'{}'")),
    Column("service", String(200)),
    Column("system", String(64)),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    Column("severity_reason", Text),
    _reference("merged_into", "incidents", nullable=True),
    Column("phase", String(40)),
    Column("major", Boolean),
    Column("ticket", Text),
    Column("overridden", Text),
    _moment("verified_at", nullable=True),
    Column("version", Integer, nullable=False),
    _one_of("status", Status),
    CheckConstraint("(status = 'Resolved') = (resolved_at IS NOT NULL)", name="resolved_has_its_moment"),
    UniqueConstraint("organisation", "number"),
    UniqueConstraint("organisation", "token"),
    _unique_where(
        "uq_incidents_open_correlation",
        "organisation",
        "correlation_key",
        where=f"correlation_key IS NOT NULL AND status IN ({_listed(OPEN_STATUSES)})",
    ),
    _index_where("ix_incidents_open", "organisation", "opened_at", where=f"status IN ({_listed(OPEN_STATUSES)})"),
)

roles = _table(
    "roles",
    _id(),
    _reference("incident_id", "incidents"),
    Column("role", String(30), nullable=False),
    _reference("person_id", "people"),
    _moment("assigned_at"),
    _one_of("role", Role),
    UniqueConstraint("incident_id", "role"),
)

channels = _table(
    "channels",
    _id(),
    _reference("incident_id", "incidents"),
    Column("purpose", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    Column("channel_id", String(32)),
    Column("message_ts", String(32)),
    Column("permalink", Text),
    Column("opened_by", String(32)),
    Column("posted_by", String(32)),
    Column("live", Boolean, nullable=False),
    _one_of("purpose", Purpose),
    _unique_where("uq_channels_live", "incident_id", "purpose", where="live"),
    _unique_where("uq_channels_channel_id", "organisation", "channel_id", where="purpose = 'incident' AND channel_id IS NOT NULL"),
)

alerts = _table(
    "alerts",
    _id(),
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(200), nullable=False),
    _moment("starts_at"),
    Column("status", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("url", Text),
    Column("count", Integer, nullable=False),
    _moment("first_received_at"),
    _moment("last_received_at"),
    _moment("resolved_at", nullable=True),
    Column("disposition", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    _reference("incident_id", "incidents", nullable=True),
    Column("channel", String(16), nullable=False, server_default="other"),
    Column("service", String(200)),
    Column("system", String(64)),
    Column("unreadable", Text),
    _one_of("status", AlertStatus),
    _one_of("disposition", Disposition),
    UniqueConstraint("organisation", "source", "fingerprint", "starts_at"),
    _index_where("ix_alerts_incident_id", "incident_id", where="incident_id IS NOT NULL"),
    Index("ix_alerts_inbox", "organisation", "disposition", "last_received_at"),
)

correlations = _table(
    "correlations",
    Column("key", String(400), nullable=False),
    _reference("incident_id", "incidents"),
    _moment("last_at"),
    UniqueConstraint("organisation", "key", "incident_id"),
)

silences = _table(
    "silences",
    _id(),
    Column("number", Integer, nullable=False),
    Column("match", JSON, nullable=False),
    _moment("starts_at"),
    _moment("ends_at"),
    _reference("author_id", "people", nullable=True),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    _moment("created_at"),
    _moment("ended_at", nullable=True),
    Column("ended_by", Text),
    UniqueConstraint("organisation", "number"),
    Index("ix_silences_live", "organisation", "ends_at"),
)

heartbeats = _table(
    "heartbeats",
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    _moment("added_at"),
    _moment("last_at", nullable=True),
    _moment("due_at", nullable=True),
    _moment("silent_since", nullable=True),
    _one_of("state", HeartbeatState),
    UniqueConstraint("organisation", "name"),
    Index("ix_heartbeats_due", "organisation", "due_at"),
)

rates = _table(
    "rates",
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(200), nullable=False),
    _moment("minute"),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("organisation", "minute", "source", "fingerprint"),
    _index_where("ix_rates_source", "organisation", "source", "minute", where="fingerprint = ''"),
    sqlite_with_rowid=False,
)

episodes = _table(
    "episodes",
    _id(),
    Column("kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    _moment("began_at"),
    _moment("due_at"),
    _moment("ended_at", nullable=True),
    Column("level", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    _one_of("kind", EpisodeKind),
    _unique_where("uq_episodes_open", "organisation", "kind", "source", "subject", where="ended_at IS NULL"),
    _index_where("ix_episodes_due", "organisation", "due_at", where="ended_at IS NULL"),
)

intake = _table(
    "intake",
    _id(),
    Column("source", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("envelope", JSON),
    _moment("received_at"),
    Column("request_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("due_real_at", Moment, nullable=False),
    _moment("lease_until", nullable=True),
    Column("outcome", JSON),
    Column("error", Text),
    CheckConstraint("state IN ('pending', 'working', 'done', 'dead')", name="state_is_known"),
    _index_where("ix_intake_due", "due_real_at", "organisation", "state", where="state IN ('pending', 'working')"),
    _index_where("ix_intake_dead", "received_at", where="state = 'dead'"),
)

promises = _table(
    "promises",
    _id(),
    _reference("incident_id", "incidents"),
    Column("clock", String(16), nullable=False),
    Column("cycle", Integer, nullable=False),
    _moment("started_at"),
    _moment("due_at"),
    _moment("kept_at", nullable=True),
    _moment("missed_at", nullable=True),
    _moment("withdrawn_at", nullable=True),
    _moment("extended_at", nullable=True),
    Column("reason", Text),
    _one_of("clock", ClockName),
    UniqueConstraint("incident_id", "clock", "cycle"),
    _unique_where("uq_promises_open", "incident_id", "clock", where="kept_at IS NULL AND withdrawn_at IS NULL"),
)

escalations = _table(
    "escalations",
    _id(),
    _reference("incident_id", "incidents"),
    Column("clock", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("ring", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    _moment("started_at"),
    _moment("ended_at", nullable=True),
    _reference("ended_by", "people", nullable=True),
    Column("ended_reason", Text),
    _one_of("clock", ClockName),
    _unique_where("uq_escalations_running", "incident_id", "clock", where="ended_at IS NULL"),
)

timers = _table(
    "timers",
    _id(),
    _reference("incident_id", "incidents"),
    Column("kind", String(16), nullable=False),
    _reference("promise_id", "promises", nullable=True),
    _reference("escalation_id", "escalations", nullable=True),
    _moment("due_at"),
    _moment("armed_at"),
    _moment("fired_at", nullable=True),
    _moment("cancelled_at", nullable=True),
    Column("late_seconds", Float),
    Column("subject", String(140)),
    Column("reason", Text),
    _one_of("kind", TimerKind),
    CheckConstraint("fired_at IS NULL OR fired_at >= due_at", name="never_early"),
    CheckConstraint("fired_at IS NULL OR cancelled_at IS NULL", name="fired_or_cancelled"),
    _unique_where(
        "uq_timers_armed",
        "promise_id",
        "kind",
        where="promise_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL",
    ),
    _unique_where(
        "uq_timers_ring", "escalation_id", "kind", where="escalation_id IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL"
    ),
    _unique_where(
        "uq_timers_subject",
        "incident_id",
        "kind",
        "subject",
        where="subject IS NOT NULL AND fired_at IS NULL AND cancelled_at IS NULL",
    ),
    _index_where("ix_timers_due", "due_at", where="fired_at IS NULL AND cancelled_at IS NULL"),
)

_ADDRESS = String(254).with_variant(String(64), "sqlite")
"""An e-mail address is longer than a number was; SQLite holds no lengths, so that its table was not rebuilt for this."""

pages = _table(
    "pages",
    _id(),
    _reference("incident_id", "incidents"),
    _reference("escalation_id", "escalations"),
    _reference("person_id", "people"),
    Column("road", String(16), nullable=False),
    Column("address", _ADDRESS, nullable=False),
    Column("code", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("ring", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("provider_id", String(64)),
    Column("error_code", String(32)),
    _moment("queued_at"),
    _moment("sent_at", nullable=True),
    _moment("delivered_at", nullable=True),
    _moment("ended_at", nullable=True),
    _one_of("state", PageState),
    UniqueConstraint("escalation_id", "person_id", "road", "round", "level", "ring"),
    _unique_where("uq_pages_live_code", "organisation", "address", "code", where="state IN ('pending', 'sent', 'delivered')"),
    _unique_where("uq_pages_provider_id", "provider_id", where="provider_id IS NOT NULL"),
    Index("ix_pages_address", "organisation", "address", "queued_at"),
    Index("ix_pages_incident_id", "incident_id"),
)

receipts = _table(
    "receipts",
    _id(),
    Column("provider_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("error_code", String(32)),
    _moment("received_at"),
    _reference("page_id", "pages", nullable=True),
    UniqueConstraint("provider_id", "status"),
)

outbox = _table(
    "outbox",
    _id(),
    _reference("incident_id", "incidents", nullable=True),
    Column("kind", String(32), nullable=False),
    Column("words", JSON, nullable=False),
    Column("lane", String(100), nullable=False),
    Column("order_key", String(140)),
    Column("provider_gate", String(32), nullable=False),
    Column("method_gate", String(200), nullable=False),
    Column("priority", Integer, nullable=False),
    _reference("after_id", "outbox", nullable=True),
    Column("needs_success", Boolean, nullable=False),
    _reference("page_id", "pages", nullable=True),
    Column("replace_key", String(140)),
    _moment("valid_until", nullable=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("ambiguous", Boolean, nullable=False),
    _moment("created_at"),
    _moment("created_real_at"),
    _moment("due_real_at"),
    _moment("lease_until", nullable=True),
    Column("owner", String(64)),
    Column("last_error", Text),
    _moment("finished_at", nullable=True),
    Column("provider_id", String(200)),
    Column("request_id", String(64)),
    _one_of("state", MessageState),
    _index_where("ix_outbox_due", "priority", "due_real_at", where=f"state IN ({_listed(LIVE_STATES)})"),
    _index_where("ix_outbox_order", "order_key", "id", where=f"state IN ({_listed(LIVE_STATES)})"),
    _index_where("ix_outbox_replace", "replace_key", where="state = 'pending' AND replace_key IS NOT NULL"),
    _index_where("ix_outbox_dead", "finished_at", where="state = 'dead'"),
    Index("ix_outbox_page_id", "page_id"),
    Index("ix_outbox_after_id", "after_id"),
)

rate_gates = _table(
    "rate_gates",
    Column("key", String(200), primary_key=True),
    _moment("closed_until"),
    Column("reason", Text, nullable=False),
)

polls = _table(
    "polls",
    Column("name", String(100), primary_key=True),
    Column("cursor", JSON),
    _moment("due_real_at"),
    _moment("lease_until", nullable=True),
    Column("owner", String(64)),
    Column("token", Integer, nullable=False),
)

streams = _table(
    "streams",
    Column("stream", String(64), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)

timeline = _table(
    "timeline",
    _id(),
    Column("stream", String(64), ForeignKey("streams.stream"), nullable=False),
    Column("seq", Integer, nullable=False),
    _reference("incident_id", "incidents", nullable=True),
    _moment("at"),
    _moment("recorded_at"),
    Column("kind", String(32), nullable=False),
    _reference("actor_id", "people", nullable=True),
    Column("facts", JSON, nullable=False),
    _reference("refers_to", "timeline", nullable=True),
    Column("digest", String(64)),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("message_ts", String(64)),
    UniqueConstraint("stream", "seq"),
    Index("ix_timeline_incident_id", "incident_id", "at"),
    _unique_where("uq_timeline_message_ts", "incident_id", "message_ts", where="message_ts IS NOT NULL AND kind = 'message'"),
)

words = _table(
    "words",
    Column("entry_id", String(32), ForeignKey("timeline.id"), primary_key=True),
    Column("salt", String(64)),
    Column("text", Text),
)

answers = _table(
    "answers",
    Column("key", String(200), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("answer", JSON),
    _moment("created_at"),
    Index("ix_answers_created_at", "created_at"),
)

postmortems = _table(
    "postmortems",
    _id(),
    _reference("incident_id", "incidents"),
    Column("version", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    _moment("created_at"),
    _reference("written_by", "people", nullable=True),
    UniqueConstraint("incident_id", "version"),
)

checks = _table(
    "checks",
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    _moment("since_at"),
    _moment("heard_at"),
    _one_of("state", CheckState),
    UniqueConstraint("organisation", "name"),
)

confirmations = _table(
    "confirmations",
    _id(),
    _reference("incident_id", "incidents"),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    _reference("person_id", "people"),
    _moment("at"),
    _moment("withdrawn_at", nullable=True),
    _unique_where("uq_confirmations_standing", "incident_id", "question", where="withdrawn_at IS NULL"),
)

runbook_steps = _table(
    "runbook_steps",
    _id(),
    _reference("incident_id", "incidents"),
    Column("runbook", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    _moment("shown_at"),
    _moment("ticked_at", nullable=True),
    _reference("ticked_by", "people", nullable=True),
    _reference("message_id", "outbox", nullable=True),
    UniqueConstraint("incident_id", "runbook", "number"),
    Index("ix_runbook_steps_runbook", "organisation", "runbook", "ticked_at"),
)

follow_ups = _table(
    "follow_ups",
    _id(),
    _reference("incident_id", "incidents"),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    _reference("owner_id", "people", nullable=True),
    _moment("created_at"),
    _moment("done_at", nullable=True),
    _reference("done_by", "people", nullable=True),
    UniqueConstraint("incident_id", "text"),
)

meetings = _table(
    "meetings",
    _id(),
    _reference("incident_id", "incidents"),
    _moment("at"),
    Column("sequence", Integer, nullable=False),
    _moment("held_at", nullable=True),
    _moment("cancelled_at", nullable=True),
    UniqueConstraint("incident_id"),
)

freezes = _table(
    "freezes",
    _id(),
    Column("reason", Text, nullable=False),
    _reference("author_id", "people", nullable=True),
    Column("author", Text, nullable=False),
    _moment("began_at"),
    _moment("ended_at", nullable=True),
    Column("ended_by", Text),
    _unique_where("uq_freezes_live", "organisation", where="ended_at IS NULL"),
)

proofs = _table(
    "proofs",
    Column("route", String(200), nullable=False),
    _moment("heard_at", nullable=True),
    _moment("tested_at", nullable=True),
    UniqueConstraint("organisation", "route"),
)
