"""``muster serve`` and ``muster migrate``: the bot itself, and its database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from bot import app, telemetry
from bot.clock import SystemClock
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.settings import Settings, load_settings, read_policy
from bot.store import schema
from bot.store.database import Database, Scope

try:
    import uvloop
except ImportError:  # there is none for this platform; asyncio's own loop does the same, slower
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, on the fastest loop there is."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(work)


def read_settings() -> tuple[Settings, Policy]:
    """The settings and the policy they name; raises SettingsError or PolicyError with one line for each wrong value."""
    settings = load_settings()
    return settings, load_policy(settings.policy, read_policy)


def open_database(settings: Settings, policy: Policy) -> Database:
    """The database of the settings, scoped to the policy's organisation."""
    return Database(settings.database_url, Scope(policy.organisation, policy.branch), SystemClock())


@click.command(epilog="Example: DATABASE_URL=postgresql+asyncpg://muster@db/muster MUSTER_POLICY=acme.yml muster serve")
def serve() -> None:
    """Run the bot until SIGTERM or Ctrl-C; what is under way is finished first. SIGHUP has it read its policy again."""
    settings, policy = read_settings()
    telemetry.configure(settings.log_level, settings.log_format or ("console" if sys.stderr.isatty() else "json"))
    try:
        run(app.serve(settings, policy, read_again=lambda: load_policy(settings.policy, read_policy)))
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"Muster could not start on {place} ({error}); is something else there?") from error
    except SQLAlchemyError as error:
        raise click.ClickException(database_sentence(error)) from error


def database_sentence(error: SQLAlchemyError) -> str:
    """What to do about a database that does not work, in one line."""
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"The database does not work ({reason}); check DATABASE_URL, then run `muster migrate`."


@click.command(epilog="Example: DATABASE_URL=sqlite+aiosqlite:////var/lib/muster/muster.db muster migrate")
def migrate() -> None:
    """Bring the database up to the schema of this version; `muster serve` does it too."""
    settings, policy = read_settings()
    try:
        revision = run(schema.migrate(open_database(settings, policy).url))
    except (SQLAlchemyError, OSError) as error:
        reason = database_sentence(error) if isinstance(error, SQLAlchemyError) else f"The database is not there: {error}"
        raise click.ClickException(reason) from error
    click.echo(f"The database has schema {revision}.")
