"""Grafana OnCall's (now IRM's) outgoing webhooks, default body: what happens to a group of alerts there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.errors import Malformed
from bot.sources.fields import at, filled, link_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.labels import canonical, tags_of

STATES = {
    **dict.fromkeys(("alert group created", "unresolve", "firing"), AlertStatus.FIRING),
    "resolve": AlertStatus.RESOLVED,
}
_GROUPS = {
    **dict.fromkeys(("", "new", "firing", "acknowledged", "silenced"), AlertStatus.FIRING),
    "resolved": AlertStatus.RESOLVED,
}
_OF_ANY_STATE = ("escalation", "manual")
_ACKNOWLEDGE = "acknowledge"


def is_oncall(payload: Mapping[str, Any]) -> bool:
    """Whether a body is about a group of OnCall's, and not Grafana's own."""
    return isinstance(payload.get("alert_group"), Mapping) and isinstance(payload.get("event"), Mapping)


def read_oncall(source: str, payload: Mapping[str, Any]) -> Reading:
    """The group as an alert, an acknowledgement as a note; whatever else is done to a group is ignored in a sentence."""
    kind, group = word_of(at(payload, "event", "type")), object_of(payload["alert_group"], "alert_group")
    name = text_of(group.get("id"), 150) or text_of(payload.get("alert_group_id"), 150)
    if not name:
        raise Malformed("alert_group.id: expected the id of the group.")
    if kind == _ACKNOWLEDGE:
        person = text_of(at(payload, "user", "username"), 100) or "somebody"
        return Reading(notes=(Note(f"oncall:{name}", f"Acknowledged in Grafana OnCall by {person}"),))
    if kind in _OF_ANY_STATE:
        status = status_of(group.get("state"), _GROUPS, "alert_group.state")
    elif kind in STATES:
        status = STATES[kind]
    else:
        return Reading(ignored=(f"Grafana OnCall's {kind or 'event without a type'} is no alert.",))
    return Reading(alerts=(_alert(source, payload, group, name, status),))


def _alert(source: str, payload: Mapping[str, Any], group: Mapping[str, Any], name: str, status: AlertStatus) -> Alert:
    labels = tags_of(group.get("labels")) | filled(integration=at(payload, "integration", "name"))
    return Alert(
        source=source,
        fingerprint=f"oncall:{name}",
        status=status,
        title=title_of(group.get("title"), at(payload, "integration", "name")),
        starts_at=moment_of(group.get("created_at")),
        ends_at=moment_of(group.get("resolved_at")) if status is AlertStatus.RESOLVED else None,
        labels=canonical(labels),
        annotations=filled(
            alerts=group.get("alerts_count"),
            first_seen=stamp_of(group.get("created_at")),
            latest_seen=stamp_of(at(payload, "event", "time")),
        ),
        url=link_of(at(group, "permalinks", "web")),
    )
