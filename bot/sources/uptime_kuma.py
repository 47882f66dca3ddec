"""Uptime Kuma's webhook: JSON, a form whose field ``data`` is JSON, a query whose fields are JSON, or whatever a Liquid template writes.

The state stands in ``heartbeat.status``; where a template leaves that out, in the words ``[name] [🔴 Down] …`` that Uptime Kuma puts into
every message. Notices of a certificate or a domain that expires carry neither and are alerts of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import UNFILLED, called, down_or_up, labels_of
from bot.sources.fields import filled, fingerprint_of, key_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import target_of
from bot.sources.nested import parsed
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source
from bot.sources.templates import fields_of, first

STATES = {
    "0": AlertStatus.FIRING,
    "1": AlertStatus.RESOLVED,
    "🔴 down": AlertStatus.FIRING,
    "✅ up": AlertStatus.RESOLVED,
    "down": AlertStatus.FIRING,
    "up": AlertStatus.RESOLVED,
}
_NO_ALERT = {"2": "is being tried again", "3": "is in maintenance", "⚠️ test": "was tested", "⚠ test": "was tested"}
_SAID = re.compile(r"\[(?P<name>.*?)\] \[(?P<state>🔴 Down|✅ Up)\] ?(?P<words>.*)", re.DOTALL)
_SAID_TO_PAGERDUTY = re.compile(r"\[Uptime Kuma Monitor (?P<state>🔴 Down|✅ Up)\] \[(?P<name>.*?)\] ?(?P<words>.*)", re.DOTALL)
_EXPIRES = re.compile(
    r"(?:\[(?P<name>[^\]]*)\](?:\[(?P<address>[^\]]*)\])? ?)?(?P<what>.*\b(?:certificate|domain)\b.*) will expire in -?\d+ days?", re.I
)
_WORDS = ("msg", "message", "body", "text", "content", "description", "payloadsummary")
_NUMBERS = ("monitorid", "heartbeatmonitorid", "dedupkey")
_NAMELESS = "A monitor"


def read(delivery: Delivery) -> Reading:
    """The alert of a heartbeat or of a notice of expiry; the Test button and beats between down and up are none."""
    fields = fields_of(_opened(object_of(delivery.payload, "the body")), UNFILLED)
    words = _words(fields)
    state = word_of(first(fields, "heartbeatstatus", "status", "state")) or _said(words).get("state", "").casefold()
    if state in _NO_ALERT:
        return Reading(ignored=(f"{_name(fields, words)} {_NO_ALERT[state]}: neither down nor up.",))
    if not state and (expiry := _EXPIRES.match(words)):
        return Reading(alerts=(_expiry(delivery.source, words, expiry),))
    if not state and (words.endswith(" Testing") or set(fields) <= {"msg"}):
        return Reading(ignored=(f"A message about no monitor, as the Test button sends: {words[:200] or 'no words'}",))
    return single(
        delivery.source,
        {"state": state, "words": words} | _kept(fields),
        lambda: _alert(delivery.source, {"state": state, "words": words} | _kept(fields)),
    )


def _opened(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a message as objects, whichever of the forms it came in."""
    inner = _parsed(payload.get("data"))
    said = inner if isinstance(inner, Mapping) else payload
    return {text_of(name, 200).removesuffix("JSON"): _parsed(value) for name, value in said.items()}


