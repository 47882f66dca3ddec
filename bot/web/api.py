"""The bot's own API: what can be done in Slack can be done here, by a bearer token of the policy (B4)."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.clock import new_id
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.policy import Access, Token
from bot.domain.situation import Situation
from bot.domain.status import find_status
from bot.errors import Malformed, NotAllowed, NotFound
from bot.services import callouts, declarations, incidents, once, people, postmortems, resolutions, situations
from bot.services.work import UnitOfWork
from bot.web.bodies import parse_object, read_body, require_json
from bot.web.edge import answer, edge_of
from bot.web.models import Acknowledge, AssignRole, ChangeSeverity, Declare, Page, Postmortem, Reopen, Resolve, Update
from bot.web.representation import shown

Answer = dict[str, Any]
ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the token and the person it stands for."""

    token: Token
    key: str


def _caller(request: web.Request) -> Caller:
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    edge = edge_of(request)
    for token in edge.services.policy.tokens:
        if hmac.compare_digest(given, b"Bearer " + edge.token_secrets[token.name]):
            return Caller(token, token.person or f"token:{token.name}")
    raise web.HTTPUnauthorized(reason="Send Authorization: Bearer TOKEN with a token of the policy.")


def _reader(request: web.Request) -> Caller:
    caller = _caller(request)
    if not caller.token.access.may_read:
        raise NotAllowed("This token may not see incidents.")
    return caller


async def _person(work: UnitOfWork, caller: Caller) -> Member:
    """The person a token acts for; a token without one acts under its own name."""
    if not caller.token.access.may_act:
        raise NotAllowed(f"The access of this token is “{caller.token.access.value}”, which cannot change incidents.")
    if caller.token.person is not None:
        return await people.by_key(work, caller.token.person)
    return await people.of_token(work, caller.token)


async def _may_see(work: UnitOfWork, caller: Caller, incident: Incident) -> bool:
    """Whether the token may see the incident: as the person it stands for may, or by its own access."""
    if not incident.private or caller.token.access in (Access.OWNER, Access.HQ):
        return True
    person = await people.find_key(work, caller.key)
    return person is not None and await people.may_see(work, replace(person, access=caller.token.access), incident)


async def _incident(work: UnitOfWork, caller: Caller, reference: str) -> Incident:
    incident = await situations.by_reference(work, reference)
    if not await _may_see(work, caller, incident):
        raise NotFound(people.unknown(incident.reference))
    return incident


async def _actor(work: UnitOfWork, caller: Caller, reference: str) -> tuple[Member, Incident]:
    return await _person(work, caller), await _incident(work, caller, reference)


async def _read_request(request: web.Request, model: type[BaseModel]) -> tuple[BaseModel, bytes]:
    body = await read_body(request)
    if body.strip():
        require_json(request)
    try:
        return model.model_validate(parse_object(body) if body.strip() else {}), body
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
        raise Malformed(f"The request is wrong: {places}.") from error


async def _act(
    request: web.Request,
    model: type[BaseModel],
    use_case: Callable[[UnitOfWork, Caller, Any, str], Awaitable[Answer]],
) -> web.Response:
    """Runs a use case once for an Idempotency-Key: the same request gets the same answer, another one under that key 422."""
    caller = _caller(request)
    wanted, body = await _read_request(request, model)
    given = request.headers.get("Idempotency-Key")
    key = None if given is None else f"api:{caller.token.name}:{request.path}:{given[:120]}"
    digest = once.digest(request.path.encode(), body)
    arguments: tuple[Any, ...] = (caller, wanted, request.match_info.get("reference", ""))
    services = edge_of(request).services
    if key is not None:
        known = await services.read(once.answered, key)
        if known is not None and known.request_digest != digest:
            raise web.HTTPUnprocessableEntity(reason="This Idempotency-Key was used for another request.")
    return answer(200, await services.run(once.once, key, digest, use_case, *arguments))


async def _show(work: UnitOfWork, incident: Incident) -> Answer:
    return shown(await situations.read(work, incident))


async def _declare(work: UnitOfWork, caller: Caller, wanted: Declare, _reference: str) -> Answer:
    person = await _person(work, caller)
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
    person, incident = await _actor(work, caller, reference)
    done = await incidents.acknowledge(work, incident.id, person.id, wanted.via)
    return {"first": done.first, "acknowledged_by": done.name, **await _show(work, done.incident)}


