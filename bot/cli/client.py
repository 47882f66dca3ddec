"""The HTTP API of a running bot, as the command line uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import click

from bot.settings import client_settings

_WITHIN = 15.0


def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The bot's answer; a refusal or a bot that is not there ends the command with one sentence."""
    url, token = client_settings()
    if token is None:
        raise click.ClickException("MUSTER_TOKEN is not set; give it a token of the policy.")
    content = None if body is None else json.dumps({name: value for name, value in body.items() if value is not None}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        request = urllib.request.Request(f"{url.rstrip('/')}/api/v1{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=_WITHIN) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise click.ClickException(_sentence(error)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No bot answers at {url} ({reason}); is it running, and is MUSTER_URL right?") from error


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return f"The bot answered {error.code} {error.reason}; is MUSTER_URL the address of a bot?"


def when(moment: str) -> str:
    """A moment of an answer, such as ``2026-11-21 13:15 UTC``."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def incident_path(reference: str, action: str = "") -> str:
    """The path of an incident, or of something to do with it."""
    return f"/incidents/{quote(reference, safe='')}{action and f'/{action}'}"
