"""Honeybadger: errors, sites that are down, check-ins that are missing and alarms, in payload versions 2 and 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import (
    address_of,
    at,
    error_of,
    filled,
    link_of,
    moment_of,
    object_of,
    path_of,
    stamp_of,
    status_of,
    text_of,
    title_of,
    word_of,
)
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_STATES = {
    "occurred": AlertStatus.FIRING,
    "unresolved": AlertStatus.FIRING,
    "rate_exceeded": AlertStatus.FIRING,
    "volume_spike": AlertStatus.FIRING,
    "down": AlertStatus.FIRING,
    "cert_will_expire": AlertStatus.FIRING,
    "check_in_missing": AlertStatus.FIRING,
    "alarm_alert": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
    "up": AlertStatus.RESOLVED,
    "check_in_reporting": AlertStatus.RESOLVED,
    "alarm_ok": AlertStatus.RESOLVED,
}
_NOTED = frozenset({"assigned", "commented"})
_TRIED_OUT = frozenset({"TestingException", "HoneybadgerTestingException"})


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an event is about: where it stands in the body, what its fingerprint begins with, and its facts."""

    key: str
    prefix: str
    facts: Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[dict[str, str], dict[str, str]]]


def read(delivery: Delivery) -> Reading:
    """The error, site, check-in or alarm that an event is about; a test of the webhook and events such as deploys are ignored by name."""
    payload = object_of(delivery.payload, "the body")
    event = word_of(payload.get("event"))
    if not event:
        raise Malformed("event: expected the name of a Honeybadger event.")
    if event in _NOTED:
        return _noted(payload, event)
    if why := _no_alert(payload, event):
        return Reading(ignored=(why,))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload, event))


def _noted(payload: Mapping[str, Any], event: str) -> Reading:
    fault_id = text_of(at(payload, "fault", "id"), 100)
    if not fault_id:
        return Reading(ignored=(f"Honeybadger's event {event} names no error.",))
    whom = text_of(at(payload, "assignee", "name"), 100)
    by = text_of(at(payload, "actor", "name"), 100) or "somebody"
    done = f"Assigned in Honeybadger{' to ' + whom if whom else ''}" if event == "assigned" else "Commented in Honeybadger"
    return Reading(notes=(Note(f"fault:{fault_id}", f"{done} by {by}."),))


def _no_alert(payload: Mapping[str, Any], event: str) -> str:
    """Why an event is no alert, in a sentence; nothing when it is one."""
    if text_of(at(payload, "fault", "klass")) in _TRIED_OUT:
        return "Honeybadger tried out its webhook: it reaches us."
    if event == "up" and word_of(at(payload, "site", "state")) == "pending":
        return "Honeybadger will watch a new site from now on."
    if event not in _STATES and not any(payload.get(subject.key) for subject in _SUBJECTS):
        return f"Honeybadger's event {text_of(event, 60)} is no alert."
    return f"Honeybadger's event {event} is no alert." if event == "deployed" else ""


def _alert(source: str, payload: Mapping[str, Any], event: str) -> Alert:
    status = status_of(event, _STATES, "event")
    subject = _BY_EVENT.get(event, _FAULT)
    about = object_of(payload.get(subject.key), subject.key)
    lasting = "project" if subject is _SPIKE else subject.key
    about_id = text_of(at(payload, lasting, "id"), 100)
    if not about_id:
        raise Malformed(f"{lasting}.id: expected its id.")
    labels, annotations = subject.facts(payload, about)
    outage = payload.get("outage")
    return Alert(
        source=source,
        fingerprint=f"{subject.prefix}:{about_id}",
        status=status,
        title=title_of(annotations.get("error"), _unprefixed(payload), about.get("name")),
        starts_at=moment_of(at(outage, "down_at")),
        ends_at=moment_of(at(outage, "up_at")) if status is AlertStatus.RESOLVED else None,
        labels=canonical(filled(service=at(payload, "project", "name") or about.get("project_name"), event=event) | labels),
        annotations=filled(description=payload.get("message")) | annotations,
        url=_link(about) or (link_of(about.get("url")) if subject is _FAULT else link_of(at(outage, "details_url"))),
    )


