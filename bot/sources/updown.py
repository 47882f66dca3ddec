"""updown.io's webhook: an array of events, each of one check; a downtime names its start in every event, so it is one occurrence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import called, down_or_up
from bot.sources.fields import at, filled, fingerprint_of, link_of, moment_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import target_of
from bot.sources.readings import each
from bot.sources.source import Delivery, Source

STATES = {
    "check.down": AlertStatus.FIRING,
    "check.still_down": AlertStatus.FIRING,
    "check.up": AlertStatus.RESOLVED,
    "check.ssl_invalid": AlertStatus.FIRING,
    "check.ssl_valid": AlertStatus.RESOLVED,
    "check.ssl_expiration": AlertStatus.FIRING,
    "check.ssl_renewed": AlertStatus.RESOLVED,
    "check.performance_drop": AlertStatus.FIRING,
}
_PRIVATE = ("custom_headers", "http_body")
_SCOPES = {
    "check.ssl_invalid": "ssl",
    "check.ssl_valid": "ssl",
    "check.ssl_expiration": "expiration",
    "check.ssl_renewed": "expiration",
    "check.performance_drop": "performance",
}


def read(delivery: Delivery) -> Reading:
    """The alerts of the events; that a new check is up for the first time is none."""
    events = delivery.payload if isinstance(delivery.payload, list) else [delivery.payload]
    if not any(isinstance(event, Mapping) for event in events):
        raise Malformed("the body: expected an array of events.")
    first_up = [event for event in events if _is_first_up(event)]
    others = [_public(event) for event in events if not _is_first_up(event)]
    return Reading(
        alerts=tuple(each(delivery.source, others, "body", lambda event, place: _alert(delivery.source, event, place))),
        ignored=tuple(f"{_name(event)} is up for the first time." for event in first_up),
    )


def _public(event: Any) -> Any:
    """An event without what its check sends to the watched address."""
    check = at(event, "check")
    if not isinstance(event, Mapping) or not isinstance(check, Mapping):
        return event
    return {**event, "check": {name: value for name, value in check.items() if name not in _PRIVATE}}


def _is_first_up(event: Any) -> bool:
    downtime = at(event, "downtime")
    return at(event, "event") == "check.up" and isinstance(downtime, Mapping) and not downtime.get("started_at")


def _name(event: Any) -> str:
    return called(at(event, "check", "alias"), at(event, "check", "url"), at(event, "check", "token"), at(_certificate(event), "subject"))


def _certificate(event: Any) -> Any:
    """The certificate that is served now."""
    return at(event, "ssl", "cert") or at(event, "ssl", "new_cert")


def _alert(source: str, event: Mapping[str, Any], place: str) -> Alert:
    word = word_of(event.get("event"))
    status = status_of(word, STATES, f"{place}.event")
    downtime = None if word in _SCOPES else event.get("downtime")
    error = at(downtime, "error") or at(event, "ssl", "error")
    return Alert(
        source=source,
        fingerprint=_fingerprint(event, _SCOPES.get(word, ""), place),
        status=status,
        title=_title(event, word),
        starts_at=moment_of(at(downtime, "started_at")),
        ends_at=moment_of(at(downtime, "ended_at")) if status is AlertStatus.RESOLVED else None,
        labels=filled(monitor=_name(event), check=_token(event)) | target_of(at(event, "check", "url")),
        annotations=filled(
            description=event.get("description"),
            error=error,
            first_seen=stamp_of(at(downtime, "started_at")),
            latest_seen=stamp_of(event.get("time")),
            expires_at=stamp_of(at(_certificate(event), "to")),
            apdex_dropped=event.get("apdex_dropped"),
        ),
        url=link_of(at(downtime, "details_url")) or _page(event),
    )


def _page(event: Mapping[str, Any]) -> str | None:
    return f"https://updown.io/{_token(event)}" if _token(event) else None


def _token(event: Mapping[str, Any]) -> str:
    """The short name of the check; nothing where it was taken for a secret and hidden, or is something else."""
    token = text_of(at(event, "check", "token"), 40)
    return token if token.isascii() and token.isalnum() else ""


def _title(event: Mapping[str, Any], word: str) -> str:
    if word in _SCOPES:
        return title_of(event.get("description"), f"{_name(event)}: {word.removeprefix('check.').replace('_', ' ')}")
    return title_of(down_or_up(_name(event), down=word != "check.up"))


def _fingerprint(event: Mapping[str, Any], scope: str, place: str) -> str:
    token, address = _token(event), text_of(at(event, "check", "url") or at(_certificate(event), "subject") or at(event, "downtime", "id"))
    if not token and not address:
        raise Malformed(f"{place}.check.token: expected the token or the address of the check.")
    return ":".join(part for part in (token or fingerprint_of(address, at(event, "check", "alias")), scope) if part)


SOURCE = Source(
    kind=SourceKind.UPDOWN,
    name="updown.io",
    channel=Channel.UPTIME,
    documentation="https://updown.io/api#webhooks",
    setup="In updown.io, under Settings, add the webhook {url}/{secret}\nand choose it as a recipient in each check.",
    states={word: "fires" if status is AlertStatus.FIRING else "recovers" for word, status in STATES.items()},
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    takes_arrays=True,
    read=read,
)
