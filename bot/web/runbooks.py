"""The API of runbooks and follow-ups: what is to be done now, and what afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from bot.domain.follow_ups import FollowUp
from bot.domain.runbooks import Progress
from bot.services import follow_ups, people, runbooks
from bot.services.work import UnitOfWork
from bot.web.callers import ROOT, Answer, Caller, acting, actor_of, incident_for, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import AddFollowUp, FollowUpDone, TickStep

_RUNBOOKS, _FOLLOW_UPS = f"{ROOT}/incidents/{{reference}}/runbooks", f"{ROOT}/incidents/{{reference}}/follow-ups"
MODELS: Mapping[str, tuple[str, type[BaseModel]]] = {
    f"{_RUNBOOKS}/tick": ("post", TickStep),
    _FOLLOW_UPS: ("post", AddFollowUp),
    f"{_FOLLOW_UPS}/done": ("post", FollowUpDone),
}
READ = (_RUNBOOKS, _FOLLOW_UPS)


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get(_RUNBOOKS, _get_runbooks)
    app.router.add_post(f"{_RUNBOOKS}/tick", acting(TickStep, _tick))
    app.router.add_get(_FOLLOW_UPS, _get_follow_ups)
    app.router.add_post(_FOLLOW_UPS, acting(AddFollowUp, _add))
    app.router.add_post(f"{_FOLLOW_UPS}/done", acting(FollowUpDone, _done))


async def _list_runbooks(work: UnitOfWork, caller: Caller, reference: str) -> Answer:
    incident = await incident_for(work, caller, reference)
    found = await runbooks.progress_of(work, incident)
    names = await runbooks.names_of(work, found)
    return {"reference": incident.reference, "runbooks": [_runbook(progress, names) for progress in found]}


def _runbook(progress: Progress, names: Mapping[str, str]) -> Answer:
    last = progress.last
    return {
        "key": progress.key,
        "title": progress.runbook.title,
        "link": progress.runbook.link,
        "last_used": None if last is None else {"at": last.at.isoformat(), "incident": last.reference},
        "steps": [
            {
                "number": step.number,
                "text": step.text,
                "ticked_at": step.ticked_at.isoformat() if step.ticked_at else None,
                "ticked_by": names.get(step.ticked_by or ""),
            }
            for step in progress.steps
        ],
    }


async def _get_runbooks(request: web.Request) -> web.Response:
    caller = reader_of(request)
    return answer(200, await edge_of(request).services.read(_list_runbooks, caller, request.match_info["reference"]))


async def _tick(work: UnitOfWork, caller: Caller, wanted: TickStep, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    done = await runbooks.tick(work, incident.id, person.id, wanted.step, wanted.runbook, back=not wanted.ticked)
    return {"changed": done.changed, **await _list_runbooks(work, caller, reference)}


async def _list_follow_ups(work: UnitOfWork, caller: Caller, reference: str) -> Answer:
    incident = await incident_for(work, caller, reference)
    found = await follow_ups.list_of(work, incident)
    names = await follow_ups.names_of(work, found)
    return {"reference": incident.reference, "follow_ups": [_follow_up(one, names) for one in found]}


def _follow_up(one: FollowUp, names: Mapping[str, str]) -> Answer:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "text": one.text,
        "owner": names.get(one.owner_id or ""),
        "created_at": one.created_at.isoformat(),
        "done_at": one.done_at.isoformat() if one.done_at else None,
    }


async def _get_follow_ups(request: web.Request) -> web.Response:
    caller = reader_of(request)
    return answer(200, await edge_of(request).services.read(_list_follow_ups, caller, request.match_info["reference"]))


async def _add(work: UnitOfWork, caller: Caller, wanted: AddFollowUp, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    owner = await people.by_key(work, wanted.owner) if wanted.owner else None
    added, new = await follow_ups.add(work, incident.id, person, wanted.text, owner)
    return {"new": new, **_follow_up(added, await follow_ups.names_of(work, [added]))}


async def _done(work: UnitOfWork, caller: Caller, wanted: FollowUpDone, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    ended, first = await follow_ups.done(work, incident.id, person, wanted.number)
    return {"first": first, **_follow_up(ended, await follow_ups.names_of(work, [ended]))}
