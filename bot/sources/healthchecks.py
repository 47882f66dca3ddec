"""Healthchecks.io: the webhook with the body ``$JSON``, a template or nothing but a query, and the body that it sends to PagerDuty.

It takes only 200, 201, 202 and 204 for success and tries twice more otherwise. A ping address is a secret and is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import UNFILLED, called, check_of, down_or_up, labels_of, sentence_of
from bot.sources.fields import at, filled, fingerprint_of, key_of, link_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source
from bot.sources.templates import untouched

STATES = {
    "down": AlertStatus.FIRING,
    "up": AlertStatus.RESOLVED,
    "trigger": AlertStatus.FIRING,
    "resolve": AlertStatus.RESOLVED,
}
_NO_ALERT = {"new": "has not been pinged yet", "started": "has started", "grace": "is late", "paused": "is paused", "test": "was tested"}


def read(delivery: Delivery) -> Reading:
    """The alert of a check, from the body and the query together; states between up and down are none."""
    fields = check_of(delivery)
    if why := untouched(delivery, UNFILLED, "Healthchecks"):
        return Reading(ignored=(why,))
    state = _state(fields)
    if state in _NO_ALERT:
        return Reading(ignored=(f"{_name(fields)} {_NO_ALERT[state]}: neither down nor up.",))
    if state == "acknowledge":
        return Reading(notes=(Note(_fingerprint(fields), "Acknowledged in Healthchecks"),))
    return single(delivery.source, fields, lambda: _alert(delivery.source, fields))


def _state(check: Mapping[str, Any]) -> str:
    """The state; where a template writes a sentence alone, such as ``$NAME is $STATUS``, the one in it."""
    return word_of(check.get("status") or check.get("eventtype") or sentence_of(check).state)


def _name(check: Mapping[str, Any]) -> str:
    said = text_of(check.get("title") or check.get("description")).partition("\n")[0]
    for tail in (" is DOWN", " is UP", " received a ping and is now UP"):
        said = said.partition(tail)[0]
    return called(check.get("name"), check.get("check"), said, sentence_of(check).name, check.get("slug"), _identity(check))


def _identity(check: Mapping[str, Any]) -> str:
    names = ("incidentkey", "uuid", "code", "uniquekey", "id")
    return next((identity for identity in (key_of(check.get(name)) for name in names) if identity), "")


def _alert(source: str, check: Mapping[str, Any]) -> Alert:
    status = status_of(_state(check), STATES, "status")
    details = check.get("details")
    return Alert(
        source=source,
        fingerprint=_fingerprint(check),
        status=status,
        title=title_of(down_or_up(_name(check), down=status is AlertStatus.FIRING)),
        starts_at=None,
        labels=_labels(check),
        annotations=filled(
            description=check.get("desc") or at(details, "Description") or check.get("description"),
            error=_error(check) if status is AlertStatus.FIRING else "",
            last_ping=check.get("lastping") or at(details, "Last ping"),
            latest_seen=stamp_of(check.get("at") or check.get("now")),
        ),
        url=link_of(check.get("clienturl")) or _page(check),
    )


def _error(check: Mapping[str, Any]) -> str:
    code = text_of(check.get("exit") or check.get("exitstatus"), 20)
    said = text_of(check.get("description")).partition("\n")[0]
    return f"Exit status {code}" if code not in ("", "0") else said


def _page(check: Mapping[str, Any]) -> str | None:
    """The page of the check, which the address of its API leads to."""
    site, api, _ = text_of(check.get("updateurl"), 1000).partition("/api/")
    identity = text_of(check.get("uuid"), 100)
    return link_of(f"{site}/checks/{identity}/details/") if api and identity else None


def _fingerprint(check: Mapping[str, Any]) -> str:
    """The check by its id; by its name where a template sends none."""
    identity, name = _identity(check), _name(check)
    if not identity and name == title_of():
        raise Malformed("uuid: expected the id or the name of the check.")
    return identity or fingerprint_of("check", name)


def _labels(check: Mapping[str, Any]) -> dict[str, str]:
    tags = check.get("tags") or at(check.get("details"), "Tags")
    words = text_of(tags).replace(",", " ").split()
    named = filled(monitor=_name(check), slug=check.get("slug"), project=at(check.get("details"), "Project"))
    return labels_of(named, None, words)


SOURCE = Source(
    kind=SourceKind.HEALTHCHECKS,
    name="Healthchecks.io",
    channel=Channel.UPTIME,
    documentation="https://healthchecks.io/docs/configuring_notifications/",
    setup=(
        "In Healthchecks, add a webhook integration: for down and for up, POST to {url} with the request body $JSON and the request\n"
        "headers Content-Type: application/json and Authorization: Bearer {secret}."
    ),
    states={"down": "fires", "up": "recovers", "trigger": "fires", "resolve": "recovers", "acknowledge": "a note"}
    | {"new": "ignored", "started": "ignored", "grace": "ignored", "paused": "ignored"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    methods=frozenset({"POST", "GET", "PUT"}),
    forms=frozenset({Form.JSON, Form.TEXT, Form.URLENCODED, Form.MULTIPART, Form.QUERY}),
    read=read,
)