def _parsed(value: Any) -> Any:
    return parsed(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _words(fields: Mapping[str, Any]) -> str:
    """Uptime Kuma's own sentence; in a body of other words the first of them."""
    said = [text_of(fields[name], 1000) for name in _WORDS if isinstance(fields.get(name), str)]
    return next((text for text in said if _said(text)), next(iter(said), "")).removesuffix("<!channel>").strip()


def _said(words: str) -> Mapping[str, str]:
    found = _SAID.match(words) or _SAID_TO_PAGERDUTY.match(words)
    return found.groupdict() if found else {}


def _name(fields: Mapping[str, Any], words: str) -> str:
    title = text_of(fields.get("title")).removeprefix("Uptime Kuma Alert").removeprefix(" - ")
    given = fields.get("monitor") if isinstance(fields.get("monitor"), str) else fields.get("name")
    return called(fields.get("monitorname"), _said(words).get("name"), given, title, _NAMELESS)


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the rest; a monitor's own headers, bodies and passwords are not."""
    monitor = tuple(f"monitor{name}" for name in ("name", "description", "type", "pathname", "url", "hostname", "tags"))
    names = (*monitor, "monitor", "name", "title", "heartbeatmsg", "heartbeattime", "heartbeatlastdowntime", *_NUMBERS)
    return {name: fields[name] for name in names if name in fields and not isinstance(fields[name], Mapping)}


def _alert(source: str, fields: Mapping[str, Any]) -> Alert:
    words, firing = fields["words"], AlertStatus.FIRING
    status = status_of(fields["state"], STATES, "heartbeat.status")
    said = fields.get("heartbeatmsg") or _said(words).get("words") or words
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields),
        status=status,
        title=title_of(down_or_up(_name(fields, words), down=status is firing)),
        starts_at=None,
        ends_at=None if status is firing else moment_of(fields.get("heartbeattime")),
        labels=_labels(fields),
        annotations=filled(
            description=fields.get("monitordescription"),
            error=said if status is firing else "",
            first_seen=stamp_of(fields.get("heartbeatlastdowntime")),
            latest_seen=stamp_of(fields.get("heartbeattime")),
        ),
    )


def _fingerprint(fields: Mapping[str, Any]) -> str:
    """The number of the monitor; its name where a template sends no number."""
    number = text_of(first(fields, *_NUMBERS)).removeprefix("Uptime Kuma/")
    name = _name(fields, fields["words"])
    if not number and name == _NAMELESS:
        raise Malformed("monitor.id: expected the number or the name of the monitor.")
    return key_of(f"monitor:{number}") if number else fingerprint_of("monitor", name)


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    path, own = text_of(fields.get("monitorpathname"), 1000), text_of(fields.get("monitorname"), 1000)
    named = filled(
        monitor=_name(fields, fields["words"]),
        monitor_id=fields.get("monitorid"),
        monitor_type=fields.get("monitortype"),
        group=path.removesuffix(own).rstrip(" /") if own else "",
    )
    address = text_of(fields.get("monitorurl"), 2000)
    return labels_of(named, fields.get("monitorhostname") if address in ("", "https://") else address, fields.get("monitortags"))


def _domain(what: str) -> str:
    """The domain in the notice of one that expires; nothing in that of a certificate."""
    return what.removeprefix("Domain name ") if what.startswith("Domain name ") else ""


def _expiry(source: str, words: str, found: re.Match[str]) -> Alert:
    """A notice of expiry, without the address in its brackets and without the secrets of another one, where it is called by that."""
    name, said = called(found["name"]) if found["name"] else "", words[found.start("what") :]
    said = called(f"{name}: {said}" if name else said)
    return Alert(
        source=source,
        fingerprint=fingerprint_of("expiry", found["name"], found["what"]),
        status=AlertStatus.FIRING,
        title=title_of(said),
        starts_at=None,
        labels=filled(monitor=name) | target_of(found["address"] or _domain(found["what"])),
        annotations=filled(description=said),
    )


SOURCE = Source(
    kind=SourceKind.UPTIME_KUMA,
    name="Uptime Kuma",
    channel=Channel.UPTIME,
    documentation="https://github.com/louislam/uptime-kuma/wiki/Notification-Methods",
    setup=(
        "In Uptime Kuma, add a notification of type Webhook with the Post URL {url}, the body 'Preset - application/json' and the\n"
        'additional headers {{"Authorization": "Bearer {secret}"}}; switch on \'Default enabled\' or choose it in each monitor.'
    ),
    states={"0": "fires (down)", "1": "recovers (up)", "2": "ignored (pending)", "3": "ignored (maintenance)"}
    | {"🔴 Down": "fires", "✅ Up": "recovers", "⚠️ Test": "ignored"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    methods=frozenset({"POST", "GET"}),
    forms=frozenset({Form.JSON, Form.MULTIPART, Form.URLENCODED, Form.QUERY, Form.TEXT}),
    read=read,
)
