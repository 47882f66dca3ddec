"""The types and the columns that tables have in common; every table carries whose row it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)
from sqlalchemy import DateTime as SqlDateTime


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a moment must carry its zone, got the naive {value!r}")
    return value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    return None if value is None else _written(value if value.tzinfo is UTC else _in_utc(value))


@lru_cache(4096)
def _written(value: datetime) -> str:
    """A moment in UTC as SQLite holds it; the rows of a batch share most of theirs."""
    return value.isoformat(" ", "microseconds")[:26]


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


def identity() -> Column[str]:
    """The column of a row's key."""
    return Column("id", String(32), primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    """A column that names a row of another table."""
    return Column(name, String(32), ForeignKey(f"{target}.id"), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A column of moments."""
    return Column(name, Moment, nullable=nullable)


def one_of(name: str, choices: type[Enum]) -> CheckConstraint:
    """That a column holds a value of the enumeration, and nothing else."""
    return CheckConstraint(f"{name} IN ({listed(choices)})", name=f"{name}_is_known")


def table(name: str, *items: Any, **options: Any) -> Table:
    """A table whose rows belong to an organisation and a branch."""
    scope = (Column("organisation", String(64), nullable=False), Column("branch", String(64), nullable=False))
    return Table(name, metadata, *scope, *items, **options)


def unique_where(name: str, *columns: str, where: str) -> Index:
    """A unique index of the rows that the condition holds for."""
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


def index_where(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that the condition holds for."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def listed(values: Iterable[Enum]) -> str:
    """The values of an enumeration as SQL lists them."""
    return ", ".join(f"'{value.value}'" for value in values)
