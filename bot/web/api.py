"""The bot's own API: what can be done in Slack can be done here, by a bearer token of the policy (B4)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from bot.clock import new_id
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident
from bot.domain.situation import Situation
from bot.domain.status import find_status
from bot.errors import Malformed
from bot.services import callouts, declarations, incidents, merging, people, phases, resolutions, situations
from bot.services.work import UnitOfWork
from bot.web import gate, inbox, postmortems, runbooks, stages, stuck
from bot.web.callers import ROOT, Answer, Caller, UseCase, acting, actor_of, incident_for, may_see, person_of, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import (
    Acknowledge,
    AssignRole,
    ChangeSeverity,
    Chosen,
    Declare,
    EnterPhase,
    Merge,
    Page,
    Reopen,
    Resolve,
    Thaw,
    Update,
)
from bot.web.representation import shown


async def _show(work: UnitOfWork, incident: Incident) -> Answer:
    return shown(await situations.read(work, incident))


async def _declare(work: UnitOfWork, caller: Caller, wanted: Declare, _reference: str) -> Answer:
    person = await person_of(work, caller)
    severity = wanted.severity or work.policy.default_severity
    declaration = Declaration(
        token=f"api:{new_id()}",
        title=wanted.title,
        severity=severity,
        declared_by=person.id,
        impact=wanted.impact,
        private=wanted.private,
    )
    declared = await declarations.declare(work, declaration)
    return {"joined": declared.joined, **await _show(work, declared.incident)}


async def _acknowledge(work: UnitOfWork, caller: Caller, wanted: Acknowledge, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    done = await incidents.acknowledge(work, incident.id, person.id, wanted.via)
    return {"first": done.first, "acknowledged_by": done.name, **await _show(work, done.incident)}


async def _update(work: UnitOfWork, caller: Caller, wanted: Update, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    status = find_status(wanted.status) if wanted.status else None
    if wanted.status and status is None:
        raise Malformed("status: expected Investigating, Mitigating or Monitoring.")
    return await _show(work, await incidents.update(work, incident.id, person.id, wanted.text, status, wanted.impact))


async def _severity(work: UnitOfWork, caller: Caller, wanted: ChangeSeverity, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    changed = await incidents.change_severity(work, incident.id, person.id, wanted.severity, wanted.reason)
    return await _show(work, changed)


async def _role(work: UnitOfWork, caller: Caller, wanted: AssignRole, reference: str) -> Answer:
    actor, incident = await actor_of(work, caller, reference)
    person = await people.by_key(work, wanted.person)
    return await _show(work, await incidents.assign_role(work, incident.id, actor.id, wanted.role, person.id))


async def _page(work: UnitOfWork, caller: Caller, wanted: Page, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    called = await callouts.page(work, incident.id, person.id, [one for name in wanted.who for one in await callouts.named(work, name)])
    return {"called": [one.name for one in called], **await _show(work, incident)}


async def _resolve(work: UnitOfWork, caller: Caller, wanted: Resolve, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    resolved = await resolutions.resolve(
        work, incident.id, person.id, wanted.text, answers=wanted.answers, override=wanted.override, major=wanted.major
    )
    return await _show(work, resolved)


async def _phase(work: UnitOfWork, caller: Caller, wanted: EnterPhase, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    return await _show(work, await phases.enter(work, incident.id, person.id, wanted.phase))


async def _reopen(work: UnitOfWork, caller: Caller, wanted: Reopen, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    return await _show(work, await resolutions.reopen(work, incident.id, person.id, wanted.reason))


async def _merge(work: UnitOfWork, caller: Caller, wanted: Merge, reference: str) -> Answer:
    person, gone = await actor_of(work, caller, reference)
    into = await incident_for(work, caller, wanted.into)
    return await _show(work, await merging.merge(work, person, gone.id, into.id))


_ACTIONS: Mapping[str, tuple[type[BaseModel], UseCase]] = {
    "ack": (Acknowledge, _acknowledge),
    "update": (Update, _update),
    "severity": (ChangeSeverity, _severity),
    "roles": (AssignRole, _role),
    "page": (Page, _page),
    "phase": (EnterPhase, _phase),
    "resolve": (Resolve, _resolve),
    "reopen": (Reopen, _reopen),
    "merge": (Merge, _merge),
    **stages.ACTIONS,
    "attach": (Chosen, inbox.attach),
    "detach": (Chosen, inbox.detach),
}


async def _listed(work: UnitOfWork, caller: Caller, resolved_too: bool) -> list[Situation]:
    found = await (situations.list_recent(work) if resolved_too else situations.list_open(work))
    return [situation for situation in found if await may_see(work, caller, situation.incident)]


async def _list(request: web.Request) -> web.Response:
    found = await edge_of(request).services.read(_listed, reader_of(request), request.query.get("state") == "all")
    return answer(200, {"incidents": [shown(situation) for situation in found]})


async def _read_situation(work: UnitOfWork, caller: Caller, reference: str) -> Situation:
    return await situations.read(work, await incident_for(work, caller, reference))


async def _get(request: web.Request) -> web.Response:
    caller = reader_of(request)
    return answer(200, shown(await edge_of(request).services.read(_read_situation, caller, request.match_info["reference"])))


def register(app: web.Application) -> None:
    """Mounts the routes."""
    one = f"{ROOT}/incidents/{{reference}}"
    inbox.register(app)
    runbooks.register(app)
    stuck.register(app)
    gate.register(app)
    app.router.add_get(f"{ROOT}/openapi.json", _openapi)
    app.router.add_get(f"{ROOT}/incidents", _list)
    app.router.add_post(f"{ROOT}/incidents", acting(Declare, _declare))
    app.router.add_get(one, _get)
    postmortems.register(app)
    for name, (model, use_case) in _ACTIONS.items():
        app.router.add_post(f"{one}/{name}", acting(model, use_case))


async def _openapi(_request: web.Request) -> web.Response:
    """What the API takes, for machines."""
    models: dict[str, tuple[str, type[BaseModel]]] = {f"{ROOT}/incidents": ("post", Declare), **inbox.MODELS, **stuck.MODELS}
    models |= {**gate.MODELS, **postmortems.MODELS, **runbooks.MODELS}
    models |= {f"{ROOT}/incidents/{{reference}}/{name}": ("post", model) for name, (model, _) in _ACTIONS.items()}
    paths = {path: {method: _operation(path, model)} for path, (method, model) in models.items()}
    one = f"{ROOT}/incidents/{{reference}}"
    for path in (f"{ROOT}/incidents", one, *inbox.READ, *postmortems.READ, *runbooks.READ, *stuck.READ, gate.PATH):
        paths.setdefault(path, {})["get"] = _operation(path, None)
    paths[gate.FREEZE]["delete"] = _operation(gate.FREEZE, Thaw)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Muster", "version": "1"},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
        "paths": paths,
    }
    return answer(200, document)


def _operation(path: str, model: type[BaseModel] | None) -> Answer:
    named = [{"name": "reference", "in": "path", "required": True, "schema": {"type": "string"}}]
    operation: Answer = {
        "summary": (model.__doc__ or "").strip() if model else "What there is.",
        "responses": {"200": {"description": "Done."}, "default": {"description": "A code and a sentence."}},
    }
    if "{reference}" in path:
        operation["parameters"] = named
    if model is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": model.model_json_schema()}}}
    return operation
