"""``muster doctor``: looks at everything that has to work, says what does not, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from bot import telemetry
from bot.cli import findings
from bot.cli.examination import examine
from bot.cli.findings import Finding, Level
from bot.cli.serve import run

_MARKS = {Level.OK: ("ok", "green"), Level.WARN: ("warn", "yellow"), Level.FAIL: ("FAIL", "red")}


@click.command(epilog="Example: muster doctor --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Look at settings, policy, database, Slack, phones and mail; exit 1 when something does not work.

    It tells nobody anything and changes nothing. Secrets are never printed, and of phone numbers only the last two digits.
    """
    telemetry.configure("ERROR", "console")
    found = run(examine())
    if as_json:
        shown = [{name: telemetry.mask(value) if value else value for name, value in asdict(finding).items()} for finding in found]
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(telemetry.mask(line) for finding in found for line in _lines(finding)))
        counted = findings.count(found)
        click.echo(f"\n{counted[Level.FAIL]} failed, {counted[Level.WARN]} to look at, {counted[Level.OK]} fine.")
    if any(finding.level is Level.FAIL for finding in found):
        click.get_current_context().exit(1)


def _lines(finding: Finding) -> Iterator[str]:
    mark, colour = _MARKS[finding.level]
    yield f"{click.style(f'{mark:<4}', fg=colour)}  {finding.topic:<9} {finding.sentence}"
    if finding.next_step is not None:
        yield f"{'':<16}→ {finding.next_step}"
