"""Raygun: an error group that is new, comes back or goes on fires; marking it resolved there ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, object_of, path_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_EVENTS = {
    "newerroroccurred": AlertStatus.FIRING,
    "errorreoccurred": AlertStatus.FIRING,
    "oneminutefollowup": AlertStatus.FIRING,
    "fiveminutefollowup": AlertStatus.FIRING,
    "tenminutefollowup": AlertStatus.FIRING,
    "thirtyminutefollowup": AlertStatus.FIRING,
    "hourlyfollowup": AlertStatus.FIRING,
}
_STATUSES = {"active": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
_NOTED_STATUSES = {"ignored": "Ignored", "permanentlyignored": "Ignored for good", "permanently ignored": "Ignored for good"}
_NOTED = {"assignedtouser": "Assigned", "commentadded": "Commented"}


def read(delivery: Delivery) -> Reading:
    """The error group that an event is about; assignments, comments and ignoring it are notes, other events are ignored by name."""
    payload = object_of(delivery.payload, "the body")
    event = word_of(payload.get("eventType"))
    if not event or not isinstance(payload.get("error"), Mapping):
        return _without_error(payload, event)
    done = _NOTED.get(event) or (_NOTED_STATUSES.get(word_of(at(payload, "error", "status"))) if event == "statuschanged" else None)
    if done:
        return Reading(notes=(_note(payload, done),))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload, event))


def _without_error(payload: Mapping[str, Any], event: str) -> Reading:
    name = event or word_of(payload.get("event"))
    if not name or event in _EVENTS or event == "statuschanged":
        raise Malformed("error: expected the error group beside eventType.")
    return Reading(ignored=(f"Raygun's event {name} is about no error.",))


def _note(payload: Mapping[str, Any], done: str) -> Note:
    whom = text_of(at(payload, "error", "assignedTo"), 100)
    by = text_of(at(payload, "error", "user"), 100) or "somebody"
    return Note(_fingerprint(payload), f"{done} in Raygun{' to ' + whom if whom else ''} by {by}.")


def _alert(source: str, payload: Mapping[str, Any], event: str) -> Alert:
    error = object_of(payload.get("error"), "error")
    status = (
        status_of(error.get("status"), _STATUSES, "error.status") if event == "statuschanged" else status_of(event, _EVENTS, "eventType")
    )
    application = text_of(at(payload, "application", "name"), 200)
    message = text_of(error.get("message"), 1000)
    return Alert(
        source=source,
        fingerprint=_fingerprint(payload),
        status=status,
        title=title_of(message, error.get("description"), f"Error in {application or 'an application'}"),
        starts_at=None,
        labels=canonical(tags_of(at(error, "instance", "tags")) | filled(service=application)),
        annotations=filled(
            error=message,
            description=error.get("description"),
            release=at(error, "instance", "version") or at(error, "instance", "customData", "version"),
            users=error.get("usersAffected"),
            events=error.get("totalOccurrences"),
            first_seen=stamp_of(error.get("firstOccurredOn")),
            latest_seen=stamp_of(error.get("lastOccurredOn")),
        ),
        url=link_of(error.get("url")),
    )


def _fingerprint(payload: Mapping[str, Any]) -> str:
    """The address of the error group, whichever of Raygun's hosts it names; the message where there is none."""
    page = path_of(at(payload, "error", "url")).rstrip("/")
    return f"error:{fingerprint_of(at(payload, 'application', 'name'), page or at(payload, 'error', 'message'))}"


SOURCE = Source(
    kind=SourceKind.RAYGUN,
    name="Raygun",
    channel=Channel.ERRORS,
    documentation="https://raygun.com/documentation/product-guides/crash-reporting/integrations/webhooks/",
    setup=(
        "In the application: Integrations, Webhook, endpoint {url}/{secret}.\n"
        "Switch on the notifications of new and reoccurring errors, and the activity of status changes, which says what is resolved."
    ),
    states={
        "NewErrorOccurred": "fires",
        "ErrorReoccurred": "fires",
        "OneMinuteFollowUp": "fires",
        "FiveMinuteFollowUp": "fires",
        "TenMinuteFollowUp": "fires",
        "ThirtyMinuteFollowUp": "fires",
        "HourlyFollowUp": "fires",
        "StatusChanged: Active": "fires",
        "StatusChanged: Resolved": "recovers",
        "StatusChanged: Ignored": "is noted",
        "AssignedToUser": "is noted",
        "CommentAdded": "is noted",
    },
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    read=read,
)
