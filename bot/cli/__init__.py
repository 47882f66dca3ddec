"""The command line: what can be done from a terminal, with --help, an exit code, and errors as one sentence."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.alerts import alert, silence
from bot.cli.audit import audit
from bot.cli.demo import demo
from bot.cli.doctor import doctor
from bot.cli.gate import gate
from bot.cli.incidents import incident
from bot.cli.init import init
from bot.cli.policies import policy
from bot.cli.postmortems import availability, postmortem
from bot.cli.serve import migrate, serve
from bot.cli.sources import source
from bot.errors import MusterError


class _Sentences(click.Group):
    """A group whose errors of our own end the command with their sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except MusterError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Sentences,
    epilog="Example: muster demo --story",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def muster() -> None:
    """A self-hosted incident responder: Slack, phones, promises with durable clocks, and the postmortem.

    Exit codes: 0 done, 1 not done (the reason is one sentence on standard error), 2 the command was not understood.
    """


for _command in (serve, demo, init, doctor, migrate, policy, source, incident, alert, silence, gate, postmortem, availability, audit):
    muster.add_command(_command)
