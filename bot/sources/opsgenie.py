"""Opsgenie, both ways: its Alert API as senders of theirs call it, and the webhook that Opsgenie itself sends.

The alias is the fingerprint: it is what senders close and acknowledge by. What is done stands in the address, not in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, key_of, link_of, moment_of, object_of, text_of, title_of
from bot.sources.labels import canonical, scalars_of, tags_of
from bot.sources.readings import single
from bot.sources.source import Answer, Delivery, Form, Source, accepted
from bot.sources.titles import read_title

_ACTIONS = {"create": AlertStatus.FIRING, "close": AlertStatus.RESOLVED}
_VERBS = frozenset(
    {"close", "acknowledge", "unacknowledge", "snooze", "escalate", "assign", "notes", "tags", "details", "message", "description"}
    | {"priority", "responders", "attachments", "actions", "policies", "restore"}
)
_LOOKUPS = ("runbook", "dashboard")


def read(delivery: Delivery) -> Reading:
    """What a call of the Alert API does, or what a webhook says; raises Malformed for what is neither."""
    payload = object_of(delivery.payload, "the body")
    if isinstance(payload.get("alert"), Mapping) and "action" in payload:
        return _webhook(delivery.source, payload)
    identifier, verb = _called(delivery.tail)
    if not identifier and not verb:
        return single(delivery.source, payload, lambda: _created(delivery.source, payload))
    return _changed(delivery, payload, identifier, verb)


def _called(tail: str) -> tuple[str, str]:
    """The alert and the verb in an address such as ``v2/alerts/{identifier}/close``; nothing of both where an alert is created."""
    parts = [part for part in tail.split("/") if part]
    if "alerts" not in parts:
        return "", "/".join(parts) if parts not in ([], ["v2"], ["v1"]) else ""
    rest = parts[parts.index("alerts") + 1 :]
    verb = rest[-1] if len(rest) > 1 and rest[-1] in _VERBS else ""
    return "/".join(rest[:-1] if verb else rest), verb


def _changed(delivery: Delivery, payload: Mapping[str, Any], identifier: str, verb: str) -> Reading:
    who = text_of(payload.get("user"), 100) or text_of(payload.get("source"), 100) or "somebody"
    said = text_of(payload.get("note"), 500)
    if verb == "close" and identifier:
        return Reading(alerts=(_closed(delivery.source, identifier, said),))
    if verb == "acknowledge" and identifier:
        return Reading(notes=(Note(key_of(identifier), _sentence(f"Acknowledged through the Opsgenie API by {who}", said)),))
    if verb == "notes" and said:
        return Reading(notes=(Note(key_of(identifier), f"{who} at the monitor: {said}"),))
    deed = verb or ("delete" if delivery.method == "DELETE" else "this")
    return Reading(ignored=(f"Opsgenie's {deed} on {identifier[:200] or 'nothing'} is no alert.",))


def _sentence(text: str, note: str) -> str:
    return f"{text}: {note}" if note else text


def _created(source: str, payload: Mapping[str, Any]) -> Alert:
    if not text_of(payload.get("message")):
        raise Malformed("message: expected a text that says what is wrong.")
    return _alert(source, payload, AlertStatus.FIRING)


def _closed(source: str, identifier: str, note: str) -> Alert:
    return Alert(
        source=source,
        fingerprint=key_of(identifier),
        status=AlertStatus.RESOLVED,
        title=title_of(identifier),
        starts_at=None,
        annotations=filled(note=note),
    )


def _alert(source: str, alert: Mapping[str, Any], status: AlertStatus) -> Alert:
    details = scalars_of(alert.get("details"))
    return Alert(
        source=source,
        fingerprint=_fingerprint(alert),
        status=status,
        title=title_of(read_title(text_of(alert.get("message"))).text, alert.get("alias")),
        starts_at=moment_of(alert.get("createdAt")),
        labels=canonical(
            tags_of(alert.get("tags"))
            | details
            | filled(severity=_priority(alert.get("priority")) or details.get("severity"), entity=alert.get("entity"))
        ),
        annotations=filled(description=alert.get("description"), **_links(details)),
        url=link_of(alert.get("source")),
    )


def _fingerprint(alert: Mapping[str, Any]) -> str:
    """The alias; Opsgenie's own id where it sent the alert; else what the alert is about."""
    if key := text_of(alert.get("alias")) or text_of(alert.get("alertId")):
        return key_of(key)
    return fingerprint_of(alert.get("message"), alert.get("entity"), alert.get("source"))


def _priority(value: Any) -> str:
    """``p1`` to ``p5``, which webhooks also write as a number."""
    text = text_of(value, 20).lower()
    return f"p{text}" if text in ("1", "2", "3", "4", "5") else text


def _links(details: Mapping[str, str]) -> dict[str, str | None]:
    found = {name: link for name, text in details.items() if (link := link_of(text))}
    return {f"{word}_url": next((link for name, link in found.items() if word in name.casefold()), None) for word in _LOOKUPS}


def _webhook(source: str, payload: Mapping[str, Any]) -> Reading:
    """Created and closed are alerts, an acknowledgement is a note; whatever else happens to an alert there is ignored in a sentence."""
    alert, action = object_of(payload["alert"], "alert"), text_of(payload.get("action"), 60)
    key = text_of(alert.get("alias")) or text_of(alert.get("alertId"))
    if not key:
        raise Malformed("alert: expected its alias or alertId.")
    if action.casefold() == "acknowledge":
        return Reading(notes=(Note(key_of(key), f"Acknowledged in Opsgenie by {text_of(alert.get('username'), 100) or 'somebody'}"),))
    status = _ACTIONS.get(action.casefold())
    if status is None:
        return Reading(ignored=(f"Opsgenie's action {action} on {title_of(alert.get('message'), key)} is no alert.",))
    return Reading(alerts=(_alert(source, alert, status),))


def answer(delivery: Delivery, receipt: str) -> Answer:
    """What the Alert API answers to every call, and the alias by which the sender may speak of the alert."""
    if isinstance(at(delivery.payload, "alert"), Mapping):
        return accepted(delivery, receipt)
    return Answer(202, {"result": "Request will be processed", "took": 0.0, "requestId": receipt})


SOURCE = Source(
    kind=SourceKind.OPSGENIE,
    name="Opsgenie (Alert API and webhook)",
    channel=Channel.OTHER,
    documentation="https://docs.opsgenie.com/docs/alert-api",
    setup=(
        "Give whatever speaks the Opsgenie Alert API the address {url} and the API key {secret};\n"
        "for Opsgenie's own webhook integration, post to {url} with the header Authorization: Bearer {secret}."
    ),
    states={"create": "fires", "close": "recovers", "acknowledge": "is noted"},
    read=read,
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.QUERY, Carrier.PATH),
    methods=frozenset({"POST", "PUT"}),
    forms=frozenset({Form.JSON, Form.TEXT}),
    answer=answer,
)
