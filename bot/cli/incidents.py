"""``muster incident``: what the bot's HTTP API can do, from a terminal (B4)."""

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
        ("Phase", found.get("phase")),
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
@click.option("--answer", "answers", multiple=True, metavar="1=yes", help="An answer to a question of the policy, by its number.")
@click.option("--override", metavar="REASON", help="Why it is resolved although it is not verified; stands in the postmortem.")
@click.option("--major/--minor", default=None, help="Whether it was a major one, where the policy asks.")
@_JSON
def resolve(reference: str, text: str | None, answers: Sequence[str], override: str | None, major: bool | None, as_json: bool) -> None:
    """End an incident; its postmortem is drafted. What the policy wants verified first is listed."""
    body = {"text": text, "answers": _answers(answers), "override": override, "major": major}
    _print(call("POST", incident_path(reference, "resolve"), body), as_json)


def _answers(given: Sequence[str]) -> dict[str, str]:
    """The answers by the number or the words of their question."""
    split = [one.rpartition("=") if "?=" in one else one.partition("=") for one in given]
    if any(not (name.strip() and equals) for name, equals, _ in split):
        raise click.UsageError("--answer expects the number of a question and its answer, such as 1=yes")
    return {name.strip(): answer.strip() for name, _, answer in split}


@incident.command(epilog="Example: muster incident phase INC-7 Stabilize")
@_REFERENCE
@click.argument("name")
@_JSON
def phase(reference: str, name: str, as_json: bool) -> None:
    """Enter a phase of the policy's own response; the status follows."""
    _print(call("POST", incident_path(reference, "phase"), {"phase": name}), as_json)


@incident.command(epilog="Example: muster incident merge INC-8 INC-7")
@_REFERENCE
@click.argument("into", metavar="INTO")
@_JSON
def merge(reference: str, into: str, as_json: bool) -> None:
    """Merge an incident into another: its alerts go there, and both keep their history."""
    _print(call("POST", incident_path(reference, "merge"), {"into": into}), as_json)


@incident.command(epilog='Example: muster incident extend INC-7 15m "Waiting for the vendor" --clock update')
@_REFERENCE
@click.argument("span", metavar="15m")
@click.argument("reason")
@click.option("--clock", help="The promise by its clock; the one that is due next otherwise.")
@_JSON
def extend(reference: str, span: str, reason: str, clock: str | None, as_json: bool) -> None:
    """Give a promise more time, once; the reason stands on the timeline."""
    _print(call("POST", incident_path(reference, "extend"), {"by": span, "reason": reason, "clock": clock}), as_json)


@incident.command(epilog="Example: muster incident ticket INC-7 https://tracker.example.com/OPS-42")
@_REFERENCE
@click.argument("link")
@_JSON
def ticket(reference: str, link: str, as_json: bool) -> None:
    """Keep the link of the ticket as which an incident goes on."""
    _print(call("POST", incident_path(reference, "ticket"), {"link": link}), as_json)


@incident.command(epilog='Example: muster incident report INC-7 "The pool ran dry; it is larger now"')
@_REFERENCE
@click.argument("text")
@_JSON
def report(reference: str, text: str, as_json: bool) -> None:
    """Post the preliminary report of an incident."""
    _print(call("POST", incident_path(reference, "report"), {"text": text}), as_json)
