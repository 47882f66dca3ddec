"""``muster incident`` and ``muster postmortem``: what the bot's HTTP API can do, from a terminal (B4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.client import call, incident_path, when

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_MOMENTS = (
    ("Started", "started_at"),
    ("Acknowledged", "acknowledged_at"),
    ("Resolved", "resolved_at"),
    ("Next update", "next_update_at"),
)
_REFERENCE = click.argument("reference", metavar="INC-7")


@click.group()
def incident() -> None:
    """List, show and change the incidents of a running bot.

    MUSTER_URL says where it is (http://127.0.0.1:8080 unless set), MUSTER_TOKEN is a token of the policy.
    """


def _print(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo(f"{found['reference']} [{found['severity']}] {found['title']}")
    channel = found["channel"] and f"#{found['channel']['name']}"
    facts = (
        ("Status", found["status"]),
        ("Owner", found["owner"] or "nobody yet"),
        ("Impact", found["impact"] or "not stated yet"),
        *((name, found[field] and when(found[field])) for name, field in _MOMENTS),
        ("Channel", channel),
    )
    for name, value in facts:
        if value:
            click.echo(f"  {name}: {value}")
    for promise in found["promises"]:
        click.echo(f"  Promise: {promise['clock']} by {when(promise['due_at'])}: {_outcome(promise)}")


def _outcome(promise: Mapping[str, Any]) -> str:
    if promise["missed_at"]:
        return "missed"
    if promise["kept_at"]:
        return "kept"
    return "taken back" if promise["withdrawn_at"] else "open"


@incident.command("list", epilog="Example: muster incident list --all --json")
@click.option("--all", "everything", is_flag=True, help="Also those that are resolved.")
@_JSON
def list_incidents(everything: bool, as_json: bool) -> None:
    """List what is open."""
    found = call("GET", f"/incidents{'?state=all' if everything else ''}")["incidents"]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    table = Table("Incident", "Severity", "Status", "Owner", "Title", box=None, pad_edge=False)
    for one in found:
        cells = (one["reference"], one["severity"], one["status"], one["owner"] or "nobody yet", one["title"])
        table.add_row(*(Text(cell) for cell in cells))
    if found:
        Console().print(table)
    else:
        click.echo("Nothing is open.")


@incident.command(epilog="Example: muster incident show INC-7")
@_REFERENCE
@_JSON
def show(reference: str, as_json: bool) -> None:
    """Show an incident with its promises."""
    _print(call("GET", incident_path(reference)), as_json)


@incident.command(epilog='Example: muster incident declare --severity P0 "Checkout returns 500"')
@click.argument("title")
@click.option("--severity", help="A severity of the policy; its default otherwise.")
@click.option("--impact", help="Who notices what.")
@_JSON
def declare(title: str, severity: str | None, impact: str | None, as_json: bool) -> None:
    """Declare an incident; the same title within two minutes joins the one that is open."""
    _print(call("POST", "/incidents", {"title": title, "severity": severity, "impact": impact}), as_json)


@incident.command(epilog="Example: muster incident ack INC-7")
@_REFERENCE
@_JSON
def ack(reference: str, as_json: bool) -> None:
    """Take an incident: nobody else is called."""
    _print(call("POST", incident_path(reference, "ack"), {"via": "command line"}), as_json)


@incident.command(epilog='Example: muster incident update INC-7 --status mitigating "Rolled back to 1.4.2"')
@_REFERENCE
@click.argument("text")
@click.option("--status", type=click.Choice(["investigating", "mitigating", "monitoring"], case_sensitive=False))
@click.option("--impact", help="Who notices what, as of now.")
@_JSON
def update(reference: str, text: str, status: str | None, impact: str | None, as_json: bool) -> None:
    """Tell everyone where it stands; the next update is counted from now."""
    body = {"text": text, "status": status, "impact": impact}
    _print(call("POST", incident_path(reference, "update"), body), as_json)


@incident.command(epilog='Example: muster incident resolve INC-7 "The error rate is at its baseline"')
@_REFERENCE
@click.argument("text", required=False)
@_JSON
def resolve(reference: str, text: str | None, as_json: bool) -> None:
    """End an incident; its postmortem is drafted."""
    _print(call("POST", incident_path(reference, "resolve"), {"text": text}), as_json)


@incident.command(epilog="Example: muster incident merge INC-8 INC-7")
@_REFERENCE
@click.argument("into", metavar="INTO")
@_JSON
def merge(reference: str, into: str, as_json: bool) -> None:
    """Merge an incident into another: its alerts go there, and both keep their history."""
    _print(call("POST", incident_path(reference, "merge"), {"into": into}), as_json)


@click.command(epilog="Example: muster postmortem INC-7 -o INC-7.md, edit it, then muster postmortem INC-7 --from INC-7.md")
@_REFERENCE
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@click.option(
    "--from",
    "edited",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Save an edited one.",
)
def postmortem(reference: str, output: Path | None, edited: Path | None) -> None:
    """Print the postmortem of an incident as Markdown, or save the one that you edited."""
    if edited is not None:
        saved = call("PUT", incident_path(reference, "postmortem"), {"markdown": _read(edited)})
        click.echo(f"Saved as version {saved['version']}.")
        return
    markdown = call("GET", incident_path(reference, "postmortem"))["markdown"]
    if output is None:
        click.echo(markdown, nl=False)
        return
    try:
        output.write_text(markdown, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} could not be written ({error.strerror}).") from error
    click.echo(f"Written to {output}.", err=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} could not be read as UTF-8 text ({type(error).__name__}).") from error
