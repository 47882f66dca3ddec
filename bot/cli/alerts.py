"""``muster alert`` and ``muster silence``: what waits in the inbox, alerts in bulk, and what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.client import call, incident_path, when

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_ALERTS = click.argument("alerts", metavar="ALERT…", nargs=-1, required=True)


@click.group()
def alert() -> None:
    """See the alerts that no route made an incident of, and move alerts, many at once."""


@click.group()
def silence() -> None:
    """Silence alerts that are expected, see what is silenced, end it."""


def _print(found: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]], empty: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(empty)
        return
    table = Table(box=None, pad_edge=False)
    for place, (title, _) in enumerate(columns):
        table.add_column(title, no_wrap=place == 0, min_width=max(len(_cell(one, columns[0][1])) for one in found) if place == 0 else None)
    for one in found:
        table.add_row(*(Text(_cell(one, name)) for _, name in columns))
    Console().print(table)


def _cell(one: Mapping[str, Any], name: str) -> str:
    value = one[name]
    if name == "match":
        return " ".join(f"{label}={','.join(globs)}" for label, globs in value.items())
    return when(value) if name.endswith("_at") else str(value)


def _counted(alerts: Sequence[str]) -> str:
    count = len(set(alerts))
    return f"{count} alert is" if count == 1 else f"{count} alerts are"


@alert.command("list", epilog="Example: muster alert list --json")
@_JSON
def list_alerts(as_json: bool) -> None:
    """List what waits in the inbox, the latest first."""
    columns = (
        ("Alert", "id"),
        ("Source", "source"),
        ("State", "status"),
        ("Said", "count"),
        ("Title", "title"),
        ("Why it is here", "reason"),
    )
    _print(call("GET", "/alerts")["alerts"], columns, "The inbox is empty.", as_json=as_json)


@alert.command(epilog="Example: muster alert declare 01m7… 01m8… --severity P1")
@_ALERTS
@click.option("--title", help="The incident's title; the oldest alert's otherwise.")
@click.option("--severity", help="A severity of the policy; the alert's own otherwise.")
def declare(alerts: tuple[str, ...], title: str | None, severity: str | None) -> None:
    """Open one incident for alerts of the inbox."""
    found = call("POST", "/alerts/declare", {"alerts": list(alerts), "title": title, "severity": severity})
    click.echo(f"{found['reference']} [{found['severity']}] {found['title']}")


@alert.command(epilog="Example: muster alert attach INC-7 01m7… 01m8…")
@click.argument("reference", metavar="INC-7")
@_ALERTS
def attach(reference: str, alerts: tuple[str, ...]) -> None:
    """Make alerts an incident's, whichever they were of before."""
    call("POST", incident_path(reference, "attach"), {"alerts": list(alerts)})
    click.echo(f"{_counted(alerts)} {reference}'s now.")


@alert.command(epilog="Example: muster alert detach INC-7 01m7…")
@click.argument("reference", metavar="INC-7")
@_ALERTS
def detach(reference: str, alerts: tuple[str, ...]) -> None:
    """Put an incident's alerts back into the inbox."""
    call("POST", incident_path(reference, "detach"), {"alerts": list(alerts)})
    click.echo(f"{_counted(alerts)} in the inbox again.")


@alert.command(epilog="Example: muster alert dismiss 01m7… 01m8…")
@_ALERTS
def dismiss(alerts: tuple[str, ...]) -> None:
    """Let alerts leave the inbox; what fires anew comes anew."""
    found = call("POST", "/alerts/dismiss", {"alerts": list(alerts)})
    click.echo(f"{found['dismissed']} left the inbox.")


@silence.command("list", epilog="Example: muster silence list")
@_JSON
def list_silences(as_json: bool) -> None:
    """List what is silenced, and the maintenance windows of the policy."""
    found = call("GET", "/silences")
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    columns = (("Silence", "number"), ("Alerts", "match"), ("Until", "ends_at"), ("By", "author"), ("Why", "comment"))
    _print(found["silences"], columns, "Nothing is silenced.", as_json=False)
    for planned in found["maintenance"]:
        click.echo(f"Maintenance of the policy: {planned['name']} ({_cell(planned, 'match')})")


@silence.command(epilog='Example: muster silence add 2h service=checkout env=prod --why "the new gateway goes live"')
@click.argument("span", metavar="2h")
@click.argument("labels", metavar="NAME=GLOB…", nargs=-1, required=True)
@click.option("--why", "comment", required=True, help="What the next person should know.")
def add(span: str, labels: tuple[str, ...], comment: str) -> None:
    """Silence the alerts that carry all those labels."""
    pairs = [label.partition("=") for label in labels]
    wrong = next(("".join(pair) for pair in pairs if not all(pair)), None)
    if wrong is not None:
        raise click.UsageError(f"Expected NAME=GLOB, got {wrong!r}.")
    match = {name: value.split(",") for name, _, value in pairs}
    made = call("POST", "/silences", {"span": span, "match": match, "comment": comment})
    click.echo(f"Silence {made['number']} until {when(made['ends_at'])}.")


@silence.command(epilog="Example: muster silence end 3")
@click.argument("number", type=click.IntRange(1))
def end(number: int) -> None:
    """End a silence before its time."""
    call("POST", f"/silences/{number}/end", {})
    click.echo(f"Silence {number} is over.")
