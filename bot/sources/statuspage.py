"""Statuspage: incidents and components on the status page of a provider, as its webhook subscription sends them.

Other status pages write the same shape; a scheduled maintenance is announced work, not trouble.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, link_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Source

_INCIDENT = {
    "investigating": AlertStatus.FIRING,
    "identified": AlertStatus.FIRING,
    "monitoring": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
    "postmortem": AlertStatus.RESOLVED,
}
_MAINTENANCE = frozenset({"scheduled", "in_progress", "verifying", "completed"})
_JOINED = {
    "degradedperformance": "degraded_performance",
    "partialoutage": "partial_outage",
    "majoroutage": "major_outage",
    "undermaintenance": "under_maintenance",
}
"""The words of pages that write them without the underscore, as Instatus does."""
_COMPONENT = {
    "degraded_performance": AlertStatus.FIRING,
    "partial_outage": AlertStatus.FIRING,
    "major_outage": AlertStatus.FIRING,
    "operational": AlertStatus.RESOLVED,
}


def read(delivery: Delivery) -> Reading:
    """The incident or the component of an update; maintenance is ignored by name."""
    payload = object_of(delivery.payload, "the body")
    incident, component = payload.get("incident"), payload.get("component")
    if incident is None and component is None and isinstance(payload.get("maintenance"), Mapping):
        return Reading(ignored=(_maintained(payload["maintenance"]),))
    if incident is None and component is None:
        if "component_update" not in payload:
            raise Malformed("the body: expected an incident or a component of a status page.")
        component = {}
    if why := _maintenance(incident) or _under_maintenance(payload, component):
        return Reading(ignored=(why,))
    alert = _incident if incident is not None else _component
    return single(delivery.source, payload, lambda: alert(delivery.source, payload))


def _maintenance(incident: Any) -> str:
    if word_of(at(incident, "status")) in _MAINTENANCE or word_of(at(incident, "impact")) == "maintenance":
        return _maintained(incident)
    return ""


def _maintained(work: Any) -> str:
    return f"The maintenance {title_of(at(work, 'name'))} is {word_of(at(work, 'status')) or 'announced'}; that is no alert."


def _under_maintenance(payload: Mapping[str, Any], component: Any) -> str:
    if payload.get("incident") is None and _component_status(payload) == "under_maintenance":
        return f"The component {title_of(at(component, 'name'))} is under maintenance; that is no alert."
    return ""


def _component_status(payload: Mapping[str, Any]) -> str:
    return _word(at(payload, "component_update", "new_status") or at(payload, "component", "status"))


def _word(value: Any) -> str:
    word = word_of(value)
    return _JOINED.get(word, word)


def _latest(incident: Mapping[str, Any]) -> Any:
    """The newest update of an incident, whichever way round a page lists them."""
    updates = incident.get("incident_updates")
    every = [update for update in updates if isinstance(update, Mapping)] if isinstance(updates, list) else []
    return max(every, key=lambda update: stamp_of(update.get("created_at")), default=None)


def _incident(source: str, payload: Mapping[str, Any]) -> Alert:
    incident = object_of(payload.get("incident"), "incident")
    incident_id = text_of(incident.get("id"), 100)
    if not incident_id:
        raise Malformed("incident.id: expected the incident's id.")
    latest = _latest(incident)
    state = word_of(incident.get("status") or at(latest, "status"))
    status = status_of(state, _INCIDENT, "incident.status")
    return Alert(
        source=source,
        fingerprint=f"incident:{incident_id}",
        status=status,
        title=title_of(incident.get("name")),
        starts_at=moment_of(incident.get("created_at")),
        ends_at=moment_of(incident.get("resolved_at")) if status is AlertStatus.RESOLVED else None,
        labels=_page(payload) | filled(severity=_word(incident.get("impact")), state=state, components=_components(incident)),
        annotations=filled(
            description=at(latest, "body") or at(latest, "markdown"),
            first_seen=stamp_of(incident.get("created_at")),
            latest_seen=stamp_of(incident.get("updated_at")),
        ),
        url=link_of(incident.get("shortlink")) or link_of(incident.get("url")),
    )


def _component(source: str, payload: Mapping[str, Any]) -> Alert:
    component = payload.get("component")
    component_id = text_of(at(component, "id") or at(payload, "component_update", "component_id"), 100)
    if not component_id:
        raise Malformed("component.id: expected the component's id.")
    state = _component_status(payload)
    name = text_of(at(component, "name"), 100) or component_id
    return Alert(
        source=source,
        fingerprint=f"component:{component_id}",
        status=status_of(state, _COMPONENT, "component.status"),
        title=title_of(f"{name}: {state.replace('_', ' ')}"),
        starts_at=None,
        labels=_page(payload) | filled(severity=state if state != "operational" else None, component=name),
        annotations=filled(
            description=at(component, "description"),
            latest_seen=stamp_of(at(payload, "component_update", "created_at")) or stamp_of(at(component, "updated_at")),
        ),
        url=link_of(at(payload, "page", "url")),
    )


def _page(payload: Mapping[str, Any]) -> dict[str, str]:
    return filled(page=at(payload, "page", "name") or at(payload, "page", "id"))


def _components(incident: Mapping[str, Any]) -> str:
    components = incident.get("components")
    names = (text_of(at(component, "name"), 100) for component in components) if isinstance(components, list) else ()
    return ", ".join(name for name in names if name)


SOURCE = Source(
    kind=SourceKind.STATUSPAGE,
    name="Statuspage",
    channel=Channel.PROVIDER,
    documentation="https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/",
    setup=(
        "On the provider's status page: Subscribe to updates, the tab of webhooks, address {url}/{secret}.\n"
        "Nothing else is to be set; choose the components that you depend on where the page offers it."
    ),
    states={name: "fires" if status is AlertStatus.FIRING else "recovers" for name, status in (_INCIDENT | _COMPONENT).items()}
    | dict.fromkeys((*sorted(_MAINTENANCE), "under_maintenance"), "is ignored"),
    carried_by=(Carrier.PATH, Carrier.QUERY),
    read=read,
)
