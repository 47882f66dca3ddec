"""What Slack posts, checked before anything else sees it: signature, age, form, workspace (C1).

Bolt answers 500 to a broken timestamp, signature or JSON, and runs a replayed request again; so this stands in front of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier

from bot.clock import Clock
from bot.errors import Malformed, NotAllowed

_TIMESTAMP = re.compile(r"^[0-9]{1,12}$", re.ASCII)
_SIGNATURE = re.compile(r"^v0=[0-9a-f]{64}$", re.ASCII)
_WINDOW_SECONDS = 300
_DEPTH = 64
_KINDS = ("block_actions", "view_submission", "view_closed", "shortcut", "message_action", "block_suggestion")


class Unsigned(NotAllowed):
    """The request does not come from Slack, or is too old."""

    code = "unsigned"


class Foreign(NotAllowed):
    """The request comes from another workspace or for another app."""

    code = "foreign"


@dataclass(frozen=True, slots=True)
class Verified:
    """A request that is Slack's; ``key`` is what tells a repetition from a new one, None when nothing does."""

    payload: Mapping[str, Any]
    key: str | None


class Verification:
    """Checks requests against the signing secrets; during a rotation there are two."""

    def __init__(self, clock: Clock, signing_secrets: tuple[str, ...], team_id: str | None) -> None:
        self._clock = clock
        self._verifiers = tuple(SignatureVerifier(secret) for secret in signing_secrets)
        self.team_id = team_id

    def check(self, headers: Mapping[str, str], body: bytes) -> Verified:
        """The parsed request; raises Unsigned, Malformed or Foreign."""
        self._check_signature(headers, body)
        return self.check_payload(_payload(headers.get("Content-Type", ""), body))

    def check_payload(self, payload: Mapping[str, Any]) -> Verified:
        """The request of a payload whose sender is beyond doubt; raises Foreign."""
        team = _team(payload)
        if self.team_id is not None and team is not None and team != self.team_id:
            raise Foreign("This request comes from another workspace.")
        return Verified(payload, _key(payload))

    def _check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not _TIMESTAMP.match(timestamp) or not _SIGNATURE.match(signature):
            raise Unsigned("The request is not signed.")
        if abs(self._clock.real().timestamp() - int(timestamp)) > _WINDOW_SECONDS:
            raise Unsigned("The request is too old.")
        text = _text(body)
        if not any(verifier.is_valid(text, timestamp, signature) for verifier in self._verifiers):
            raise Unsigned("The signature does not fit the request.")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error


def _payload(content_type: str, body: bytes) -> Mapping[str, Any]:
    text = _text(body)
    if content_type.split(";")[0].strip().lower() == "application/json":
        return parse_object(text)
    form = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
    return parse_object(form["payload"]) if "payload" in form else form


def parse_object(text: str) -> Mapping[str, Any]:
    """The JSON object that the text is; raises Malformed for anything else, however deep or odd."""
    if _nesting(text) > _DEPTH:
        raise Malformed(f"The JSON is nested more than {_DEPTH} deep.")
    try:
        parsed = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
        text.encode()
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The JSON cannot be read: {str(error)[:120]}") from error
    if not isinstance(parsed, dict):
        raise Malformed("The JSON is not an object.")
    return parsed


def _nesting(text: str) -> int:
    """How deep the JSON is nested, without parsing it; brackets that somebody wrote into a message do not count."""
    deepest = depth = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise ValueError("a key stands in it twice")
    return parsed


def _team(payload: Mapping[str, Any]) -> str | None:
    team = payload.get("team")
    if isinstance(team, dict):
        return str(team.get("id"))
    found = payload.get("team_id")
    return None if found is None else str(found)


def _key(payload: Mapping[str, Any]) -> str | None:
    """Events by ``event_id``, everything a person does by ``trigger_id`` (complaint 13)."""
    if payload.get("event_id"):
        return f"slack:event:{payload['event_id']}"
    trigger = payload.get("trigger_id")
    if not trigger:
        return None
    kind = payload.get("type") if payload.get("type") in _KINDS else "command"
    return f"slack:{kind}:{trigger}"
