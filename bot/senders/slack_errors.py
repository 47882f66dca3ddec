"""What an answer of Slack, or its silence, means for a message: wait, try again, look first, or give up.

An answer that is a plain refusal is permanent unless it is known to pass: a message that can never be sent must not hold up those behind
it. Whatever may have been carried out although we were not told is ambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain.outbox import METHODS
from bot.errors import SendError

PROVIDER = "slack"
NOT_IN_CHANNEL, NAME_TAKEN, MISSING_SCOPE = "not_in_channel", "name_taken", "missing_scope"
GONE = frozenset(["channel_not_found", "is_archived"])
BLOCK_ERRORS = frozenset(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_attachments"])
_TOKEN_ERRORS = frozenset(
    [
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
        "two_factor_setup_required",
    ]
)
_TOO_FAST = frozenset(["ratelimited", "rate_limited", "message_limit_exceeded", "too_many_requests"])
_HALF_DONE = frozenset(["internal_error", "fatal_error", "update_failed", "file_update_failed", "failed_for_some_users"])
_PASSING = frozenset(["service_unavailable", "request_timeout", "team_added_to_org", "external_channel_migrating", "fetch_members_failed"])
_ADVICE: Mapping[str, str] = {
    "channel_not_found": "the channel does not exist, or is private and Muster was never invited",
    "is_archived": "the channel is archived, and a bot cannot unarchive it",
    "not_in_channel": "invite Muster to the channel",
    "method_not_supported_for_channel_type": "Muster cannot join this kind of channel by itself: invite it",
    "channel_is_limited_access": "only some people may see the channel: invite Muster",
    "restricted_action": "the workspace's settings forbid it: ask an admin of the workspace",
    "restricted_action_read_only_channel": "only some people may post there: ask an admin of the workspace",
    "no_permission": "Muster may not do this there: ask an admin of the workspace",
    "user_is_restricted": "a guest may not do this",
    "too_many_pins": "the channel has 100 pins: take one away",
    "too_many_bookmarks": "the channel has 100 bookmarks: take one away",
    "message_not_found": "somebody deleted the message",
}
_DEFAULT_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(seconds=300)
_TOKEN_WAIT = timedelta(seconds=60)


def retry_after(value: str | None) -> timedelta:
    """How long a Retry-After asks us to wait: 30 s when it is missing or no number of seconds, 5 min at most."""
    digits = (value or "").strip()
    if not (digits.isascii() and digits.isdecimal()):
        return _DEFAULT_WAIT
    return _LONGEST_WAIT if len(digits) > 6 else min(timedelta(seconds=int(digits)), _LONGEST_WAIT)


def refusal(error: SlackApiError, method: str) -> SendError:
    """What Slack's own answer stands for: a limit, a token that is refused, a failure of theirs, or a plain no."""
    status, headers, body = _read(error.response)
    code = str(body.get("error") or "")[:100]
    if status == 429 or code in _TOO_FAST:
        return _too_fast(headers.get("Retry-After"), method)
    if code in _TOKEN_ERRORS:
        text = f"Slack refuses our token at {method} ({code}): check SLACK_BOT_TOKEN, or install the app again"
        return SendError(text, code=code, retry_after=_TOKEN_WAIT, gate=PROVIDER)
    if code == MISSING_SCOPE:
        return _missing_scope(str(body.get("needed") or "it needs")[:100], method)
    if not code or status >= 500 or code in _HALF_DONE | _PASSING:
        half_done = code in _HALF_DONE or status >= 500 or (not code and status < 300)
        return _failure(f"Slack failed at {method} ({code or f'HTTP {status}'})", method, code or f"http_{status}", half_done=half_done)
    advice = [_ADVICE[code]] if code in _ADVICE else _details(body)
    return SendError(": ".join([f"Slack refuses {method} ({code})", *advice]), code=code, permanent=True)


def unreachable(error: Exception, method: str) -> SendError:
    """What a connection that failed stands for; one that never came to be certainly did nothing."""
    never_sent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL)
    what = "does not answer" if isinstance(error, TimeoutError) and not never_sent else "cannot be reached"
    return _failure(f"Slack {what} at {method} ({type(error).__name__})", method, "unreachable", half_done=not never_sent)


def unreadable(error: Exception, method: str) -> SendError:
    """What an answer stands for that is not one of Slack's: a proxy's page, half a body."""
    return _failure(f"Slack's answer at {method} cannot be read ({type(error).__name__})", method, "unreadable", half_done=True)


def _too_fast(asked: str | None, method: str) -> SendError:
    wait = retry_after(asked)
    text = f"Slack asks for a pause of {asked or 'unknown'} s before {method}; it gets {wait.total_seconds():.0f} s"
    return SendError(text[:200], code="ratelimited", retry_after=wait, gate=f"{PROVIDER}:{method}")


def _missing_scope(needed: str, method: str) -> SendError:
    """Without the scope to post nothing can be said at all; any other only holds up its own method."""
    text = f"Slack refuses {method} (missing_scope): give the app the scope {needed} and install it again"
    gate = PROVIDER if method.startswith("chat.") else f"{PROVIDER}:{method}"
    return SendError(text, code=MISSING_SCOPE, retry_after=_TOKEN_WAIT, gate=gate)


def _failure(text: str, method: str, code: str, *, half_done: bool) -> SendError:
    """A failure that passes; ambiguous when a method that changes something may have been carried out."""
    return SendError(text, code=code, ambiguous=half_done and method in METHODS.values())


def _read(response: Any) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Status, headers and body of what the SDK hands over: its own response, or aiohttp's when the JSON was broken."""
    status: Any = getattr(response, "status_code", None) or getattr(response, "status", 200)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    body: Any = getattr(response, "data", None)
    return int(status), headers, body if isinstance(body, dict) else {}


def _details(body: Mapping[str, Any]) -> list[str]:
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return [str(message)[:200] for message in messages[:3]] if isinstance(messages, list) else []
