"""``muster audit``: whether the record is whole."""

from __future__ import annotations

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.serve import database_sentence, open_database, read_settings, run
from bot.clock import SystemClock
from bot.domain.policy import Policy
from bot.domain.timeline import Flaw
from bot.services import health
from bot.services.work import Services
from bot.settings import Settings


@click.group()
def audit() -> None:
    """The record of what happened, and of who was refused what."""


async def _verify(settings: Settings, policy: Policy) -> tuple[int, list[Flaw]]:
    database = open_database(settings, policy)
    try:
        if database.sqlite_path is not None and not database.sqlite_path.is_file():
            raise click.ClickException(f"There is no database {database.sqlite_path}; check DATABASE_URL.")
        return await Services(database, SystemClock(), policy).read(health.verify_audit)
    finally:
        await database.close()


@audit.command(epilog="Example: DATABASE_URL=sqlite+aiosqlite:///muster.db muster audit verify")
def verify() -> None:
    """Follow the hash chain of every timeline and of the audit; exit 1 names the first entry that does not fit."""
    settings, policy = read_settings()
    try:
        counted, flaws = run(_verify(settings, policy))
    except (SQLAlchemyError, OSError) as error:
        reason = database_sentence(error) if isinstance(error, SQLAlchemyError) else f"The database is not there: {error}"
        raise click.ClickException(reason) from error
    if flaws:
        raise click.ClickException("\n".join(f"{flaw.stream}, entry {flaw.seq}: {flaw.reason}" for flaw in flaws))
    click.echo(f"{counted} entries, every one as it was written.")
