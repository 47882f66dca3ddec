"""``muster policy``: read a policy before a bot does."""

from __future__ import annotations

import json

import click

from bot.cli.policy_origin import render
from bot.cli.policy_schema import schema as policy_schema
from bot.cli.simulate import simulate
from bot.domain.policy_file import PolicyFile, open_policy
from bot.domain.undone import notes
from bot.settings import load_settings, read_policy

_NAME = click.argument("name", required=False)


def _open(name: str | None) -> PolicyFile:
    return open_policy(name or load_settings().policy, read_policy)


@click.group()
def policy() -> None:
    """What an organisation promises, whom it calls, and what it makes of alerts.

    NAME is a shipped policy (such as default or jovie) or the path of a file; without it, MUSTER_POLICY's.
    """


@policy.command(epilog="Example: muster policy check acme.yml --strict")
@_NAME
@click.option("--strict", is_flag=True, help="Exit 1 where anything is noted as well, such as a person whom no road leads to.")
def check(name: str | None, strict: bool) -> None:
    """Say whether a policy can be used; a wrong one is named by file, line, field and what was expected there."""
    opened = _open(name)
    noted = [opened.note(path, sentence) for path, sentence in notes(opened.policy)]
    for note in noted:
        click.echo(f"Note: {note}", err=True)
    if noted and strict:
        count = "one note" if len(noted) == 1 else f"{len(noted)} notes"
        raise click.ClickException(f"{opened.policy.name} can be used, but not without {count}.")
    read = opened.policy
    counted = (("severity", "severities", read.severities), ("person", "people", read.people), ("source", "sources", read.sources))
    listed = ", ".join(f"{len(found)} {one if len(found) == 1 else many}" for one, many, found in counted)
    click.echo(f"{read.name}: {listed}. It can be used.")


@policy.command(epilog="Example: muster policy show jovie")
@_NAME
@click.option("--origin/--no-origin", default=True, help="Say behind each value where it came from: file and line, or default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str | None, origin: bool, as_json: bool) -> None:
    """Print a policy whole, with everything that it extends and every default, and where each value came from."""
    opened = _open(name)
    if as_json:
        click.echo(json.dumps(json.loads(opened.policy.to_json()), indent=2, ensure_ascii=False))
    else:
        click.echo(render(opened, origin=origin), nl=False)


@policy.command(epilog="Example: muster policy schema > policy.schema.json")
def schema() -> None:
    """Print the JSON schema of a policy, for an editor that completes and checks."""
    click.echo(json.dumps(policy_schema(), indent=2, ensure_ascii=False))


policy.add_command(simulate)
