"""Who asks the API: a bearer token of the policy, the person it stands for, and what both may see and do."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.domain.access import Access, Token
from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.errors import Malformed, NotAllowed, NotFound
from bot.services import once, people, situations
from bot.services.work import UnitOfWork
from bot.web.bodies import parse_object, read_body, require_json
from bot.web.edge import answer, edge_of

Answer = dict[str, Any]
ROOT = "/api/v1"
UseCase = Callable[[UnitOfWork, "Caller", Any, str], Awaitable[Answer]]
"""What a request of the API does: for whom, the request as its model, and what the address names."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the token and the person it stands for."""

    token: Token
    key: str


def caller_of(request: web.Request) -> Caller:
    """The caller whose token the request carries; raises 401."""
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    edge = edge_of(request)
    for token in edge.services.policy.tokens:
        if hmac.compare_digest(given, b"Bearer " + edge.doors.token_secrets[token.name]):
            return Caller(token, token.person or f"token:{token.name}")
    if given.startswith(b"Bearer "):
        raise web.HTTPUnauthorized(reason="That token is none of this policy's. Send Authorization: Bearer TOKEN with one that is.")
    raise web.HTTPUnauthorized(reason="Send Authorization: Bearer TOKEN with a token of the policy.")


def reader_of(request: web.Request) -> Caller:
    """The caller, when it may see incidents."""
    caller = caller_of(request)
    if not caller.token.access.may_read:
        raise NotAllowed("This token may not see incidents.")
    return caller


async def person_of(work: UnitOfWork, caller: Caller) -> Member:
    """The person a token acts for; a token without one acts under its own name."""
    if not caller.token.access.may_act:
        raise NotAllowed(f"The access of this token is “{caller.token.access.value}”, which cannot change incidents.")
    if caller.token.person is not None:
        return await people.by_key(work, caller.token.person)
    return await people.of_token(work, caller.token)


async def may_see(work: UnitOfWork, caller: Caller, incident: Incident) -> bool:
    """Whether the token may see the incident: as the person it stands for may, or by its own access."""
    if not incident.private or caller.token.access in (Access.OWNER, Access.HQ):
        return True
    person = await people.find_key(work, caller.key)
    return person is not None and await people.may_see(work, replace(person, access=caller.token.access), incident)


async def incident_for(work: UnitOfWork, caller: Caller, reference: str) -> Incident:
    """The incident of that reference, when the caller may see it; raises NotFound in the same words otherwise."""
    incident = await situations.by_reference(work, reference)
    if not await may_see(work, caller, incident):
        raise NotFound(people.unknown(incident.reference))
    return incident


async def actor_of(work: UnitOfWork, caller: Caller, reference: str) -> tuple[Member, Incident]:
    """Who acts, and on which incident."""
    return await person_of(work, caller), await incident_for(work, caller, reference)


async def _read_request(request: web.Request, model: type[BaseModel]) -> tuple[BaseModel, bytes]:
    body = await read_body(request)
    if body.strip():
        require_json(request)
    try:
        return model.model_validate(parse_object(body) if body.strip() else {}), body
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
        raise Malformed(f"The request is wrong: {places}.") from error


async def act(
    request: web.Request,
    model: type[BaseModel],
    use_case: UseCase,
) -> web.Response:
    """Runs a use case once for an Idempotency-Key: the same request gets the same answer, another one under that key 422."""
    caller = caller_of(request)
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


def acting(model: type[BaseModel], use_case: UseCase) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler that runs a use case for a request of that model."""

    async def handle(request: web.Request) -> web.Response:
        return await act(request, model, use_case)

    return handle
