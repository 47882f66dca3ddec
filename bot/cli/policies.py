"""``muster policy``: read a policy before a bot does."""

from __future__ import annotations

import io
import json

import click
from ruamel.yaml import YAML

from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.domain.undone import left_undone
from bot.settings import load_settings, read_policy

_NAME = click.argument("name", required=False)


def _load(name: str | None) -> Policy:
    return load_policy(name or load_settings().policy, read_policy)


@click.group()
def policy() -> None:
    """What an organisation promises, whom it calls, and what it makes of alerts.

    NAME is a shipped policy (default, jovie) or the path of a file; without it, MUSTER_POLICY's.
    """


@policy.command(epilog="Example: muster policy check acme.yml")
@_NAME
def check(name: str | None) -> None:
    """Say whether a policy can be used; a wrong one is named by file, line, field and what was expected there."""
    read = _load(name)
    for warning in left_undone(read):
        click.echo(f"Note: {warning}", err=True)
    counted = (("severity", "severities", read.severities), ("person", "people", read.people), ("source", "sources", read.sources))
    listed = ", ".join(f"{len(found)} {one if len(found) == 1 else many}" for one, many, found in counted)
    click.echo(f"{read.name}: {listed}. It can be used.")


@policy.command(epilog="Example: muster policy show jovie")
@_NAME
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str | None, as_json: bool) -> None:
    """Print a policy whole, with everything that it extends and every default."""
    content = json.loads(_load(name).to_json())
    if as_json:
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    printed = io.StringIO()
    YAML(typ="safe", pure=True).dump(content, printed)
    click.echo(printed.getvalue(), nl=False)


@policy.command(epilog="Example: muster policy schema > policy.schema.json")
def schema() -> None:
    """Print the JSON schema of a policy, for an editor that completes and checks."""
    click.echo(json.dumps(Policy.model_json_schema(mode="validation"), indent=2))
