"""Zabbix: webhook media types are scripts that people write, so a body is read by the names of its macros.

A problem is named by its trigger, which belongs to one host; where there is none, by host and name, and by the event's id last of all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import filled, fingerprint_of, link_of, moment_of, object_of, path_of, status_of, text_of, title_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source
from bot.sources.templates import fields_of, first

_VALUES = {"1": AlertStatus.FIRING, "0": AlertStatus.RESOLVED}
_FIRES, _ENDS = ("problem", "alerting", "firing"), ("ok", "resolved", "recovery")
_WORDS = dict.fromkeys(_FIRES, AlertStatus.FIRING) | dict.fromkeys(_ENDS, AlertStatus.RESOLVED)
_SEVERITIES = ("not classified", "information", "warning", "average", "high", "disaster")
_NAMES = ("eventname", "triggername", "trigger", "problem", "problemname", "name")
_LINKS = ("link", "eventurl", "url", "linktoupstreamdetails", "generatorurl")
_SERVICES = "4"
_DISCOVERIES = {"1": "discovery", "2": "autoregistration"}
_UNFILLED = re.compile(r"\{[$#?]?[A-Z][A-Z0-9_.]*\}|\*UNKNOWN\*")
_HEADING = re.compile(r"^(?:(problem|ok)|(resolved|updated problem)(?: in [^:]*)?)\s*:\s*", re.IGNORECASE)
_UPDATED = "updated problem"
_LINE = re.compile(r"^(Problem name|Host|Severity|Operational data|Original problem ID): *(.+?)\r?$", re.MULTILINE)
_LINES = {
    "Problem name": "problemname",
    "Host": "hosthost",
    "Severity": "eventseverity",
    "Operational data": "opdata",
    "Original problem ID": "eventid",
}
_TRIGGER = re.compile(r"[?&]triggerid=(\d+)")
_EVENT = re.compile(r"[?&]eventid=(\d+)")


def read(delivery: Delivery) -> Reading:
    """The problem or its end, or a note on it; raises Malformed when the body is no object."""
    payload = object_of(delivery.payload, "the body")
    fields = _with_lines(_without_our_address(fields_of(payload, _UNFILLED), delivery.source))
    kind = _DISCOVERIES.get(text_of(first(fields, "eventsource", "source"), 10))
    if kind is not None:
        return Reading(ignored=(f"That is an event of Zabbix's {kind}, no problem.",))
    if _is_update(fields):
        return Reading(notes=_notes(fields))
    return single(delivery.source, payload, lambda: _alert(delivery.source, fields))


def _without_our_address(fields: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The fields without the address they were posted to, which many scripts send along and which may hold the secret."""
    own = f"/alerts/{source}"
    return {name: value for name, value in fields.items() if not (own in text_of(value, 2000) and own in path_of(value))}


