"""``muster init``: the three files that a real workspace needs, and what to do with them."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import click

from bot.cli import manifest

_NEW_APP = "https://api.slack.com/apps?new_app=1"
_URL = re.compile(r"https://[a-zA-Z0-9.-]+(:[0-9]{1,5})?(/[a-zA-Z0-9._~/-]*)?", re.ASCII)
_KEY_BYTES = 32
_PRIVATE, _PLAIN = 0o600, 0o644
_SETTINGS = """\
# Muster's settings. Read them into a shell with: set -a; . ./.env; set +a
# Secrets stand in this file: keep it out of version control. Each may be given as NAME_FILE=/path instead.
# A value with anything but letters, digits and . _ : / @ + - in it goes into 'single quotes'.

MUSTER_POLICY={policy}
DATABASE_URL=sqlite+aiosqlite:///muster.db

# Signs the links that Muster sends. Made for this installation; a new one ends what the old one signed.
MUSTER_SECRET_KEY={key}

# OAuth & Permissions, "Bot User OAuth Token" (xoxb-…)
SLACK_BOT_TOKEN=
{slack}
# How the world reaches the bot, without / at its end: phone replies, keys and receipts at once, links in e-mails.
MUSTER_PUBLIC_URL={url}

# Phones (https://console.twilio.com); without them nobody's phone rings. Numbers look like +14155550100.
TWILIO_ACCOUNT_SID=
TWILIO_AUTH_TOKEN=
TWILIO_SMS_FROM=
TWILIO_VOICE_FROM=
TWILIO_WHATSAPP_FROM=
# The approved template (HX…) that opens a WhatsApp conversation
TWILIO_WHATSAPP_CONTENT_SID=

# E-mail: smtp://user:password@host:587
SMTP_URL=
EMAIL_FROM=
"""
_SOCKET_SETTINGS = """\
# Basic Information, "App-Level Tokens": one with the scope connections:write (xapp-…). It switches Socket Mode on.
SLACK_APP_TOKEN=
"""
_HTTP_SETTINGS = """\
# Basic Information, "Signing Secret"
SLACK_SIGNING_SECRET=
"""
_POLICY = """\
# What you promise, whom you call, and what you make of alerts. It can be used as it stands; `muster policy check policy.yml`
# says what is wrong with it after a change, and `muster policy show policy.yml` prints it whole.
extends: default                   # severities SEV1 to SEV3 and their clocks come from there; jovie has P0 to P2
name: mine
organisation: default              # whose incidents these are; a-z, 0-9 and -

zones:                             # times are printed in these zones, in this order
  - {zone: UTC, label: UTC}
  # - {zone: America/Los_Angeles, label: PT}

announce: incidents                # the channel where incidents are announced: make it, or name one that you have

# People: `slack` is the member ID of a profile (⋮, "Copy member ID"), `phone` begins with + and the country.
# people:
#   ana: {name: Ana, slack: U012ABCDEF, phone: "+14155550102"}
#   ben: {name: Ben, slack: U034ABCDEF, phone: "+14155550103", access: owner}

# Whom to call when a severity pages, level after level, until one answers.
# chain:
#   - {name: primary, who: [ana], delay: 3m, repeat: 1}
#   - {name: everybody, who: [ana, ben], delay: 5m}

# Who may post alerts to /alerts/NAME, each with a secret of its own that stands in the environment.
# sources:
#   prometheus: {kind: alertmanager, secret: "env:PROMETHEUS_SECRET"}

# What becomes of an alert: the first route that matches decides; what no route wants waits in the inbox.
# routes:
#   - {name: pages, match: {severity: critical}, action: declare, severity: SEV1, by: [alertname]}
"""


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """The address without / at its end; Slack posts to https alone."""
    if value is None:
        return None
    if not _URL.fullmatch(value):
        raise click.BadParameter("expected an address such as https://muster.example.com")
    return value.rstrip("/")


@click.command(epilog="Example: muster init --mode http --url https://muster.example.com")
@click.option(
    "--mode",
    type=click.Choice(["socket", "http"]),
    default="socket",
    show_default=True,
    help="How Slack speaks to the bot: over a connection that the bot opens, or by posting to --url.",
)
@click.option("--url", callback=_address, help="How the world reaches the bot; needed with --mode http.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="Where to write the files.",
)
@click.option("--force", is_flag=True, help="Write files that are there already; what they held is kept beside them as NAME.old.")
def init(mode: str, url: str | None, folder: Path, force: bool) -> None:
    """Write manifest.yml, policy.yml and .env for a real workspace, and say what to do next."""
    if mode == "http" and url is None:
        raise click.UsageError("--mode http needs --url: the address at which Slack reaches the bot.")
    files = {
        "manifest.yml": (manifest.render(url if mode == "http" else None), _PLAIN),
        "policy.yml": (_POLICY, _PLAIN),
        ".env": (_settings(mode, url), _PRIVATE),
    }
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not force:
        raise click.ClickException(f"{', '.join(there)} already in {folder}: nothing was written. Choose another --dir, or say --force.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (text, permissions) in files.items():
            _write(folder / name, text, permissions)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror}.") from error
    click.echo(_next_steps(mode, folder, list(files), there))


def _settings(mode: str, url: str | None) -> str:
    slack = _SOCKET_SETTINGS if mode == "socket" else _HTTP_SETTINGS
    return _SETTINGS.format(policy="policy.yml", key=secrets.token_hex(_KEY_BYTES), slack=slack, url=url or "")


def _write(path: Path, text: str, permissions: int) -> None:
    """Writes a fresh file that nobody else could read in between; one that is there moves aside."""
    if path.exists() or path.is_symlink():
        path.replace(path.with_name(f"{path.name}.old"))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, permissions)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _next_steps(mode: str, folder: Path, written: list[str], replaced: list[str]) -> str:
    second = (
        "Basic Information → App-Level Tokens → Generate, with connections:write, gives SLACK_APP_TOKEN (xapp-…)"
        if mode == "socket"
        else "Basic Information → Signing Secret gives SLACK_SIGNING_SECRET"
    )
    last = "" if mode == "socket" else "\n  7. Event Subscriptions → Request URL → Retry, for Slack checks that the bot answers there"
    enter = "" if str(folder) == "." else f"cd {folder}; "
    old = f" What {', '.join(replaced)} held is in {', '.join(f'{name}.old' for name in replaced)}." if replaced else ""
    return f"""\
Wrote {", ".join(written)} to {folder}.{old}

Next:
  1. Create the Slack app: {_NEW_APP}, "From a manifest", paste manifest.yml.
  2. Install it to the workspace, and copy two values into .env:
       OAuth & Permissions → Bot User OAuth Token gives SLACK_BOT_TOKEN (xoxb-…)
       {second}
  3. Make the channel #incidents, or name another one in policy.yml.
  4. {enter}set -a; . ./.env; set +a      (with Compose: env_file: .env)
  5. muster doctor      says what works and what is missing
  6. muster serve       then type /incident in Slack{last}
.env holds secrets: keep it out of version control."""