async def _update(work: UnitOfWork, caller: Caller, wanted: Update, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    status = find_status(wanted.status) if wanted.status else None
    if wanted.status and status is None:
        raise Malformed("status: expected Investigating, Mitigating or Monitoring.")
    return await _show(work, await incidents.update(work, incident.id, person.id, wanted.text, status, wanted.impact))


async def _severity(work: UnitOfWork, caller: Caller, wanted: ChangeSeverity, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    changed = await incidents.change_severity(work, incident.id, person.id, wanted.severity, wanted.reason)
    return await _show(work, changed)


async def _role(work: UnitOfWork, caller: Caller, wanted: AssignRole, reference: str) -> Answer:
    actor, incident = await _actor(work, caller, reference)
    person = await people.by_key(work, wanted.person)
    return await _show(work, await incidents.assign_role(work, incident.id, actor.id, wanted.role, person.id))


async def _page(work: UnitOfWork, caller: Caller, wanted: Page, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    called = await callouts.page(work, incident.id, person.id, [one for name in wanted.who for one in await callouts.named(work, name)])
    return {"called": [one.name for one in called], **await _show(work, incident)}


async def _resolve(work: UnitOfWork, caller: Caller, wanted: Resolve, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    return await _show(work, await resolutions.resolve(work, incident.id, person.id, wanted.text))


async def _reopen(work: UnitOfWork, caller: Caller, wanted: Reopen, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    return await _show(work, await resolutions.reopen(work, incident.id, person.id, wanted.reason))


_ACTIONS: Mapping[str, tuple[type[BaseModel], Callable[[UnitOfWork, Caller, Any, str], Awaitable[Answer]]]] = {
    "ack": (Acknowledge, _acknowledge),
    "update": (Update, _update),
    "severity": (ChangeSeverity, _severity),
    "roles": (AssignRole, _role),
    "page": (Page, _page),
    "resolve": (Resolve, _resolve),
    "reopen": (Reopen, _reopen),
}


def _handler(
    model: type[BaseModel], use_case: Callable[[UnitOfWork, Caller, Any, str], Awaitable[Answer]]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return await _act(request, model, use_case)

    return handle


async def _listed(work: UnitOfWork, caller: Caller, resolved_too: bool) -> list[Situation]:
    found = await (situations.list_recent(work) if resolved_too else situations.list_open(work))
    return [situation for situation in found if await _may_see(work, caller, situation.incident)]


async def _list(request: web.Request) -> web.Response:
    found = await edge_of(request).services.read(_listed, _reader(request), request.query.get("state") == "all")
    return answer(200, {"incidents": [shown(situation) for situation in found]})


async def _read_situation(work: UnitOfWork, caller: Caller, reference: str) -> Situation:
    return await situations.read(work, await _incident(work, caller, reference))


async def _get(request: web.Request) -> web.Response:
    caller = _reader(request)
    return answer(200, shown(await edge_of(request).services.read(_read_situation, caller, request.match_info["reference"])))


async def _draft(work: UnitOfWork, caller: Caller, reference: str) -> Answer:
    drafted = await postmortems.draft(work, (await _incident(work, caller, reference)).id)
    return {"reference": drafted.incident.reference, "version": drafted.version, "markdown": drafted.markdown}


async def _get_postmortem(request: web.Request) -> web.Response:
    caller = _reader(request)
    return answer(200, await edge_of(request).services.run(_draft, caller, request.match_info["reference"]))


async def _save(work: UnitOfWork, caller: Caller, wanted: Postmortem, reference: str) -> Answer:
    person, incident = await _actor(work, caller, reference)
    saved = await postmortems.save(work, incident.id, person.id, wanted.markdown)
    return {"reference": incident.reference, "version": saved.version}


def register(app: web.Application) -> None:
    """Mounts the routes."""
    one = f"{ROOT}/incidents/{{reference}}"
    app.router.add_get(f"{ROOT}/openapi.json", _openapi)
    app.router.add_get(f"{ROOT}/incidents", _list)
    app.router.add_post(f"{ROOT}/incidents", _handler(Declare, _declare))
    app.router.add_get(one, _get)
    app.router.add_get(f"{one}/postmortem", _get_postmortem)
    app.router.add_put(f"{one}/postmortem", _handler(Postmortem, _save))
    for name, (model, use_case) in _ACTIONS.items():
        app.router.add_post(f"{one}/{name}", _handler(model, use_case))


async def _openapi(_request: web.Request) -> web.Response:
    """What the API takes, for machines."""
    models: dict[str, tuple[str, type[BaseModel]]] = {f"{ROOT}/incidents": ("post", Declare)}
    models |= {f"{ROOT}/incidents/{{reference}}/{name}": ("post", model) for name, (model, _) in _ACTIONS.items()}
    models[f"{ROOT}/incidents/{{reference}}/postmortem"] = ("put", Postmortem)
    paths = {path: {method: _operation(path, model)} for path, (method, model) in models.items()}
    reading = {f"{ROOT}/incidents": None, f"{ROOT}/incidents/{{reference}}": None}
    for path in (*reading, f"{ROOT}/incidents/{{reference}}/postmortem"):
        paths.setdefault(path, {})["get"] = _operation(path, None)
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