def _unprefixed(payload: Mapping[str, Any]) -> str:
    """The message without the project's name, which Honeybadger puts before it in brackets."""
    message, name = text_of(payload.get("message")), text_of(at(payload, "project", "name"))
    return message.removeprefix(f"[{name}] ") if name else message


def _link(about: Mapping[str, Any]) -> str | None:
    """The page in Honeybadger; ``url`` is it for errors alone: a site's is the site, and whoever opens a check-in's has checked in."""
    return link_of(about.get("details_url")) or link_of(at(about, "links", "web"))


def _fault(payload: Mapping[str, Any], fault: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    notice = payload.get("notice")
    place = [text_of(fault.get(name), 200) for name in ("component", "action")]
    environment = fault.get("environment") or at(notice, "environment", "environment_name") or at(notice, "environment_name")
    return tags_of(fault.get("tags")) | filled(environment=environment), filled(
        error=error_of(fault.get("klass"), fault.get("message") or at(notice, "message")),
        route="#".join(part for part in place if part) or path_of(at(notice, "request", "url") or at(notice, "url")),
        release=at(notice, "deploy", "revision") or at(fault, "deploy", "revision"),
        events=fault.get("notices_count"),
        first_seen=stamp_of(fault.get("created_at")),
        latest_seen=stamp_of(fault.get("last_notice_at")) or stamp_of(at(notice, "created_at")),
    )


def _site(payload: Mapping[str, Any], site: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    outage = payload.get("outage")
    return filled(site=site.get("name"), status=at(outage, "status")), filled(
        reason=at(outage, "reason"),
        source_url=address_of(site.get("url")),
        first_seen=stamp_of(at(outage, "down_at")),
        expires_at=stamp_of(site.get("cert_will_expire_at")),
    )


def _check_in(_payload: Mapping[str, Any], check_in: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    return filled(check_in=check_in.get("name")), filled(
        every=check_in.get("report_period") or check_in.get("cron_schedule"),
        latest_seen=stamp_of(check_in.get("reported_at")),
        missed=check_in.get("missed_count"),
    )


def _alarm(_payload: Mapping[str, Any], alarm: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    return filled(alarm=alarm.get("name")), filled(query=alarm.get("query"))


def _spike(_payload: Mapping[str, Any], spike: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    return {}, filled(observed=spike.get("observed"), usual=spike.get("baseline_median"), factor=spike.get("factor"))


_FAULT = _Subject("fault", "fault", _fault)
_SITE = _Subject("site", "site", _site)
_CERTIFICATE = _Subject("site", "certificate", _site)
_CHECK_IN = _Subject("check_in", "check-in", _check_in)
_ALARM = _Subject("alarm", "alarm", _alarm)
_SPIKE = _Subject("volume_spike", "volume", _spike)
_SUBJECTS = (_FAULT, _SITE, _CHECK_IN, _ALARM, _SPIKE)
_BY_EVENT = {
    "down": _SITE,
    "up": _SITE,
    "cert_will_expire": _CERTIFICATE,
    "check_in_missing": _CHECK_IN,
    "check_in_reporting": _CHECK_IN,
    "alarm_alert": _ALARM,
    "alarm_ok": _ALARM,
    "volume_spike": _SPIKE,
}

SOURCE = Source(
    kind=SourceKind.HONEYBADGER,
    name="Honeybadger",
    channel=Channel.ERRORS,
    documentation="https://docs.honeybadger.io/guides/integrations/webhook/",
    setup=(
        "Project settings, Alerts & Integrations, Webhook: URL {url}/{secret}.\n"
        "Choose the events: errors that occur, are resolved or reopened, rates, sites down and up, check-ins, alarms."
    ),
    states={name: "fires" if status is AlertStatus.FIRING else "recovers" for name, status in _STATES.items()}
    | {"assigned": "is noted", "commented": "is noted", "deployed": "is ignored"},
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    read=read,
)
