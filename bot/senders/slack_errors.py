"""What Slack's errors mean for a message: wait, try again, or give up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import SendError

PROVIDER = "slack"
_TOKEN_ERRORS = frozenset(
    [
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
    ]
)
_TRANSIENT = frozenset(
    [
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "external_channel_migrating",
    ]
)
_DEFAULT_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(seconds=300)
_TOKEN_WAIT = timedelta(seconds=60)


def retry_after(value: str | None) -> timedelta:
    """How long a Retry-After asks us to wait: 30 s when it is missing or no number, 5 min at most."""
    if value is None or not value.strip().isdigit():
        return _DEFAULT_WAIT
    return min(timedelta(seconds=int(value)), _LONGEST_WAIT)


def _error_of(response: Any) -> str:
    data = response.data if hasattr(response, "data") else response
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def classify(error: SlackApiError, method: str) -> SendError:
    """The SendError that an answer of Slack stands for."""
    response = error.response
    status = getattr(response, "status_code", 200)
    code = _error_of(response)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = retry_after(getattr(response, "headers", {}).get("Retry-After"))
        return SendError(f"Slack asks us to wait before {method}", code="ratelimited", retry_after=wait, gate=f"{PROVIDER}:{method}")
    if code in _TOKEN_ERRORS:
        text = f"Slack refuses our token ({code}); check SLACK_BOT_TOKEN and the app's scopes"
        return SendError(text, code=code, retry_after=_TOKEN_WAIT, gate=PROVIDER)
    if status >= 500 or not code or code in _TRANSIENT:
        return SendError(f"Slack failed at {method} ({code or status})", code=code or str(status), ambiguous=True)
    detail = "; ".join(_details(response))
    return SendError(f"Slack refuses {method}: {code}{f' ({detail})' if detail else ''}", code=code, permanent=True)


def _details(response: Any) -> list[str]:
    data = response.data if hasattr(response, "data") else response
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return [str(message)[:200] for message in messages or ()][:3]


def unreachable(error: BaseException, method: str) -> SendError:
    """The SendError for a connection that failed; only a refused one certainly did nothing."""
    refused = isinstance(error, aiohttp.ClientConnectorError)
    what = "does not answer" if isinstance(error, asyncio.TimeoutError | TimeoutError) else "cannot be reached"
    return SendError(f"Slack {what} at {method} ({type(error).__name__})", code="unreachable", ambiguous=not refused)