def _with_lines(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, and what the text of Zabbix' own message templates says in lines and no field says."""
    text = text_of(first(fields, "message", "alertmessage", "description"))
    return {_LINES[name]: said for name, said in _LINE.findall(text)} | dict(fields)


def _is_update(fields: Mapping[str, Any]) -> bool:
    """Whether somebody did something to a problem, which Zabbix tells without any change of its state."""
    given = first(fields, "eventupdatestatus", "updatestatus", "eventisupdate")
    if given is not None:
        return text_of(given, 10) == "1"
    return bool(first(fields, "eventupdateaction", "updateaction")) or (_value(fields) is None and _heading(fields) == _UPDATED)


def _value(fields: Mapping[str, Any]) -> Any:
    """The event's own value, which decides before any word; None when the body gives none."""
    return first(fields, "eventvalue", "triggervalue", "eventisproblem")


def _heading(fields: Mapping[str, Any]) -> str:
    """The word that Zabbix' own message templates put before a problem's name."""
    found = _HEADING.match(text_of(first(fields, "title", "subject", "alertsubject")))
    return (found[1] or found[2]).casefold() if found else ""


def _notes(fields: Mapping[str, Any]) -> tuple[Note, ...]:
    """What somebody did to a problem in Zabbix, in Zabbix' words."""
    done, person = (
        text_of(first(fields, "eventupdateaction", "updateaction"), 200) or "updated",
        text_of(first(fields, "eventupdateuser", "updateuser", "userfullname"), 100),
    )
    message = text_of(first(fields, "eventupdatemessage", "updatemessage"), 1000)
    told = f"{done[0].upper()}{done[1:]} in Zabbix{f' by {person}' if person else ''}{f': {message}' if message else ''}"
    fingerprint = _fingerprint(fields)
    return (Note(fingerprint, told),) if fingerprint else ()


def _alert(source: str, fields: Mapping[str, Any]) -> Alert:
    fingerprint = _fingerprint(fields)
    if not fingerprint:
        raise Malformed("trigger_id: expected the script to give {TRIGGER.ID}, or the event's name.")
    status = _status(fields)
    return Alert(
        source=source,
        fingerprint=fingerprint,
        status=status,
        title=_title(fields),
        starts_at=moment_of(first(fields, "eventtimestamp")),
        ends_at=moment_of(first(fields, "eventrecoverytimestamp")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(fields),
        annotations=_annotations(fields),
        url=_url(fields),
    )


def _status(fields: Mapping[str, Any]) -> AlertStatus:
    value = _value(fields)
    if value is not None:
        return status_of(value, _VALUES, "event_value")
    word = first(fields, "eventrecoverystatus", "eventstatus", "triggerstatus", "status", "state")
    return status_of(word or _heading(fields), _WORDS, "event_status")


def _title(fields: Mapping[str, Any]) -> str:
    headed = _HEADING.sub("", text_of(first(fields, "title", "subject", "alertsubject")), count=1)
    return title_of(first(fields, *_NAMES), headed, first(fields, "item", "itemname"))


def _fingerprint(fields: Mapping[str, Any]) -> str:
    """What names the problem; nothing when the body names none."""
    link = text_of(first(fields, *_LINKS), 2000)
    trigger = text_of(first(fields, "triggerid"), 50) or _found(_TRIGGER, link)
    if trigger:
        return f"trigger:{trigger}"
    if text_of(first(fields, "eventsource", "source"), 10) == _SERVICES and (service := first(fields, "servicename", "service")):
        return fingerprint_of("service", service)
    named = text_of(first(fields, *_NAMES, "title", "subject", "alertsubject"))
    if named:
        return fingerprint_of("problem", _host(fields), _HEADING.sub("", named, count=1))
    event = text_of(first(fields, "eventid"), 50) or _found(_EVENT, link)
    return f"event:{event}" if event else ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _host(fields: Mapping[str, Any]) -> str:
    return text_of(first(fields, "hostname", "host", "eventhost", "hosthost"))


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    tags = tags_of(first(fields, "eventtagsjson", "eventtags", "servicetags", "tags"))
    number = text_of(first(fields, "eventnseverity", "triggernseverity", "nseverity", "severity", "eventseverity", "triggerseverity"), 60)
    severity = _SEVERITIES[int(number)] if number in ("0", "1", "2", "3", "4", "5") else number
    own = filled(
        host=_host(fields),
        severity=severity,
        service=tags.get("service") or first(fields, "service", "servicename"),
        environment=first(fields, "environment", "env"),
        hostgroup=first(fields, "hostgroup", "hostgroups", "triggerhostgroupname"),
    )
    return canonical(tags | own)


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    return filled(
        description=first(fields, "description", "message", "alertmessage", "triggerdescription"),
        value=first(fields, "eventopdata", "opdata", "itemvalue", "item", "itemkey"),
        runbook_url=link_of(first(fields, "triggerurl", "runbookurl")),
    )


def _url(fields: Mapping[str, Any]) -> str | None:
    """The problem's own page: as the script gives it, or put together from the address of the frontend."""
    given = link_of(first(fields, *_LINKS))
    bare = given if path_of(given).strip("/") in ("", "zabbix") else None
    site, trigger, event = (
        text_of(value, 500) for value in (first(fields, "zabbixurl") or bare, first(fields, "triggerid"), first(fields, "eventid", "id"))
    )
    if not (site and trigger.isdecimal() and event.isdecimal()):
        return given or link_of(site)
    made = link_of(f"{site.rstrip('/')}/tr_events.php?triggerid={trigger}&eventid={event}")
    return made if given is None or given == bare else given


SOURCE = Source(
    kind=SourceKind.ZABBIX,
    name="Zabbix",
    channel=Channel.METRICS,
    documentation="https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook",
    setup=(
        "Add a media type Webhook whose script posts its parameters as JSON to {url} with the header Authorization: Bearer {secret};\n"
        "its parameters: event_value, trigger_id, event_id, event_name, event_nseverity, host, event_update_status (docs/sources.md)."
    ),
    states={
        "1": "fires",
        "0": "recovers",
    }
    | dict.fromkeys(_FIRES, "fires")
    | dict.fromkeys(_ENDS, "recovers")
    | {"event_update_status": "is noted"},
    carried_by=(Carrier.BEARER, Carrier.BASIC, Carrier.PATH),
    forms=frozenset({Form.JSON, Form.URLENCODED}),
    read=read,
)
