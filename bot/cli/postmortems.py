"""``muster postmortem`` and ``muster availability``: what incidents leave to be read, from a terminal (J15, S10)."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli.client import call, incident_path
from bot.messages.availability import NONE


@click.command(epilog="Example: muster postmortem INC-7 -o INC-7.md, edit it, then muster postmortem INC-7 --from INC-7.md")
@click.argument("reference", metavar="INC-7")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@click.option(
    "--from",
    "edited",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Save an edited one; says which sections are empty still.",
)
@click.option("--skip", metavar="REASON", help="Waive it, with a reason that stands on the timeline; for owner and hq.")
def postmortem(reference: str, output: Path | None, edited: Path | None, skip: str | None) -> None:
    """Print the postmortem of an incident as Markdown, save the one that you edited, or waive it."""
    if sum(given is not None for given in (output, edited, skip)) > 1:
        raise click.UsageError("--output, --from and --skip are three different things: name one of them")
    if skip is not None:
        waived = call("POST", incident_path(reference, "postmortem/skip"), {"reason": skip})
        click.echo(f"The postmortem of {waived['reference']} is waived.")
        return
    if edited is not None:
        click.echo(call("PUT", incident_path(reference, "postmortem"), {"markdown": _read(edited)})["message"])
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


@click.command(epilog="Example: muster availability --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def availability(as_json: bool) -> None:
    """Say what is left of each objective of the policy, from the incidents' own downtime."""
    found = call("GET", "/availability")["objectives"]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(one["sentence"] for one in found) or NONE)
