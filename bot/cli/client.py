"""The HTTP API of a running bot, as the command line uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import click

from bot.settings import client_settings

_WITHIN = 15.0


def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer of the bot's API; a refusal or a bot that is not there ends the command with one sentence."""
    status, answer = ask(method, f"/api/v1{path}", body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise click.ClickException(refusal(status, answer))
    assert isinstance(answer, dict), "the API answers with objects"
    return answer


def ask(method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
    """The status of the bot's answer and its JSON, None where it is none; a bot that is not there ends the command with one sentence."""
    url, token = client_settings()
    if token is None:
        raise click.ClickException("MUSTER_TOKEN is not set; give it a token of the policy.")
    content = None if body is None else json.dumps({name: value for name, value in body.items() if value is not None}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        request = urllib.request.Request(f"{url.rstrip('/')}{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=_WITHIN) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, _json(error)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No bot answers at {url} ({reason}); is it running, and is MUSTER_URL right?") from error


def _json(error: urllib.error.HTTPError) -> Any:
    try:
        return json.load(error)
    except (OSError, ValueError):
        return None


def refusal(status: int, answer: Any) -> str:
    """The sentence of an answer that is an error."""
    sentence = answer.get("message") if isinstance(answer, dict) else None
    return str(sentence) if sentence else f"The bot answered {status}; is MUSTER_URL the address of a bot?"


def when(moment: str) -> str:
    """A moment of an answer, such as ``2026-11-21 13:15 UTC``."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def incident_path(reference: str, action: str = "") -> str:
    """The path of an incident, or of something to do with it."""
    return f"/incidents/{quote(reference, safe='')}{action and f'/{action}'}"
