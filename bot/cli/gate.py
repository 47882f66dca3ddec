"""``muster gate``: whether one may launch or deploy, by an exit code; and the freeze by hand (J14)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import click

from bot.cli.client import ask, call, refusal, when
from bot.errors import SettingsError

_CLOSED = 1


class Trouble(click.ClickException):
    """Nobody knows whether the gate is open."""

    exit_code = 2


@click.group(invoke_without_command=True, epilog="Example: muster gate && ./deploy.sh")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def gate(context: click.Context, as_json: bool) -> None:
    """Say whether to launch or deploy now, and every reason why not.

    Exit codes: 0 ready, 1 not ready, 2 nobody knows (no bot answers, or it refuses to say).
    """
    if context.invoked_subcommand is not None:
        return
    found = _look()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found["ready"]:
        click.echo("Ready: nothing closes the gate.")
    else:
        for reason in found["reasons"]:
            click.echo(reason["sentence"])
    context.exit(0 if found["ready"] else _CLOSED)


def _look() -> dict[str, Any]:
    try:
        status, answer = ask("GET", "/gate")
    except (click.ClickException, SettingsError) as error:
        raise Trouble(str(error)) from error
    if status not in (HTTPStatus.OK, HTTPStatus.CONFLICT) or not isinstance(answer, dict) or "ready" not in answer:
        raise Trouble(refusal(status, answer))
    return answer


@gate.command(epilog='Example: muster gate freeze "The launch is on Monday"')
@click.argument("reason")
def freeze(reason: str) -> None:
    """Close the gate by hand until somebody thaws it."""
    made = call("POST", "/freeze", {"reason": reason})
    click.echo(f"Frozen since {when(made['began_at'])}: {made['reason']}.")


@gate.command(epilog="Example: muster gate thaw")
def thaw() -> None:
    """End the freeze, whoever began it."""
    ended = call("DELETE", "/freeze")
    click.echo(f"The freeze of {ended['author']} is over: {ended['reason']}.")
