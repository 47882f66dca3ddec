"""``muster policy simulate``: alerts that came, or that are given, under a changed policy beside the one in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.serve import database_sentence, open_database, run
from bot.clock import SystemClock
from bot.domain.alert import AlertStatus
from bot.domain.consequences import Call, Run
from bot.domain.durations import format_span
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.domain.simulation import Changed, Difference, Fate, Heard, Replay, compare, replay
from bot.errors import Malformed
from bot.services import simulation
from bot.services.work import Services
from bot.settings import load_settings, read_policy
from bot.sources import SOURCES
from bot.sources.source import Delivery

_LONGEST = 365
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class _Compared:
    """The same alerts under two policies."""

    before: Policy
    after: Policy
    heard: Sequence[Heard]
    replays: tuple[Replay, Replay]
    difference: Difference


@click.command(epilog="Example: muster policy simulate acme.yml --past 28")
@click.argument("name", required=False)
@click.option("--past", "days", type=click.IntRange(1, _LONGEST), help="Replay what the bot's database has of so many days.")
@click.option("--alerts", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Replay what stands in this file.")
@click.option("--source", help="The source of the policy whose body the file is; without it the file has a JSON object a line.")
@click.option("--against", help="Compare with this policy instead of MUSTER_POLICY's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(name: str | None, days: int | None, file: Path | None, source: str | None, against: str | None, as_json: bool) -> None:
    """Say what a changed policy would make different: severity, route, incident, pages, and clocks that would break.

    NAME is the changed policy, a shipped one or the path of a file. A line of a file of alerts is {"source": …, "received_at": …,
    "body": …}. People's part is taken from the record; where there is none, a chain is followed for one round.
    """
    if (days is None) == (file is None):
        raise click.UsageError("Give either --past DAYS or --alerts FILE.")
    settings = load_settings()
    before, after = (load_policy(one or settings.policy, read_policy) for one in (against, name))
    heard = _past(before, days) if days is not None else _given(file or Path(), source, after, before)
    replays = replay(before, heard), replay(after, heard)
    compared = _Compared(before, after, heard, replays, compare(heard, *replays))
    if as_json:
        click.echo(json.dumps(_as_json(compared), indent=2, ensure_ascii=False))
    else:
        _print(compared)


def _past(policy: Policy, days: int) -> list[Heard]:
    """What the database of the policy in force has of the last days."""
    try:
        return run(_read(policy, timedelta(days=days)))
    except (SQLAlchemyError, OSError) as error:
        reason = database_sentence(error) if isinstance(error, SQLAlchemyError) else f"The database is not there: {error}"
        raise click.ClickException(reason) from error


async def _read(policy: Policy, span: timedelta) -> list[Heard]:
    database, clock = open_database(load_settings(), policy), SystemClock()
    try:
        if database.sqlite_path is not None and not database.sqlite_path.is_file():
            raise click.ClickException(
                f"There is no database {database.sqlite_path}; check DATABASE_URL, or give alerts with --alerts FILE."
            )
        return await Services(database, clock, policy).read(simulation.heard_since, clock.now() - span)
    finally:
        await database.close()


def _given(file: Path, source: str | None, *policies: Policy) -> list[Heard]:
    """The alerts of a file, read as their source reads them; recoveries end what they recover."""
    try:
        text = file.read_text(encoding="utf-8")
        if source is not None:
            return _occurrences([(source, SystemClock().now(), json.loads(text))], policies)
        lines = [(number, json.loads(line)) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        return _occurrences([_line(file, number, line) for number, line in lines], policies)
    except ValueError as error:
        what = "the JSON of one body" if source is not None else "a JSON object in each line"
        raise click.ClickException(f"{file}: expected {what}, {error}. --source NAME is for a monitor's own body.") from error


def _line(file: Path, number: int, line: Any) -> tuple[str, datetime, Any]:
    try:
        at = datetime.fromisoformat(line["received_at"])
        return str(line["source"]), (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC), line["body"]
    except (KeyError, TypeError, ValueError) as error:
        wanted = '{"source": "grafana", "received_at": "2026-11-20T22:05:00Z", "body": {…}}'
        raise click.ClickException(f"{file}:{number}: expected {wanted}. --source NAME is for a monitor's own body.") from error


def _occurrences(bodies: Sequence[tuple[str, datetime, Any]], policies: Sequence[Policy]) -> list[Heard]:
    """One for each firing that is not going on already, in the order of receipt."""
    found: list[Heard] = []
    firing: dict[tuple[str, str], int] = {}
    for source, at, body in sorted(bodies, key=lambda one: one[1]):
        for heard in _read_body(source, at, body, policies):
            name = (source, heard.alert.fingerprint)
            if heard.alert.status is AlertStatus.RESOLVED:
                if (place := firing.pop(name, None)) is not None:
                    found[place] = Heard(found[place].alert, found[place].channel, found[place].received_at, heard.alert.ends_at or at)
            elif name not in firing:
                firing[name] = len(found)
                found.append(heard)
    return found


def _read_body(source: str, at: datetime, body: Any, policies: Sequence[Policy]) -> Iterator[Heard]:
    rule = next((policy.sources[source] for policy in policies if source in policy.sources), None)
    if rule is None:
        known = ", ".join(policies[0].sources) or "none"
        raise click.ClickException(f"The policy has no source {source!r}; it names {known}.")
    kind = SOURCES[rule.kind]
    try:
        reading = kind.read(Delivery(source, body, json.dumps(body).encode(), at, fields=rule.fields))
    except Malformed as error:
        raise click.ClickException(f"{kind.name} does not send such a body: {error}") from error
    for alert in reading.alerts:
        yield Heard(alert, rule.channel or kind.channel, at)


def _print(compared: _Compared) -> None:
    found, (before, after) = compared.difference, compared.replays
    names = compared.before.name, compared.after.name
    alerts, incidents = _count(len(compared.heard), "alert"), _count(len(before.cases), "incident")
    click.echo(f"{alerts}: {incidents} under {names[0]}, {len(after.cases)} under {names[1]}.")
    if not (found.changed or found.calls_before or found.calls_after or found.runs_before or found.runs_after):
        click.echo("Nothing would differ.")
        return
    if found.changed:
        _table(
            f"{_count(len(found.changed), 'alert')} would fare differently",
            ("At", "Alert", *names),
            [_changed(one) for one in found.changed],
        )
    calls = [_called("-", *one) for one in found.calls_before] + [_called("+", *one) for one in found.calls_after]
    if calls:
        _table(f"Pages: - only under {names[0]}, + only under {names[1]}", ("", "At", "Who", "By", "For", "Incident"), calls)
    broken = [_broken("-", *one) for one in found.runs_before] + [_broken("+", *one) for one in found.runs_after]
    if broken:
        _table(f"Broken clocks: - only under {names[0]}, + only under {names[1]}", ("", "Clock", "Due", "Kept", "Incident"), broken)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    click.echo(f"\n{title}")
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows[:_SHOWN]:
        table.add_row(*map(Text, row))
    Console().print(table)
    if len(rows) > _SHOWN:
        click.echo(f"… and {len(rows) - _SHOWN} more; --json has them all.")


def _changed(one: Changed) -> tuple[str, ...]:
    return _at(one.heard.received_at), one.heard.alert.title, _said(one.before), _said(one.after)


def _said(fate: Fate) -> str:
    return f"{fate.severity}, {fate.outcome}, {'no route' if fate.route is None else f'route {fate.route}'}"


def _called(sign: str, incident: str, call: Call) -> tuple[str, ...]:
    level = "" if call.level is None else f", level {call.level}" if call.level else ", owner"
    return sign, _at(call.at), call.person, call.road.value, f"{call.why}{level}", incident


def _broken(sign: str, incident: str, found: Run) -> tuple[str, ...]:
    late = "never" if found.kept_at is None else f"{format_span(found.kept_at - found.due_at)} late"
    return sign, found.clock.value, _at(found.due_at), late, incident


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _as_json(compared: _Compared) -> dict[str, Any]:
    """What differs, and both replays whole."""
    found, names = compared.difference, ("before", "after")
    policies = {which: policy.name for which, policy in zip(names, (compared.before, compared.after), strict=True)}
    replays = {which: _replay_json(one) for which, one in zip(names, compared.replays, strict=True)}
    changed = [
        {
            "received_at": one.heard.received_at.isoformat(),
            "source": one.heard.alert.source,
            "title": one.heard.alert.title,
            "before": _fate_json(one.before),
            "after": _fate_json(one.after),
        }
        for one in found.changed
    ]
    pages = {which: [_call_json(*one) for one in some] for which, some in zip(names, (found.calls_before, found.calls_after), strict=True)}
    broken = {which: [_run_json(*one) for one in some] for which, some in zip(names, (found.runs_before, found.runs_after), strict=True)}
    return {
        "policies": policies,
        "alerts": len(compared.heard),
        "changed": changed,
        "pages_only": pages,
        "broken_only": broken,
        "replays": replays,
    }


def _fate_json(fate: Fate) -> Mapping[str, Any]:
    return {name: getattr(fate, name) for name in ("severity", "route", "action", "outcome", "reason", "incident")}


def _replay_json(replayed: Replay) -> list[Mapping[str, Any]]:
    return [
        {
            "incident": case.number,
            "record": case.lived.reference if case.lived is not None else None,
            "title": case.title,
            "severities": [{"from": at.isoformat(), "severity": severity.label} for at, severity in case.stages],
            "pages": [_call_json(case.title, call) for call in case.calls],
            "clocks": [_run_json(case.title, one) for one in case.runs],
        }
        for case in replayed.cases
    ]


def _call_json(incident: str, call: Call) -> Mapping[str, Any]:
    told = {"at": call.at.isoformat(), "person": call.person, "road": call.road.value, "for": call.why, "level": call.level}
    return {"incident": incident, **told}


def _run_json(incident: str, found: Run) -> Mapping[str, Any]:
    kept_at = found.kept_at.isoformat() if found.kept_at is not None else None
    due = {"due_at": found.due_at.isoformat(), "kept_at": kept_at, "broken": found.broken}
    return {"incident": incident, "clock": found.clock.value, "started_at": found.started_at.isoformat(), **due}
