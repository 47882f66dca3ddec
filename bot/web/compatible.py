"""The addresses of services that monitors know already: Alertmanager, PagerDuty Events and Opsgenie Alerts, as they are.

The key in a request selects the source, so that a monitor that can only be told another host needs no other change. What is refused is
refused in the words that the monitor expects of that service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot import telemetry
from bot.domain.routing import SourceKind
from bot.errors import Malformed
from bot.sources.source import Delivery
from bot.web import refusals
from bot.web.alerts import receive
from bot.web.bodies import check_object, read_body
from bot.web.carriers import is_carried
from bot.web.edge import Edge, Monitor, answer, edge_of, refusal

PROMETHEUS = "/api/v2/alerts"
PAGERDUTY = ("/v2/enqueue", "/v2/change/enqueue", "/generic/2010-04-15/create_event.json")
OPSGENIE = "/v2/alerts"


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_post(PROMETHEUS, take_prometheus)
    for path in PAGERDUTY:
        app.router.add_post(path, take_pagerduty)
    app.router.add_post(OPSGENIE, take_opsgenie)
    for method in ("POST", "PUT"):
        app.router.add_route(method, f"{OPSGENIE}/{{id}}/{{action}}", take_opsgenie)


async def take_prometheus(request: web.Request) -> web.StreamResponse:
    """What an Alertmanager answers to a Prometheus: 200 and nothing more."""
    edge = edge_of(request)
    monitor = _by_head(request, edge, SourceKind.PROMETHEUS)
    if monitor is None:
        return refusal(401, "wrong_secret", "No source of kind prometheus has this secret; send it as authorization or basic_auth.")
    return await receive(request, edge, monitor)


async def take_pagerduty(request: web.Request) -> web.StreamResponse:
    """What PagerDuty answers to an event: 202 for version 2, 200 for version 1, 400 with the reasons."""
    edge = edge_of(request)
    try:
        payload = check_object(await read_body(request))
        monitor = _by_body(edge, payload)
        if monitor is None:
            refusals.note(request, 401)
            raise Malformed("The key is missing, or no source of kind pagerduty has it.")
        return await receive(request, edge, monitor, request.path.strip("/"))
    except Malformed as error:
        return answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": [str(error)]})


async def take_opsgenie(request: web.Request) -> web.StreamResponse:
    """What Opsgenie answers to a request about an alert: 202, 401, 400 or 422."""
    edge = edge_of(request)
    monitor = _by_head(request, edge, SourceKind.OPSGENIE)
    if monitor is None:
        return _opsgenie(401, "Could not authenticate")
    try:
        return await receive(request, edge, monitor, request.rel_url.raw_path.strip("/"))
    except Malformed as error:
        return _opsgenie(422 if "expected a JSON object" in str(error) else 400, str(error))


def _by_head(request: web.Request, edge: Edge, kind: SourceKind) -> Monitor | None:
    """The source of that kind whose secret the request carries, else one that does without."""
    monitors = edge.monitors_of(kind)
    carried = [monitor for monitor in monitors if is_carried(request, monitor)]
    found = next(iter([*carried, *(monitor for monitor in monitors if monitor.rule.unsigned)]), None)
    if found is None:
        telemetry.count_refused_request("alerts", "wrong_secret")
    return found


def _by_body(edge: Edge, payload: Mapping[str, Any]) -> Monitor | None:
    """The source whose key stands in the event, else one that does without."""
    monitors = edge.monitors_of(SourceKind.PAGERDUTY)
    event = Delivery("", payload, b"", edge.clock.now())
    carried = [monitor for monitor in monitors if monitor.secret and monitor.source.verify and monitor.source.verify(monitor.secret, event)]
    found = next(iter([*carried, *(monitor for monitor in monitors if monitor.rule.unsigned)]), None)
    if found is None:
        telemetry.count_refused_request("alerts", "wrong_secret")
    return found


def _opsgenie(status: int, message: str) -> web.Response:
    return answer(status, {"message": message, "took": 0.0, "requestId": telemetry.current_request_id() or ""})
